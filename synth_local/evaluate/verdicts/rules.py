"""The verdicts of a run: one rule from differences, failed trainings and floors to answers.

For each task, student and question the best condition is judged against its partner, and its
interval is widened for the number of conditions that it was picked from. Where an answer would
rest on luck in training, on a student that has learnt nothing, or on texts that a generator has
seen, there is none, and the reasons say so.

Pure; knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from synth_local.evaluate.components import bound_best
from synth_local.evaluate.summary import (
    Condition,
    ConditionScore,
    Difference,
    FailedTraining,
    Floor,
    Summary,
)
from synth_local.evaluate.verdicts.settling import Chance, list_settling
from synth_local.evaluate.verdicts.verdict import MARGIN, QUESTIONS, Question, Verdict, answer
from synth_local.models.card import Seen

#: Fewer test items of a label than these are named.
FEW_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the synthetic texts of a condition come from, as far as a verdict depends on it.

    Attributes:
        seen: whether their generator has seen more real texts of the task than the pool holds:
            ``no``, ``yes`` or ``unknown``.
        told: the same in words, after the generator's name.
        shortfall: why the corpus is incomplete; empty where it is whole.
    """

    seen: Seen = "unknown"
    told: str = ""
    shortfall: str = ""


@dataclass(frozen=True, slots=True)
class _Bench:
    """What all questions about one task and student are answered from."""

    scores: Mapping[Condition, ConditionScore]
    differences: Sequence[Difference]
    failed: Mapping[Condition, Sequence[FailedTraining]]
    floor: Floor
    origins: Mapping[Condition, Origin]
    margin: float

    def asked(self, question: Question) -> list[Condition]:
        """Return the conditions that a question is about.

        One that serves a second source is asked about it only where it was compared: otherwise
        nobody wanted to know.
        """
        asked = QUESTIONS[question]
        partners = {key for source in asked.partners for key in self.serving(source)}
        return [
            key
            for key in self.serving(asked.source)
            if key.source == asked.source
            or any(one.condition == key and one.partner in partners for one in self.differences)
        ]

    def serving(self, source: str) -> list[Condition]:
        """Return the conditions whose training set is that of a source."""
        return [key for key, one in self.scores.items() if source in one.serves]


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
    floors = {one.task: one for one in summary.floors}
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
            one
            for one in summary.differences
            if one.metric == "macro_f1" and one.condition in scores
        ]
        bench = _Bench(scores, mine, failed, floors[task], origins, margin)
        found += [
            _judge(bench, task, student, question)
            for question in QUESTIONS
            if question == "instead_of_real" or bench.asked(question)
        ]
    return tuple(found)


def _judge(bench: _Bench, task: str, student: str, question: Question) -> Verdict:
    asked = QUESTIONS[question]
    candidates = [_weigh(bench, question, one) for one in bench.asked(question)]
    base = Verdict(task=task, student=student, question=question, verdict="none")
    base = replace(base, margin=bench.margin, floor=bench.floor.value)
    if not candidates:
        return replace(base, reasons=(f"no student was trained on the source {asked.source}",))
    open_ones = [one for one in candidates if not one.against and one.difference is not None]
    if not open_ones:
        shown = next((one for one in candidates if one.difference), candidates[0])
        reasons = tuple(dict.fromkeys(text for one in candidates for text in one.against))
        return replace(_fill(bench, base, shown, len(candidates)), reasons=reasons)
    usable = [one for one in open_ones if _origin(bench, one).seen != "yes"] or open_ones
    best = max(usable, key=_rank)
    verdict = _fill(bench, base, best, len(candidates))
    left_out = [text for one in candidates for text in one.against]
    return _conclude(bench, verdict, best, dict.fromkeys([*left_out, *best.cautions]))


def _rank(one: _Judged) -> float:
    return one.difference.interval.point if one.difference else float("-inf")


def _conclude(
    bench: _Bench, verdict: Verdict, best: _Judged, reasons: Mapping[str, None]
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


def _weigh(bench: _Bench, question: Question, condition: Condition) -> _Judged:
    """Return a condition with its comparison and what stands against a verdict on it."""
    asked = QUESTIONS[question]
    against = list(_list_failures(bench, condition))
    partners = {key for source in asked.partners for key in bench.serving(source)}
    found = [
        one for one in bench.differences if one.condition == condition and one.partner in partners
    ]
    if not found:
        wanted = " and ".join(asked.partners)
        against.append(f"{_spell(condition)} was not compared: add {wanted} under sources")
        return _Judged(condition, None, tuple(against))
    for one in found:
        against += _list_failures(bench, one.partner)
        against += _note_single(bench, one)
    # of several partners the one that is hardest to beat decides
    hardest = min(found, key=lambda one: one.interval.point)
    against += _compare_with_floor(bench, question, hardest)
    return _Judged(
        condition, hardest, tuple(dict.fromkeys(against)), tuple(_list_cautions(bench, hardest))
    )


def _list_failures(bench: _Bench, condition: Condition) -> Iterator[str]:
    failed = bench.failed.get(condition, ())
    if failed:
        num_seeds = len(bench.scores[condition].seeds)
        first = failed[0]
        yield (
            f"{_spell(condition)}: {len(failed)} of {num_seeds} trainings failed (seed "
            f"{first.seed}: {first.reason}); train for longer (train.min_steps, train.epochs) or "
            "with a lower train.learning_rate"
        )


def _note_single(bench: _Bench, difference: Difference) -> Iterator[str]:
    for one in (difference.condition, difference.partner):
        score = bench.scores[one]
        if len(score.seeds) == 1 and score.num_corpora == 1 and not score.is_deterministic:
            yield (
                f"{_spell(one)}: one training of a student that draws random numbers says nothing "
                "of another: list more numbers under seeds"
            )


def _compare_with_floor(bench: _Bench, question: Question, difference: Difference) -> Iterator[str]:
    """Yield why a student has not learnt enough for a gap to mean anything."""
    # a pool may teach nothing by itself: there it is pool + synthetic that has to beat guessing
    key = difference.condition if question == "with_pool" else difference.partner
    score = bench.scores[key].interval
    if score.low <= bench.floor.value:
        yield (
            f"{_spell(key)}: macro-F1 {score.point:.3f} [{score.low:.3f}, {score.high:.3f}] is not "
            f"above the {bench.floor.value:.3f} of one that has learnt nothing (the commonest "
            "label for all, or guessing)"
        )


def _list_cautions(bench: _Bench, difference: Difference) -> Iterator[str]:
    one = difference.condition
    if difference.num_corpora == 1:
        yield "for this corpus: another one of the same settings may do better or worse"
    origin = bench.origins.get(one, Origin())
    if origin.seen != "no":
        told = origin.told or "may have seen the task's texts: nobody knows"
        yield f"{one.generator} {told}"
    if origin.shortfall:
        yield f"the corpus of {one.generator}, {one.strategy} is incomplete: {origin.shortfall}"
    if bench.floor.num_rarest < FEW_ITEMS:
        yield (
            f"only {bench.floor.num_rarest} test texts are {bench.floor.rarest_label}: the "
            "interval is widened for it"
        )


def _tried_balance(bench: _Bench, best: _Judged) -> bool:
    """Return whether pool + synthetic was also set against the pool at its label mix."""
    balanced = set(bench.serving("pool_balanced"))
    return any(
        one.condition == best.condition and one.partner in balanced for one in bench.differences
    )


def _fill(bench: _Bench, base: Verdict, judged: _Judged, num_tried: int) -> Verdict:
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
        found.error_items**2,
        max(0.0, found.error**2 - found.error_items**2),
        verdict.num_test,
        found.num_corpora if is_repeated else len(found.seeds),
        "corpora" if is_repeated else "seeds",
    )
    level = 1 - (1 - verdict.level) / max(1, verdict.num_tried)
    yield from list_settling(chance, abs(verdict.gap - aim), level)


def _origin(bench: _Bench, one: _Judged) -> Origin:
    return bench.origins.get(one.condition, Origin())


def _spell(condition: Condition) -> str:
    """Return a condition as people speak of it."""
    made = f" of {condition.generator}, {condition.strategy}" if condition.generator != "-" else ""
    return f"{condition.source}{made} ({condition.num_train:,} rows)"
