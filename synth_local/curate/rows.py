"""The row checks: what one completion says by itself, and against the real texts.

Pure: the verdict depends on the slot, the completion, the settings and the reference. Checks that
need other synthetic texts are in ``select``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from synth_local.core.text import match_key
from synth_local.curate.form import clean_completion
from synth_local.curate.reasons import (
    EMPTY,
    NEAR_COPY,
    NEAR_TEST_MATCH,
    PLACEHOLDER,
    TEST_LEAK,
    TOO_LONG,
    TOO_SHORT,
    TRUNCATED,
    VERBATIM_COPY,
)
from synth_local.curate.reference import MIN_SHINGLES, Reference
from synth_local.records import Completion, Slot, Verdict
from synth_local.task.examples import clean_text
from synth_local.task.task_file import TaskFile

#: Raise by hand when a check changes what it says of some completion.
CHECKS_VERSION = 2
#: A text may have this many times the words that the prompt allows: models count words badly, and
#: a hard bound would cut real variation and waste tokens; beyond it, it is another kind of text.
LENGTH_TOLERANCE = 2.0

# a sign of a script that is written without blanks counts as a word
_WORD = re.compile(
    "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
    "|[^\\s\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+"
)


def count_words(text: str) -> int:
    """Return the words between blanks; each Chinese, Japanese or Thai sign counts as one."""
    return len(_WORD.findall(text))


def check_length(text: str, min_words: int, max_words: int | None) -> str:
    """Return why a text is too short or too long for its task, or nothing."""
    num_words = count_words(text)
    if num_words < min_words:
        return TOO_SHORT
    if max_words is not None and num_words > LENGTH_TOLERANCE * max_words:
        return TOO_LONG
    return ""


def describe_checks(spec: TaskFile, max_copy: float, *, drops_near_test: bool) -> dict[str, Any]:
    """Return the JSON-ready settings that decide verdicts, for a fingerprint.

    The real texts are not part of it: they are inputs with a digest of their own.
    """
    return {
        "checks_version": CHECKS_VERSION,
        "labels": list(spec.labels),
        "phrases": [label.phrase for label in spec.labels.values()],
        "kind": spec.kind,
        "min_words": spec.length.min_words,
        "max_words": spec.length.max_words,
        "max_copy": max_copy,
        "drops_near_test": drops_near_test,
        "length_tolerance": LENGTH_TOLERANCE,
        "min_shingles": MIN_SHINGLES,
    }


@dataclass(frozen=True)
class RowChecker:
    """Checks completions of one task.

    Order of the checks, the first that fails names the drop:

    1. form (``form.clean_completion``): ``garbled``, ``refusal``, ``prompt_echo``,
       ``several_texts``, ``wrong_label``, ``empty``, ``placeholder``. Where the completion ran
       into ``max_tokens``, ``truncated`` takes the place of ``empty`` and ``placeholder``.
    2. ``truncated``: the engine stopped at ``max_tokens``; the text has no end.
    3. ``too_short``: fewer words than ``min_words``; ``too_long``: more than
       ``LENGTH_TOLERANCE`` times ``max_words``.
    4. ``test_leak``, then ``verbatim_copy``: equal to a real text in letters and digits.
    5. ``near_test_match``, where near matches are dropped: more than ``max_copy`` of the distinct
       5-shingles stand in one test text.
    6. ``near_copy``: more than ``max_copy`` of the distinct 5-shingles stand in one real training
       or validation text; texts of fewer than ``MIN_SHINGLES`` shingles pass.

    Attributes:
        phrases: what prompts call each label; an empty one is the label's name.
        kind: what one text is called in prompts.
        min_words: fewest words of a text.
        max_words: most words that the prompt allows; ``None`` is no bound.
        max_copy: largest share of a text's 5-shingles that one real text may hold, in (0, 1].
        clean: the task's regular expressions; their matches are removed as from real texts, so
            that what was taken out there as a giveaway cannot come back in training rows.
        drops_near_test: near matches to test texts are dropped, and not only counted.
    """

    labels: Sequence[str]
    phrases: Sequence[str]
    kind: str
    min_words: int
    max_words: int | None
    max_copy: float
    reference: Reference
    clean: Sequence[str] = ()
    drops_near_test: bool = True

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for pattern in self.clean]

    def check(self, slot: Slot, completion: Completion) -> Verdict:
        """Return the cleaned text and, where it is dropped, the reason and the culprit."""
        cleaned = clean_completion(
            completion.text,
            label=slot.label,
            labels=self.labels,
            phrases=self.phrases,
            kind=self.kind,
        )
        text = clean_text(cleaned.text, self._patterns)
        reason = cleaned.reason or ("" if match_key(text) else EMPTY)
        if completion.finish_reason == "length" and reason in ("", EMPTY, PLACEHOLDER):
            reason = TRUNCATED
        reason = reason or check_length(text, self.min_words, self.max_words)
        if reason:
            return Verdict(text, reason)
        return self._check_copies(slot, text)

    def _check_copies(self, slot: Slot, text: str) -> Verdict:
        same = self.reference.find_verbatim(text)
        if same is not None:
            reason = TEST_LEAK if same.split == "test" else VERBATIM_COPY
            return Verdict(text, reason, same.split, same.id)
        if self.drops_near_test:
            near = self.reference.find_near_test(text, above=self.max_copy)
            if near is not None:
                return Verdict(text, NEAR_TEST_MATCH, "test", near.id)
        copied = self.reference.find_copied(text, above=self.max_copy)
        if copied is None:
            return Verdict(text)
        kind = "exemplar" if copied.id in slot.exemplar_ids else "train"
        return Verdict(text, NEAR_COPY, kind, copied.id)
