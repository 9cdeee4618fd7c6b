"""Made conversations for tests of miniature generators: two labels, prompts with constant lines."""

from __future__ import annotations

import random

from synth_local.records import Conversation, Message

SYSTEM = Message(
    "system",
    "You are somebody with a telephone.\nYou write examples of one kind of text: text message.",
)
ASK = "Write one text message of the category {label}.\nAnswer with the text alone."
MORE = "Write one more text message of the category {label}.\nMake it more diverse than before."
SHOW = "Here are real examples of a text message:\nText: {one}\nText: {two}\n" + ASK
WORDS = {
    "plans": "see you at the station tonight then we could go home with Zoë and eat",
    "prizes": "WIN a free phone now! call 0800 today to claim your £100 prize, txt STOP",
}


def make_texts(num_texts: int, seed: int) -> list[tuple[str, str]]:
    """Return (label, text) pairs, labels in turn."""
    generator = random.Random(seed)
    pairs = []
    for index in range(num_texts):
        label = list(WORDS)[index % len(WORDS)]
        words = [generator.choice(WORDS[label].split()) for _ in range(generator.randint(4, 9))]
        pairs.append((label, f"{' '.join(words)} {index}"))
    return pairs


def make_conversations(num_texts: int, seed: int = 0) -> list[Conversation]:
    """Return chains of two turns and single few-shot turns over made texts."""
    pairs = make_texts(num_texts, seed)
    conversations: list[Conversation] = []
    for label in WORDS:
        texts = [text for own, text in pairs if own == label]
        for one, two in zip(texts[::2], texts[1::2], strict=False):
            conversations += [
                (
                    SYSTEM,
                    Message("user", ASK.format(label=label)),
                    Message("assistant", one),
                    Message("user", MORE.format(label=label)),
                    Message("assistant", two),
                ),
                (
                    SYSTEM,
                    Message("user", SHOW.format(label=label, one=one, two=two)),
                    Message("assistant", texts[0]),
                ),
            ]
    return conversations
