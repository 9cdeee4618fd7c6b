"""Labels and headings that a completion repeats: "Label: spam", "[spam] ...", "**Text:** ...".

Knows a task's labels and the kind of its texts; knows nothing of openers, quotes or refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from synth_local.curate import patterns

_OPEN = r"[*_\[(<\"'\u201c#]*"
_CLOSE = r"[*_\])>\"'\u201d]*"
_KEYED_LINE = re.compile(r"^[A-Za-z][\w ]{0,20}:[ \t]", re.MULTILINE)
#: Places where a label's word may as well be the text's own; cut only where it is the asked label.
_OWN_LABEL_ONLY = frozenset({"colon", "line", "marked_end"})


def fold_name(name: str) -> str:
    """Return a label's spelling for comparison: case folded, marks between words as blanks."""
    return " ".join(re.sub(r"[_\s-]+", " ", name).casefold().split())


def format_any(names: Iterable[str]) -> str:
    """Return an alternation that matches any of ``names``, the longest first."""
    ordered = sorted(set(names), key=lambda name: (-len(name), name))
    # between the words of a name any mark or blank may stand
    spelled = [r"[\s_-]+".join(re.escape(word) for word in name.split()) for name in ordered]
    return "(?:" + "|".join(spelled) + ")"


@dataclass(frozen=True, slots=True)
class Cut:
    """A text without its echoes; ``named`` is the label they name, or empty."""

    text: str
    named: str = ""


@dataclass(frozen=True)
class EchoRules:
    """What echoes look like in one task.

    Attributes:
        names: every spelling of a label, folded by ``fold_name``, to the label's name.
        kind: what one text is called, as in "film review"; may be empty.
    """

    names: Mapping[str, str]
    kind: str

    @cached_property
    def nouns(self) -> str:
        """Return the alternation of words for one text."""
        return format_any([*patterns.NOUNS, *([fold_name(self.kind)] if self.kind else [])])

    @cached_property
    def _labels(self) -> str:
        return format_any(self.names)

    @cached_property
    def _places(self) -> Mapping[str, re.Pattern[str]]:
        key = rf"{_OPEN}{format_any(patterns.LABEL_KEYS)}{_CLOSE}\s*[:=]{_CLOSE}\s*{_OPEN}"
        one = f"(?P<one>{self._labels})"
        two = f"(?P<two>{self._labels})"
        found = {
            # "Label: spam" on a line of its own, before "|", or before "Text:"
            "keyed": rf"^{key}{one}{_CLOSE}[.,;]?(?:\s*\n\s*|\s*\|\s*"
            rf"|\s+(?={_OPEN}{self.nouns}{_CLOSE}\s*:))(?=\S)",
            "keyed_end": rf"(?<!^)(?:\n\s*|\|\s*|[ \t](?=[(\[])){key}{one}{_CLOSE}[.)\]]*$",
            # "[spam] ...", "**spam:** ..."
            "marked": rf"^(?:\[{one}\]|\*\*{two}:?\*\*)\s*:?\s*(?=\S)",
            "marked_end": rf"(?<!^)\s(?:\[{one}\]|\({two}\))$",
            "line": rf"^{_OPEN}{one}{_CLOSE}\s*[:.-]?\s*\n\s*(?=\S)",
            "colon": rf"^{one}\s*:\s+(?=\S)",
            # "Text message:", "**Spam message 2:**", "Example (spam):"
            "noun": rf"^{_OPEN}(?:(?:an?|new|another|one|next|the)\s+)*(?:{one}\s+)?{self.nouns}"
            rf"(?:\s*#?\d+)?(?:\s*[(\[]{two}[)\]])?{_CLOSE}\s*[:\uff1a]{_CLOSE}\s*(?=\S)",
        }
        return {place: re.compile(pattern, patterns.FLAGS) for place, pattern in found.items()}

    @cached_property
    def _repeated(self) -> tuple[re.Pattern[str], ...]:
        flags = patterns.FLAGS | re.MULTILINE
        start = r"^[*_#\[(\s]*"
        keys = format_any(patterns.LABEL_KEYS)
        return (
            re.compile(rf"{start}(?:{self._labels}\s+)?{self.nouns}\s*#?\d{{1,2}}\b", flags),
            re.compile(rf"{start}{keys}[*_]*\s*[:=]\s*[*_\[(\"']*{self._labels}\b", flags),
            re.compile(rf"{start}{self.nouns}[*_]*\s*:", flags),
        )

    def repeats(self, text: str) -> bool:
        """Return whether a heading such as "Text:" or "Example 2" stands before several lines."""
        return any(len(pattern.findall(text)) > 1 for pattern in self._repeated)

    def cut(self, text: str, label: str) -> Cut:
        """Return ``text`` without the echoes at its ends, and a label they name.

        Where several labels are named, one other than ``label`` wins. A heading stays where the
        text has more lines with a heading ("Post: ... Reply: ..."): there it belongs to the text.
        """
        named = ""
        for place, pattern in self._places.items():
            found = pattern.search(text)
            if found is None or (place == "noun" and len(_KEYED_LINE.findall(text)) > 1):
                continue
            spelled = next((name for name in found.groupdict().values() if name), "")
            this = self.names[fold_name(spelled)] if spelled else ""
            if place in _OWN_LABEL_ONLY and this != label:
                continue
            named = this if this and named in ("", label) else named
            text = (text[: found.start()] + text[found.end() :]).strip()
        return Cut(text, named)
