"""The verdicts of a run: one rule from differences, failed trainings and floors to answers.

For each task, student and question the best condition is judged against its partner, and its
interval is widened for the number of conditions that it was picked from. Where an answer would
rest on luck in training, on a student that has learnt nothing, or on texts that a generator has
seen, there is none, and the reasons say so.

Pure; knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from synth_local.evaluate.components import bound_best
from synth_local.evaluate.summary import (
    Condition,
    ConditionScore,
    Difference,
    FailedTraining,
    Summary,
)
from synth_local.evaluate.verdicts.against import (
    Bench,
    Origin,
    compare_with_floor,
    describe,
    list_cautions,
    list_failures,
    note_single,
)
from synth_local.evaluate.verdicts.settling import Chance, list_settling
from synth_local.evaluate.verdicts.verdict import MARGIN, QUESTIONS, Question, Verdict, answer


@dataclass(frozen=True, slots=True)
class _Judged:
    """One condition with the comparison that decides on it, and what stands against a verdict."""

    condition: Condition
    difference: Difference | None
    against: tuple[str, ...]
    cautions: tuple[str, ...] = ()


def judge_run(
    summary: Summary,
    origins: Mapping[Condition, Origin],
    margin: float = MARGIN,
    apart: Collection[Condition] = (),
) -> tuple[Verdict, ...]:
    """Return the verdicts of a run.

    Args:
        origins: of each condition with synthetic texts; one that is not there is unknown.
        margin: the largest gap of macro-F1 that is small enough, at least 0.
        apart: cuts for learning curves and repeats of corpora: they answer nothing by themselves.

    Returns:
        One verdict for each task, student and question that has a condition; and for synthetic in
        place of real texts in any case. Students that read nothing have none.
    """
    floors = {floor.task: floor for floor in summary.floors}
    failed: dict[Condition, list[FailedTraining]] = {}
    for one in summary.failed:
        failed.setdefault(one.condition, []).append(one)
    by_pair: dict[tuple[str, str], dict[Condition, ConditionScore]] = {}
    for score in summary.scores:
        key = (score.condition.task, score.condition.student)
        is_asked = not score.is_floor and score.condition.source != "-"
        if score.metric == "macro_f1" and is_asked and score.condition not in apart:
            by_pair.setdefault(key, {})[score.condition] = score
    found = []
    for (task, student), scores in by_pair.items():
        mine = [
            difference
            for difference in summary.differences
            if difference.metric == "macro_f1" and difference.condition in scores
        ]
        bench = Bench(
            scores=scores,
            differences=mine,
            failed=failed,
            floor=floors[task],
            origins=origins,
            margin=margin,
        )
        found += [
            _judge(bench, task, student, question)
            for question in QUESTIONS
            if question == "instead_of_real" or bench.asked(question)
        ]
    return tuple(found)


def _judge(bench: Bench, task: str, student: str, question: Question) -> Verdict:
    asked = QUESTIONS[question]
    candidates = [_weigh(bench, question, one) for one in bench.asked(question)]
    base = Verdict(task=task, student=student, question=question, verdict="none")
    base = replace(base, margin=bench.margin, floor=bench.floor.value)
    if not candidates:
        return replace(base, reasons=(f"no student was trained on the source {asked.source}",))
    open_ones = [
        candidate
        for candidate in candidates
        if not candidate.against and candidate.difference is not None
    ]
    if not open_ones:
        shown = next((candidate for candidate in candidates if candidate.difference), candidates[0])
        reasons = tuple(
            dict.fromkeys(text for candidate in candidates for text in candidate.against)
        )
        return replace(_fill(bench, base, shown, len(candidates)), reasons=reasons)
    usable = [one for one in open_ones if _origin(bench, one).seen != "yes"] or open_ones
    best = max(usable, key=_rank)
    verdict = _fill(bench, base, best, len(candidates))
    left_out = [text for candidate in candidates for text in candidate.against]
    return _conclude(bench, verdict, best, dict.fromkeys([*left_out, *best.cautions]))


def _rank(one: _Judged) -> float:
    return one.difference.interval.point if one.difference else float("-inf")


def _conclude(
    bench: Bench, verdict: Verdict, best: _Judged, reasons: Mapping[str, None]
) -> Verdict:
    """Return the verdict with its answer, unless what it rests on forbids one."""
    if verdict.low is None or verdict.high is None or best.difference is None:
        raise ValueError(f"no interval: {verdict.condition}")
    said = answer(verdict.question, verdict.low, verdict.high, bench.margin)
    told = list(reasons)
    if replace(verdict, verdict=said).is_flattered:
        told.insert(
            0,
            f"{best.condition.generator} {_origin(bench, best).told}: that its texts do well says "
            "nothing of a generator that has not",
        )
        return replace(verdict, verdict="none", reasons=tuple(told))
    if said == "helps" and verdict.question == "with_pool" and not _tried_balance(bench, best):
        told.insert(
            0,
            "the pool's labels are not balanced, and balance alone may be what helps: add "
            "pool_balanced under sources",
        )
        # more texts or seeds would not settle it
        return replace(verdict, verdict="open", reasons=tuple(told))
    settles = tuple(_settle(verdict, best.difference)) if said == "open" else ()
    return replace(verdict, verdict=said, reasons=tuple(told), settles=settles)


def _weigh(bench: Bench, question: Question, condition: Condition) -> _Judged:
    """Return a condition with its comparison and what stands against a verdict on it."""
    asked = QUESTIONS[question]
    against = list(list_failures(bench, condition))
    partners = {key for source in asked.partners for key in bench.serving(source)}
    found = [
        difference
        for difference in bench.differences
        if difference.condition == condition and difference.partner in partners
    ]
    if not found:
        wanted = " and ".join(asked.partners)
        against.append(f"{describe(condition)} was not compared: add {wanted} under sources")
        return _Judged(condition, None, tuple(against))
    for one in found:
        against += list_failures(bench, one.partner)
        against += note_single(bench, one)
    # of several partners the one that is hardest to beat decides
    hardest = min(found, key=lambda one: one.interval.point)
    against += compare_with_floor(bench, question, hardest)
    return _Judged(
        condition, hardest, tuple(dict.fromkeys(against)), tuple(list_cautions(bench, hardest))
    )


def _tried_balance(bench: Bench, best: _Judged) -> bool:
    """Return whether pool + synthetic was also set against the pool at its label mix."""
    balanced = set(bench.serving("pool_balanced"))
    return any(
        difference.condition == best.condition and difference.partner in balanced
        for difference in bench.differences
    )


def _fill(bench: Bench, base: Verdict, judged: _Judged, num_tried: int) -> Verdict:
    """Return the verdict with the figures of the condition that it is about."""
    found = judged.difference
    if found is None:
        return replace(base, condition=judged.condition.name, num_tried=num_tried)
    level = found.interval.level
    gap = bound_best(-found.interval.point, found.error, found.df, level, num_tried)
    score, partner = bench.scores[found.condition], bench.scores[found.partner]
    return replace(
        base,
        condition=found.condition.name,
        partner=found.partner.name,
        gap=gap.point,
        low=gap.low,
        high=gap.high,
        num_tried=num_tried,
        num_corpora=found.num_corpora,
        items_low=-found.items_only.high,
        items_high=-found.items_only.low,
        num_train=found.condition.num_train,
        partner_num_train=found.partner.num_train,
        num_test=score.num_items,
        score=score.mean,
        partner_score=partner.mean,
        error=found.error,
        df=found.df,
        seen=_origin(bench, judged).seen,
        partner_validation=partner.validation,
    )


def _settle(verdict: Verdict, found: Difference) -> Iterator[str]:
    if verdict.gap is None or verdict.num_test is None:
        return
    aim = 0.0 if QUESTIONS[verdict.question].is_addition else verdict.margin
    is_repeated = found.num_corpora > 1
    chance = Chance(
        items=found.error_items**2,
        training=max(0.0, found.error**2 - found.error_items**2),
        num_items=verdict.num_test,
        num_units=found.num_corpora if is_repeated else len(found.seeds),
        unit="corpora" if is_repeated else "seeds",
    )
    level = 1 - (1 - verdict.level) / max(1, verdict.num_tried)
    yield from list_settling(chance, abs(verdict.gap - aim), level)


def _origin(bench: Bench, one: _Judged) -> Origin:
    return bench.origins.get(one.condition, Origin())
