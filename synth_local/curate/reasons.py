"""The closed list of reasons for which a completion is dropped.

The names stand in ``drops.parquet`` and in manifests, so that they are part of the data: add, never
rename. This module knows nothing about the checks themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

EMPTY: Final = "empty"
REFUSAL: Final = "refusal"
PROMPT_ECHO: Final = "prompt_echo"
SEVERAL_TEXTS: Final = "several_texts"
WRONG_LABEL: Final = "wrong_label"
PLACEHOLDER: Final = "placeholder"
GARBLED: Final = "garbled"
TRUNCATED: Final = "truncated"
PROMPT_TOO_LONG: Final = "prompt_too_long"
TOO_SHORT: Final = "too_short"
TOO_LONG: Final = "too_long"
TEST_LEAK: Final = "test_leak"
NEAR_TEST_MATCH: Final = "near_test_match"
VERBATIM_COPY: Final = "verbatim_copy"
NEAR_COPY: Final = "near_copy"
DUPLICATE: Final = "duplicate"
NEAR_DUPLICATE: Final = "near_duplicate"
SURPLUS: Final = "surplus"
OTHER_LABEL: Final = "other_label"

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        PROMPT_TOO_LONG: "the prompt does not fit into the generator's context",
        REFUSAL: "the model declines, or asks back, instead of writing a text",
        PROMPT_ECHO: "the completion repeats the prompt or goes on with the conversation",
        SEVERAL_TEXTS: "the completion holds a list of texts where one was asked for",
        WRONG_LABEL: "the completion itself names another label than the one asked for",
        TRUNCATED: "the completion ran into max_tokens",
        EMPTY: "no letter or digit is left",
        PLACEHOLDER: "a blank to be filled in stands where content should, as in [Your Name]",
        GARBLED: "broken characters (U+FFFD)",
        TOO_SHORT: "fewer words than the task's min_words",
        TOO_LONG: "more than twice the task's max_words",
        TEST_LEAK: "equal to a text of the test split in letters and digits",
        NEAR_TEST_MATCH: "more than max_copy of its 5-shingles stand in one text of the test split",
        VERBATIM_COPY: "equal to a real training or validation text in letters and digits",
        NEAR_COPY: "more than max_copy of its 5-shingles stand in one real training text",
        DUPLICATE: "equal to an accepted earlier text in letters and digits",
        NEAR_DUPLICATE: "nearly equal to an accepted earlier text (Jaccard of 5-shingles)",
        SURPLUS: "the label had its number of rows already",
        OTHER_LABEL: "a row brought along with a label that the task leaves out",
    }
)

#: Reasons that say that a completion is no text of the asked kind. What is left counts as
#: "generated" where a corpus is described before curation.
FORM_REASONS: Final = frozenset(
    {
        PROMPT_TOO_LONG,
        REFUSAL,
        PROMPT_ECHO,
        SEVERAL_TEXTS,
        WRONG_LABEL,
        TRUNCATED,
        EMPTY,
        GARBLED,
        OTHER_LABEL,
    }
)
