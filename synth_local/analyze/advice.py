"""Whether a task should use synthetic texts: a rule from evidence to one of four verdicts.

A gap is the macro-F1 of the student trained on real texts minus that of the one trained on
synthetic texts. Evidence on the task itself is used as it is; without it the gap is predicted from
other tasks, by how much people agree about them where that is known. The rule says no more than
intervals carry: what they leave open is ``not known``. Pure; knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.stats import norm
from statsmodels.regression.linear_model import OLS

from synth_local.analyze.lines import varies
from synth_local.records import Interval

Verdict = Literal["use", "use with real", "do not use", "not known"]
#: A loss of macro-F1 that is small enough to live with.
MARGIN = 0.02
#: Fewer other tasks than these predict nothing: two are spent on the line, one on its scatter.
MIN_TASKS = 4
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Finding:
    """What one run found for one generator, strategy and student on one task.

    Attributes:
        task: the task's name.
        generator: who wrote the texts.
        strategy: how it was asked.
        student: what was trained.
        gap: real minus synthetic, macro-F1, with its 95 % interval over test items.
        real: macro-F1 of the same student trained on real texts, in [0, 1].
        gains: what synthetic texts add to real ones, each with its interval: pool + synthetic
            minus pool, real + synthetic minus real, as far as they were tried.
        is_tainted: the generator has seen more real texts of the task than the pool holds, or
            nobody knows: its texts carry them, and nothing good can be concluded from it.
        agreement: mean share of annotators who agree about the task's items; ``None`` where
            nobody says.
        run: where it was found.
    """

    task: str
    generator: str
    strategy: str
    student: str
    gap: Interval
    real: float
    gains: tuple[Interval, ...] = ()
    is_tainted: bool = False
    agreement: float | None = None
    run: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer for one task.

    Attributes:
        verdict: of the four.
        basis: what it rests on: ``this task``, ``other tasks by agreement``, ``other tasks`` or
            ``nothing``.
        gap: the expected gap with its interval; ``None`` where nothing says.
        finding: the finding that decided, where it was on this task.
        num_tasks: other tasks behind a prediction.
        reason: one sentence.
    """

    verdict: Verdict
    basis: str
    gap: Interval | None
    finding: Finding | None
    num_tasks: int
    reason: str


def pick_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings on one task that count.

    A student that does badly with real texts has little to lose with others: a small gap of it is
    no reason to give up the better student. And what a generator that has seen the task makes of it
    says nothing where another one was tried.

    Args:
        findings: at least one, all on the same task.

    Returns:
        Those of the student with the highest score on real texts; of these the untainted ones,
        where there are any.
    """
    best = max(findings, key=lambda one: one.real).student
    mine = [one for one in findings if one.student == best]
    return [one for one in mine if not one.is_tainted] or mine


def decide_here(findings: Sequence[Finding], margin: float = MARGIN) -> Advice:
    """Return the verdict from findings on the task itself.

    Of those that count (``pick_findings``) the one with the smallest gap decides, or else the
    surest gain. Since each was picked among several on the same test items, its interval is widened
    by Bonferroni's correction (normal approximation).

    Args:
        findings: at least one, all on the task.
        margin: the largest gap that is small enough, in macro-F1.

    Returns:
        The advice.
    """
    findings = pick_findings(findings)
    best = min(findings, key=lambda one: one.gap.point)
    gap = widen(best.gap, len(findings))
    gains = [(one, gain) for one in findings if not one.is_tainted for gain in one.gains]
    helps = [(one, wide.low) for one, gain in gains if (wide := widen(gain, len(gains))).low > 0]
    told = "has seen more real texts of this task than the pool holds, or nobody knows"
    if gap.high <= margin and not best.is_tainted:
        reason = f"even the worst end of the interval loses no more than {margin:.2f}"
        return Advice("use", "this task", gap, best, 0, reason)
    if helps:
        surest, _ = max(helps, key=lambda one: one[1])
        reason = "synthetic texts added to real ones raise the score"
        return Advice("use with real", "this task", gap, surest, 0, reason)
    if gap.low > margin:
        reason = f"even the best end of the interval loses more than {margin:.2f}"
        return Advice("do not use", "this task", gap, best, 0, reason)
    if gap.high <= margin:
        reason = f"the gap is small, but the generator {told}: another one may not do as well"
        return Advice("not known", "this task", gap, best, 0, reason)
    reason = f"the interval reaches from below to above the {margin:.2f} that one could live with"
    return Advice("not known", "this task", gap, best, 0, reason)


def predict_elsewhere(
    findings: Sequence[Finding], agreement: float | None, margin: float = MARGIN
) -> Advice:
    """Return the verdict for a task that no finding is about.

    Each task counts once, with the mean gap of its findings that count (``pick_findings``). The
    interval is that of a new observation, from the scatter of tasks: it holds for tasks that are
    like these.

    Args:
        findings: on other tasks.
        agreement: of the task that is asked about, in (0, 1]; ``None`` where nobody says.
        margin: the largest gap that is small enough, in macro-F1.

    Returns:
        The advice.
    """
    by_task: dict[str, list[Finding]] = {}
    for one in findings:
        by_task.setdefault(one.task, []).append(one)
    by_task = {task: pick_findings(mine) for task, mine in by_task.items()}
    findings = [one for mine in by_task.values() for one in mine]
    gaps = {task: float(np.mean([one.gap.point for one in mine])) for task, mine in by_task.items()}
    known = {
        task: mine[0].agreement for task, mine in by_task.items() if mine[0].agreement is not None
    }
    if agreement is not None and len(known) >= MIN_TASKS and varies(np.array([*known.values()])):
        x = np.array([*known.values()])
        gap = predict_gap(x, np.array([gaps[task] for task in known]), agreement)
        return _decide_elsewhere(gap, "other tasks by agreement", len(known), findings, margin)
    if len(gaps) >= MIN_TASKS:
        gap = predict_gap(None, np.array([*gaps.values()]), None)
        return _decide_elsewhere(gap, "other tasks", len(gaps), findings, margin)
    reason = (
        f"{len(gaps)} other tasks were tried, and a prediction takes {MIN_TASKS}"
        if gaps
        else "there is no gap to go by, on this task or another"
    )
    return Advice("not known", "nothing", None, None, len(gaps), reason)


def predict_gap(
    agreement: np.ndarray | None, gaps: np.ndarray, wanted: float | None, level: float = LEVEL
) -> Interval:
    """Return the gap that a further task is expected to have.

    Args:
        agreement: (tasks,) of each task, not all the same; ``None`` where it is not used.
        gaps: (tasks,) at least two, three with ``agreement``.
        wanted: agreement of the further task; ``None`` where it is not used.
        level: of the interval, in (0, 1).

    Returns:
        The prediction with Student's interval for one new observation.

    References:
        N. Draper, H. Smith (1998), Applied Regression Analysis, section 3.1.
    """
    ones = np.ones(len(gaps))
    design = ones[:, None] if agreement is None else np.column_stack([ones, agreement])
    at = np.array([[1.0]]) if wanted is None else np.array([[1.0, wanted]])
    found = OLS(gaps, design).fit().get_prediction(at)
    low, high = found.conf_int(obs=True, alpha=1 - level)[0]
    return Interval(float(found.predicted_mean[0]), float(low), float(high), level)


def widen(interval: Interval, num_tried: int) -> Interval:
    """Return the interval of the best of several: Bonferroni, by the normal approximation.

    Args:
        interval: of one.
        num_tried: how many there were to choose from, at least 1.

    Returns:
        Its two sides longer by the same factor; the level stays that of all together.
    """
    tail = 1 - interval.level
    factor = float(norm.isf(tail / 2 / num_tried) / norm.isf(tail / 2))
    low, high = (
        interval.point + factor * (end - interval.point) for end in (interval.low, interval.high)
    )
    return replace(interval, low=low, high=high)


def _decide_elsewhere(
    gap: Interval, basis: str, num_tasks: int, findings: Sequence[Finding], margin: float
) -> Advice:
    if gap.low > margin:
        reason = f"tasks like these lose more than {margin:.2f}, this one too by the prediction"
        return Advice("do not use", basis, gap, None, num_tasks, reason)
    if any(one.is_tainted for one in findings):
        reason = "some generators have seen real texts of their tasks: another may do worse"
        return Advice("not known", basis, gap, None, num_tasks, reason)
    if gap.high <= margin:
        reason = f"tasks like these lose no more than {margin:.2f}, nor does this one by prediction"
        return Advice("use", basis, gap, None, num_tasks, reason)
    reason = f"the prediction reaches from below to above the {margin:.2f} one could live with"
    return Advice("not known", basis, gap, None, num_tasks, reason)
