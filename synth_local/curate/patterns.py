"""The wording of assistants: openers, refusals, closing remarks, blanks, echoes of our prompts.

Patterns are about what an *assistant* says, not about what a person in a text says: people are
sorry too, begin with "Sure," and count "1. ... 2. ...". English mostly; a refusal is also known in
German, French and Spanish. This module knows nothing about the task's labels (see ``form``).
"""

from __future__ import annotations

import re
from typing import Final

FLAGS: Final = re.IGNORECASE
_AP: Final = "['\u2019]"

#: What one text may be called besides the task's own kind.
NOUNS: Final = (
    "text message", "text", "message", "sms", "tweet", "review", "film review", "movie review",
    "headline", "news headline", "sentence", "comment", "joke", "example", "sample", "output",
    "answer", "response", "completion", "generated text", "option", "version", "variation",
)  # fmt: skip
#: What a label may be announced by.
LABEL_KEYS: Final = (
    "label", "category", "class", "classification", "sentiment", "emotion", "topic", "tag", "type",
)  # fmt: skip

# --- thinking and control tokens -------------------------------------------------------------

THINKING: Final = re.compile(r"<(think|thinking|reasoning|thought)>.*?</\1>", FLAGS | re.DOTALL)
THINKING_END: Final = re.compile(r"</(?:think|thinking|reasoning|thought)>", FLAGS)
THINKING_START: Final = re.compile(r"<(?:think|thinking|reasoning|thought)>", FLAGS)
#: End-of-turn marks that a tokenizer did not take for special tokens; nothing after them counts.
TURN_END: Final = re.compile(
    r"<\|(?:im_end|im_start|eot_id|end|endoftext|end_of_text|eom_id|user|assistant)\|>"
    r"|<(?:end|start)_of_turn>|\[/?INST\]|</?s>\s*$"
)
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# --- refusals --------------------------------------------------------------------------------

_OPEN: Final = r"^[\s\"'\u201c\u2018*_(\[]*"
_SORRY: Final = (
    rf"(?:(?:(?:i{_AP}?m|i am|we{_AP}re|we are) )?(?:very |so |really |truly |terribly )?sorry"
    rf"|(?:my )?apologies|i apologi[sz]e|unfortunately|regrettably)[^.!?\n]{{0,40}}?[,.!;:]?\s*"
    rf"(?:but |however,? )?"
)
_CANNOT: Final = (
    rf"(?:can(?:{_AP}?t|not| not)|could(?:n{_AP}t| not)|won{_AP}?t(?: be able to)?"
    rf"|will not(?: be able to)?|(?:{_AP}m| am) (?:not able|unable|not allowed|not permitted) to"
    rf"|(?:do not|don{_AP}t) (?:feel comfortable|think i (?:can|should))"
    rf"|(?:{_AP}m| am) not comfortable"
    r"|must (?:respectfully |politely )?(?:decline|refuse)(?: to)?)"
)
_MAKE: Final = (
    r"(?:(?:generat|creat|produc|provid|compos|complet|accommodat|promot)(?:e|ing)"
    r"|(?:craft|process|fulfill?|answer|support)(?:ing)?|(?:assist|help)(?:ing)?(?: you)? with"
    r"|(?:comply(?:ing)?|continu(?:e|ing)) with|respond(?:ing)? to"
    r"|(?:engag|participat)(?:e|ing) in)"
)
_REQUEST: Final = (
    r"(?:that|this|your|the|such an?|these|any such)(?: [\w-]+){0,2}? "
    r"(?:requests?|prompts?|tasks?|instructions?|conversation|assignment)\b"
)
_STUFF: Final = (
    r"(?:\b[\w,'\u2019/-]+ ){0,8}?(?:content|material|"
    r"(?:spam|fake|phishing|hateful|offensive|sarcastic|harmful|misleading|such|these|those|any)"
    r" (?:[\w-]+ ){0,2}(?:messages?|texts?|reviews?|tweets?|headlines?|jokes?|examples?|comments?"
    r"|statements?|sentences?|posts?)"
    r"|(?:text|message|tweet|sentence|headline|joke|example|comment|post)s?"
    r" (?:that|which|for|promoting|containing|encouraging|intended|designed|meant|of the category))"
    r"\b"
)
REFUSALS: Final = tuple(
    re.compile(pattern, FLAGS)
    for pattern in (
        # "I'm sorry, but I can't fulfil this request", "I cannot generate hateful content"
        rf"{_OPEN}(?:{_SORRY})?(?:i|we) ?{_CANNOT}(?: (?:{_MAKE}|writ(?:e|ing)))? "
        rf"(?:{_REQUEST})",
        rf"{_OPEN}(?:{_SORRY})?(?:i|we) ?{_CANNOT} {_MAKE} (?:{_STUFF})",
        rf"{_OPEN}(?:{_SORRY})(?:i|we) ?{_CANNOT} (?:writ(?:e|ing)) (?:{_STUFF})",
        rf"{_OPEN}(?:{_SORRY})(?:i|we) ?{_CANNOT} "
        r"(?:help|assist|comply|fulfill?)(?: you)?(?: with)? (?:that|this)"
        r"(?:[.!]?\s*$|[.!]\s+(?:if|is there|can i|please|let me|i can|i{_AP}m|would|however"
        r"|perhaps|instead)\b)",
        rf"{_OPEN}(?:{_SORRY})(?:i|we) ?{_CANNOT} (?:assist|comply|fulfill?)[.!]?\s*$",
        # "As an AI language model, I ..."
        r"^.{0,250}?\bas an? (?:[\w-]+ )?(?:ai|artificial intelligence|language model|llm)"
        r"(?: language)?(?: model| assistant| system| chatbot)?"
        r"(?: (?:created|developed|trained|made) by \w+)?,? (?:i|my|it|we|you)\b",
        rf"^.{{0,150}}?\bi(?:{_AP}m| am) (?:just |only |simply )?an? (?:ai (?:language )?model"
        r"|ai (?:assistant|system|chatbot)|(?:large )?language model|virtual assistant)\b",
        r"^.{0,200}?\b(?:against|violates?|outside|conflicts? with) (?:my|openai\S*) "
        r"(?:programming|(?:ethical |content |safety |usage )?(?:guidelines|polic(?:y|ies))"
        r"|ethical principles)\b",
        rf"{_OPEN}it(?:{_AP}s| is) (?:not|never) (?:appropriate|ethical|acceptable)"
        r"(?: for me)? to (?:generate|create|write|produce|provide)\b",
        # asking back instead of writing
        rf"{_OPEN}(?:\w+[!,.] )?i(?:{_AP}d| would) (?:be (?:happy|glad)|love) to (?:help|assist)\b"
        r".{0,120}\b(?:provide|clarify|specify|share)\b.{0,60}"
        r"\b(?:details?|information|context|categor(?:y|ies)|examples?|texts?|topic)\b",
        # German, French, Spanish
        r"^.{0,120}?\bals (?:ein |eine )?(?:ki|k\u00fcnstliche intelligenz|gro\u00dfes sprachmodell"
        r"|sprachmodell|ki-\w+)\b,? (?:kann|bin|darf|ist|habe|werde)\b",
        rf"{_OPEN}(?:es )?tut mir leid,? (?:aber )?(?:ich kann|dabei kann ich|ich darf)"
        r"[^.\n]{0,60}?(?:(?:bei dieser|diese) (?:anfrage|bitte)|dabei nicht (?:weiter)?helfen"
        r"|(?:inhalte?|texte?|nachrichten?)[^.\n]{0,40} "
        r"(?:erstellen|generieren|verfassen|erzeugen))",
        rf"{_OPEN}(?:je suis )?d\u00e9sol\u00e9e?s?,? (?:mais )?je ne (?:peux|suis) pas "
        r"(?:en mesure de |vous )?(?:(?:g\u00e9n\u00e9rer|cr\u00e9er|produire|fournir)"
        r"|(?:aider|r\u00e9pondre)[^.\n]{0,30}\b(?:demande|cela)\b)",
        rf"{_OPEN}en tant qu(?:e |{_AP})(?:ia|intelligence artificielle|mod\u00e8le de langage"
        rf"|assistant)\b",
        rf"{_OPEN}lo siento,? (?:pero )?no puedo (?:(?:generar|crear|proporcionar|producir)\b"
        r"|(?:ayudar\w*|cumplir) con (?:eso|esa|esta|ese|este)\b)",
        rf"{_OPEN}como (?:una? )?(?:ia|inteligencia artificial|modelo de lenguaje)\b,? no\b",
    )
)

# --- openers and closing remarks -------------------------------------------------------------

_OPENER: Final = (
    r"(?:sure(?: thing)?|certainly|of course|absolutely|definitely|okay|ok|alright|all right|great"
    r"|understood|got it|no problem|gladly|happy to help|as (?:you )?requested)"
)
_HERE: Final = (
    rf"(?:here(?:{_AP}s| is| are| you go| goes)|below (?:is|are)|the following (?:is|are)"
    rf"|i(?:{_AP}ve| have) (?:written|created|come up with)"
    rf"|i(?:{_AP}ll| will) (?:write|create|generate|provide|give)|how about (?:this|something))"
)
_ONE: Final = r"(?:an?|another|one|the|your|some|my next|a few)\b"


def compile_preambles(nouns: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of openers that stand before the text; ``nouns`` is an alternation."""
    line = r"[^\n]"
    patterns = (
        rf"^(?:{_OPENER}|{_HERE})\b{line}{{0,200}}:[ *_]*\n+",
        rf"^[*_]*{_OPENER}\b[!,.:]*{line}{{0,30}}?\b{_HERE}\b{line}{{0,160}}\n+",
        rf"^[*_]*{_HERE} {_ONE}{line}{{0,80}}?\b(?:{nouns})s?\b{line}{{0,100}}[.!:]?[*_]*\n\s*\n",
        r"^(?:sure(?: thing)?|certainly|of course|absolutely|understood)[!.]\s*\n\s*",
        rf"^{_OPENER}[!,.]*\s+{_HERE} {_ONE}[^:\n\"\u201c]{{0,80}}?\b(?:{nouns})s?\b"
        r"[^:\n\"\u201c]{0,80}:\s*(?=\S)",
        rf"^{_HERE} {_ONE}[^:\n\"\u201c]{{0,80}}?\b(?:{nouns})s?\b[^:\n\"\u201c]{{0,80}}:\s*"
        r"(?=[\"\u201c\u00ab][^\"\u201d\u00bb]*[\"\u201d\u00bb]\s*$)",
    )
    return tuple(re.compile(pattern, FLAGS) for pattern in patterns)


def compile_remarks(nouns: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of remarks that stand after the text; ``nouns`` is an alternation.

    Each begins with a rare character: patterns are searched in every completion.
    """
    start = r"\n\s*(?:[-*_]{3,}\s*\n\s*)?[(\[*_]*"
    patterns = (
        rf"{start}(?:please note|notes?|explanation|disclaimer|rationale|reasoning|word count"
        r"|character count|n\.?b\.?)[*_]*\s*(?::|\u2013|that\b)[\s\S]*$",
        rf"{start}(?:please )?(?:let me know|feel free)\b[^\n]{{0,40}}\b(?:another|more|changes?"
        r"|modif\w+|adjust\w*|revis\w+|variations?|examples?|me to|different|further)\b[\s\S]*$",
        rf"{start}i hope (?:this|that|it) (?:helps|works|meets|fits|is (?:what|helpful|useful))"
        r"[^\n]*$",
        rf"{start}(?:would you like (?:me to|another|more)|do you (?:want|need) (?:me to|another)"
        r"|is there anything else i can|shall i (?:write|generate|create))\b[^\n]*$",
        rf"{start}(?:this|the above|that) (?:[\w-]+ )?(?:{nouns})\b[^\n]{{0,40}}?\b(?:is|uses"
        r"|contains|has|captures|reflects|conveys|includes|mimics|imitates|demonstrates|shows"
        r"|expresses|falls|belongs|fits|meets|aims|should|would)\b[\s\S]*$",
        r"\n\s*(?:word count|words)\s*:?\s*\d+\s*$",
        r"\n\s*(?:-{3,}|\*{3,}|_{3,})\s*$",
        # on the text's own line, in brackets
        r"[(\[](?:please )?(?:note|word count|explanation)\s*:[^)\]]*[)\]]?\s*$",
        r"[(\[](?:word count:? |approx(?:imately|\.)? |about )?\d{1,4} words?[)\]]\.?\s*$",
        # a quoted text, and on the same line what the assistant thinks of it
        rf"(?<=[\"\u201d])\s+[(\[]?(?:this|the above) (?:[\w-]+ )?(?:{nouns})\b[^\"\u201c]*$",
    )
    return tuple(re.compile(rf"(?<!^){pattern}", FLAGS) for pattern in patterns)


# --- echoes of our own prompts, and conversations that go on ---------------------------------

#: One of these stands in every echo of a shipped template: cheaper to look for than a pattern.
PROMPT_WORDS: Final = (
    "of the category", "with the text alone", "use at most", "more diverse than everything",
    "how the examples are written", "real examples, each", "realistic examples of one kind",
)  # fmt: skip
PROMPT_ECHO: Final = re.compile(
    r"\bwrite one (?:more |new )?[^\n]{1,60} of the category\b|\banswer with the text alone\b"
    r"|^\W*use at most \d+ words\b|\bmake it more diverse than everything\b"
    r"|\bimitate how the examples are written\b|\bhere are real examples, each an? \b"
    r"|\byou write realistic examples of one kind of text\b",
    FLAGS | re.MULTILINE,
)
ROLE_LINE: Final = re.compile(
    r"^[*#\s]*(?:user|human|system|assistant|instructions?)[*\s]{0,3}:", FLAGS | re.MULTILINE
)
ROLE_PREFIX: Final = re.compile(r"^\W{0,3}(?:assistant|ai|model)\W{0,2}:\s*", FLAGS)

# --- blanks ----------------------------------------------------------------------------------

_BLANK: Final = (
    r"(?:[Rr]ecipient|[Ss]ender|[Cc]ustomer|[Cc]ompany|[Ff]irst|[Ll]ast|[Ff]ull|[Pp]hone|[Mm]obile"
    r"|[Cc]ontact|[Pp]roduct|[Bb]rand|[Ss]tore|[Bb]ank|[Ll]ink|[Uu]rl|[Ww]ebsite|[Dd]ate|[Nn]ame"
    r"|[Aa]mount|[Nn]umber|[Cc]ity|[Ll]ocation|[Aa]ddress|[Ee]mail|[Ee]vent|[Mm]ovie|[Ff]ilm"
    r"|[Dd]irector|[Aa]ctor|[Aa]ctress|[Tt]itle|[Tt]eam|[Pp]layer|[Uu]sername|[Cc]ode|[Ff]riend)"
)
_TAIL: Final = r"(?:[ _'\u2019/-][A-Za-z][^\]\n}>)]{0,30})?"
#: Bare words in capitals ([NAME]) are masks of real corpora, no blanks.
PLACEHOLDERS: Final = (
    re.compile(r"[\[<{](?:your|insert|enter|add your)[ _-][^\]>}\n]{1,40}[\]>}]", FLAGS),
    re.compile(r"\((?:insert|your) (?:link|name|number|url|website|phone|date)[^)\n]*\)", FLAGS),
    re.compile(rf"\[{_BLANK}{_TAIL}\]"),
    re.compile(rf"\{{{_BLANK}{_TAIL}\}}|\{{\{{[^}}\n]{{1,40}}\}}\}}"),
)
