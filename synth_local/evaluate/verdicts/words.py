"""Verdicts in words: the same ones on the page, in the terminal and in ``advise``.

Differences are told as condition minus partner, as in the tables: below 0 the synthetic side
loses. (A verdict's ``gap`` has the other sign.) A loss or a gain is called so only where the whole
interval is on that side of 0.

Pure; computes nothing. Minus signs are plain ones: a terminal may lack the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from synth_local.evaluate.verdicts.verdict import QUESTIONS, Answer, Question, Verdict
from synth_local.records import Cell

#: What was asked, as a heading.
ASKED: Mapping[Question, str] = MappingProxyType(
    {
        "instead_of_real": "Synthetic instead of as many real texts",
        "instead_of_all_real": "All synthetic instead of all real texts",
        "with_all_real": "Synthetic added to all real texts",
        "with_pool": "Synthetic added to the pool",
    }
)
#: The same in a table's cell, after "synthetic".
ASKED_SHORT: Mapping[Question, str] = MappingProxyType(
    {
        "instead_of_real": "instead of real",
        "instead_of_all_real": "instead of all real",
        "with_all_real": "added to all real",
        "with_pool": "added to the pool",
    }
)
_OPEN = "Open"
_NONE = "No verdict"
_PARTNERS: Mapping[str, str] = MappingProxyType(
    {
        "real": "the same number of real texts",
        "real_all": "all real texts",
        "pool": "the pool alone",
        "pool_balanced": "the pool balanced to the same labels",
    }
)


def name_texts(cell: Cell) -> str:
    """Return who wrote the synthetic texts: ``few_shot texts of tiny-sms``, or nothing."""
    return "" if cell.generator == "-" else f"{cell.strategy} texts of {cell.generator}"


def name_answer(verdict: Verdict) -> str:
    """Return the answer in a few words, such as ``As good within 0.02``."""
    names: Mapping[Answer, str] = {
        "as_good": f"As good within {verdict.margin:g}",
        "worse": f"Worse by more than {verdict.margin:g}",
        "helps": "Helps",
        "harms": "Harms",
        "open": _OPEN,
        "none": _NONE,
    }
    return names[verdict.verdict]


def format_asked(verdict: Verdict) -> str:
    """Return what was asked, of whom, and what counts as good, as two sentences."""
    mine = f"{ASKED[verdict.question]}? Student {verdict.student}"
    texts = name_texts(Cell.parse(verdict.condition)) if verdict.condition else ""
    if texts:
        mine += f", {texts}"
        mine += f", the best of {verdict.num_tried} tried" if verdict.num_tried > 1 else ""
    if QUESTIONS[verdict.question].is_addition:
        return f"{mine}."
    return f"{mine}. A loss of up to {verdict.margin:g} counts as good."


def format_verdict(verdict: Verdict) -> str:
    """Return the verdict as one sentence, with the interval that it was taken from.

    Args:
        verdict: of any question.

    Returns:
        A sentence. Where there is no verdict it says why; where the question is open it says what
        would settle it.
    """
    if verdict.verdict == "none":
        return f"{_NONE}: {format_why(verdict)}."
    other = format_partner(verdict)
    claims: Mapping[Answer, str] = {
        "as_good": f"As good as {other} within {verdict.margin:g}",
        "worse": f"Worse than {other} by more than {verdict.margin:g}",
        "helps": f"Helps {_name_base(verdict)}",
        "harms": f"Harms {_name_base(verdict)}",
        "open": _OPEN,
    }
    sentence = f"{claims[verdict.verdict]}{_format_reach(verdict)}: {_format_move(verdict)}"
    if verdict.verdict == "open":
        sentence += f"; {format_settling(verdict)}"
    return f"{sentence}."


def format_difference(verdict: Verdict) -> str:
    """Return condition minus partner with the interval of the verdict; empty for no verdict."""
    if verdict.verdict == "none":
        return ""
    return _format_signed(verdict.gap, verdict.low, verdict.high)


def format_basis(verdict: Verdict) -> tuple[str, ...]:
    """Return what a verdict rests on, a sentence each; empty where there is none.

    Args:
        verdict: of any question.

    Returns:
        Both scores with their rows; then how the interval was taken, the one over test items
        alone, and the gap as a share of what the partner had learnt.
    """
    if verdict.verdict == "none" or verdict.score is None or verdict.partner_score is None:
        return ()
    mine, other = Cell.parse(verdict.condition), Cell.parse(verdict.partner)
    made = f" ({name_texts(mine)})" if name_texts(mine) else ""
    sentences = [
        f"{verdict.student} trained on {mine.num_train:,} rows of {mine.source}{made} has macro-F1 "
        f"{verdict.score:.3f}, on {other.num_train:,} rows of {other.source} "
        f"{verdict.partner_score:.3f}; {_count(verdict.num_test, 'test text')}."
    ]
    only = _format_interval(verdict.items_low, verdict.items_high)
    notes = [f"test items only {only}"] if only else []
    if verdict.num_tried > 1:
        notes.insert(0, f"interval widened for the best of {verdict.num_tried}")
    if notes:
        sentences.append(f"{_capital('; '.join(notes))}.")
    return (*sentences, *_format_share(verdict, other.source))


def format_reasons(verdict: Verdict) -> tuple[str, ...]:
    """Return why there is no verdict, or what limits it, a sentence each."""
    return tuple(f"{text}." for text in verdict.reasons)


def format_settling(verdict: Verdict) -> str:
    """Return what would settle an open question, without a full stop."""
    if not verdict.settles:
        return verdict.reasons[0] if verdict.reasons else "nothing is known that would settle it"
    if not verdict.settles[0].startswith("about"):
        return verdict.settles[0]
    return f"{' or '.join(verdict.settles)} would settle it"


def format_why(verdict: Verdict) -> str:
    """Return why there is no answer, or what would settle an open one; empty for an answer."""
    if verdict.verdict == "none":
        return verdict.reasons[0] if verdict.reasons else "nothing was compared"
    return format_settling(verdict) if verdict.verdict == "open" else ""


def format_partner(verdict: Verdict) -> str:
    """Return what the condition was compared with; ``real texts`` where that is nothing."""
    if not verdict.partner:
        return "real texts"
    source = Cell.parse(verdict.partner).source
    if verdict.question in ("instead_of_all_real", "with_all_real") and source == "real":
        return _PARTNERS["real_all"]  # one training set that serves both
    return _PARTNERS.get(source, source)


def _name_base(verdict: Verdict) -> str:
    """Return what texts were added to."""
    return "all real texts" if verdict.question == "with_all_real" else "the pool"


def _format_reach(verdict: Verdict) -> str:
    count = verdict.num_corpora
    return ", for this corpus" if count == 1 else f", over {count} corpora of these settings"


def _format_move(verdict: Verdict) -> str:
    """Return the difference; a loss or a gain only where the whole interval is one."""
    if verdict.gap is None or verdict.low is None or verdict.high is None:
        return "not compared"
    side = ", a loss" if verdict.low > 0 else ", a gain" if verdict.high < 0 else ""
    return f"difference {format_difference(verdict)} macro-F1{side}"


def _format_share(verdict: Verdict, partner: str) -> list[str]:
    share = verdict.share_of_lift
    if share is None or verdict.floor is None:
        return []
    if share >= 1:
        return [f"That is no more than the floor of {verdict.floor:.3f}."]
    return [
        f"That is {1 - share:.0%} of what {partner} teaches above the floor of {verdict.floor:.3f}."
    ]


def _format_signed(gap: float | None, low: float | None, high: float | None) -> str:
    if gap is None:
        return ""
    interval = _format_interval(low, high)
    return f"{_sign(-gap)} {interval}".rstrip()


def _format_interval(low: float | None, high: float | None) -> str:
    """Return an interval of condition minus partner from one of the gap."""
    return "" if low is None or high is None else f"[{_sign(-high)}, {_sign(-low)}]"


def _sign(value: float) -> str:
    text = f"{value:+.3f}"
    return text if float(text) else text[1:]  # no sign on what rounds to zero


def _count(number: int | None, word: str) -> str:
    return f"{number or 0:,} {word}{'' if number == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
