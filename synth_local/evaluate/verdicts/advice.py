"""What several runs say of one task together: which of their verdicts decides each question.

No number is computed anew: the largest training size decides, then the student that is best on
texts that no verdict looks at, then the best of what was tried, widened for all of it. Pure; knows
nothing of run directories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from synth_local.evaluate.components import bound_best
from synth_local.evaluate.verdicts.verdict import MARGIN, QUESTIONS, Question, Verdict, answer


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict of one run.

    Attributes:
        verdict: as the run stores it.
        run: where it was found.
        agreement: how often two annotators of the task agree; ``None`` where nobody says.
        alpha: Krippendorff's alpha of the same; ``None`` where it is undefined.
    """

    verdict: Verdict
    run: str = ""
    agreement: float | None = None
    alpha: float | None = None


def decide(findings: Sequence[Finding], margin: float | None = None) -> list[Finding]:
    """Return, for each question that was asked of a task, the finding that decides it.

    Args:
        findings: all on the same task and test texts.
        margin: the largest gap that is small enough; ``None`` keeps that of each run.

    Returns:
        One finding for each question, in the order of ``QUESTIONS``, with what it was picked from
        among its reasons.
    """
    found = []
    for question in QUESTIONS:
        mine = [finding for finding in findings if finding.verdict.question == question]
        if mine:
            found.append(_decide_question([_at_margin(one, margin) for one in mine]))
    return found


def _decide_question(findings: Sequence[Finding]) -> Finding:
    compared = [finding for finding in findings if finding.verdict.gap is not None]
    if not compared:
        return findings[0]
    largest = _keep_largest(compared)
    mine = _keep_student(largest)
    notes = list(_note_left_out(compared, largest, mine))
    answered = [one for one in mine if one.verdict.verdict != "none"] or mine
    best = min(answered, key=lambda one: one.verdict.gap if one.verdict.gap is not None else 1.0)
    verdict = _widen(best.verdict, sum(max(1, one.verdict.num_tried) for one in answered))
    return replace(best, verdict=replace(verdict, reasons=(*verdict.reasons, *notes)))


def _keep_largest(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with the most rows on the side of the partner: a pilot overrules none."""
    most = max(finding.verdict.partner_num_train or 0 for finding in findings)
    return [finding for finding in findings if (finding.verdict.partner_num_train or 0) == most]


def _keep_student(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings of the student that is best with the partner's rows.

    Best on validation texts, where runs know it: on the test texts the pick would be lucky.
    """
    known = [finding for finding in findings if finding.verdict.partner_validation is not None]
    if known:
        best = max(known, key=lambda one: one.verdict.partner_validation or 0.0)
    else:
        best = max(findings, key=lambda one: one.verdict.partner_score or 0.0)
    return [finding for finding in findings if finding.verdict.student == best.verdict.student]


def _note_left_out(
    compared: Sequence[Finding], largest: Sequence[Finding], mine: Sequence[Finding]
) -> Iterator[str]:
    smaller = sorted({one.run for one in compared} - {one.run for one in largest})
    if smaller:
        rows = largest[0].verdict.partner_num_train or 0
        yield (
            f"smaller trainings do not count beside the largest one ({rows:,} rows): "
            + ", ".join(smaller)
        )
    others = dict.fromkeys(
        one.verdict.student for one in largest if one.verdict.student != mine[0].verdict.student
    )
    if others:
        has_validation = mine[0].verdict.partner_validation is not None
        where = "validation texts" if has_validation else "the test texts themselves"
        yield (
            f"of {len(others) + 1} students {mine[0].verdict.student} is best on {where}; "
            f"{', '.join(others)} stand below"
        )


def _at_margin(finding: Finding, margin: float | None) -> Finding:
    """Return the finding at another margin; what has no answer gets none."""
    one = finding.verdict
    if margin is None or one.low is None or one.high is None:
        return finding
    if one.verdict == "none" or QUESTIONS[one.question].is_addition:
        return replace(finding, verdict=replace(one, margin=margin))
    said = answer(one.question, one.low, one.high, margin)
    settles = one.settles if said == one.verdict == "open" and margin == one.margin else ()
    moved = replace(one, verdict=said, margin=margin, settles=settles)
    if moved.is_flattered:
        reason = "the generator has seen the task: that its texts do well says nothing of another"
        moved = replace(moved, verdict="none", reasons=(reason, *one.reasons))
    return replace(finding, verdict=moved)


def _widen(verdict: Verdict, num_tried: int) -> Verdict:
    """Return the verdict of one that was picked among so many."""
    if verdict.gap is None or verdict.error is None or num_tried <= verdict.num_tried:
        return verdict
    gap = bound_best(verdict.gap, verdict.error, verdict.df, verdict.level, num_tried)
    said = answer(verdict.question, gap.low, gap.high, verdict.margin)
    kept = verdict.verdict if verdict.verdict in ("none", "open") else said
    return replace(verdict, low=gap.low, high=gap.high, num_tried=num_tried, verdict=kept)


def answer_elsewhere(
    task: str, findings: Sequence[Finding], margin: float | None = None
) -> Verdict:
    """Return the answer for a task that no run is about.

    Other tasks show what may happen, and how far apart tasks lie; they decide nothing here.

    Args:
        margin: the largest gap that is small enough; ``None`` is the default one.

    Returns:
        An open answer where there is a gap on other tasks, else none.
    """
    wanted: Question = "instead_of_real"
    base = Verdict(
        task=task,
        student="",
        question=wanted,
        verdict="none",
        margin=MARGIN if margin is None else margin,
        reasons=("nobody has tried it, on this task or another",),
        settles=("a run of your own generator on this task, even of 100 texts per label",),
    )
    gaps = [
        finding.verdict.gap
        for finding in findings
        if finding.verdict.question == wanted and finding.verdict.gap is not None
    ]
    if not gaps:
        return base
    tasks = {finding.verdict.task for finding in findings}
    reason = (
        f"only other tasks were tried ({len(tasks)}): their gaps reach from {min(gaps):+.3f} to "
        f"{max(gaps):+.3f}, and this task may lie anywhere"
    )
    return replace(base, verdict="open", reasons=(reason,))
