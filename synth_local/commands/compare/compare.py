"""``compare``: a paired comparison of runs, what keeps them from being comparable, what they cost.

``compare_runs`` reads run directories; ``compare_facts`` is pure. The first run is what all others
are compared with; differences are the other run minus the first. A run may stand for some of its
cells only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synth_local.commands.compare.cell_filter import choose_cells, parse_cells
from synth_local.commands.compare.differences import SettingDifference, list_setting_differences
from synth_local.commands.compare.match import Match, Matches, format_condition, match_conditions
from synth_local.commands.compare.run_facts import RunFacts, load_runs
from synth_local.core.stats import SCORES, score_seeds
from synth_local.curate.cost import Cost, cost_of
from synth_local.errors import DataError, UndefinedMetricError
from synth_local.evaluate.groups import group_cells
from synth_local.evaluate.pairs import Pair, PairResult, align_pair, compare_pairs
from synth_local.evaluate.resampler import Resampling
from synth_local.evaluate.summary import COVERS_NOTE, Condition

SIGN_NOTE = "A difference is the other run minus the first run, on the test items that both have."
HOLM_NOTE = "Holm's correction runs over one family per metric: all comparisons of this call."


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """One condition of the first run and its partner, with what was found."""

    first: Condition
    other: Condition
    result: PairResult


@dataclass(frozen=True, slots=True)
class RunPair:
    """The first run and one other.

    Attributes:
        first: the first run's directory, as given, with the parts that were chosen.
        generators: the two generators where they were matched across names, or ``None``.
        pairs: what was compared.
        unlike: what else differs between the two.
        only_first: conditions of the first run without a partner.
        only_other: conditions of the other run without a partner.
        omitted: sentences on partners that could not be compared.
        num_waiting: cells without predictions, in the first run and in the other.
    """

    first: str
    other: str
    generators: tuple[str, str] | None
    pairs: tuple[ComparedPair, ...]
    unlike: tuple[SettingDifference, ...]
    only_first: tuple[str, ...]
    only_other: tuple[str, ...]
    omitted: tuple[str, ...]
    num_waiting: tuple[int, int]


@dataclass(frozen=True, slots=True)
class CorpusScore:
    """What students made of a corpus: macro-F1 on all test items, mean over all seeds."""

    source: str
    student: str
    num_train: int
    macro_f1: float


@dataclass(frozen=True, slots=True)
class CorpusCost(Cost):
    """What a corpus cost, beside what it gave.

    Attributes:
        run: the directory, as given, with the parts that were chosen.
        scores: of the students that were trained on it.
    """

    run: str
    task: str
    generator: str
    strategy: str
    scores: tuple[CorpusScore, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that ``compare`` shows."""

    runs: tuple[RunPair, ...]
    costs: tuple[CorpusCost, ...]
    num_draws: int
    num_swaps: int
    seed: int
    notes: tuple[str, ...] = (SIGN_NOTE, HOLM_NOTE, COVERS_NOTE)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready value."""
        return asdict(self)


def compare_runs(
    directories: Sequence[Path | str], resampling: Resampling | None = None
) -> Comparison:
    """Return the comparison of the first run directory with each other one.

    Args:
        directories: two at least; one may stand twice. ``DIR::PART=VALUE,...`` stands for the
            cells of a run that are like that.
        resampling: how often items are drawn and swapped; ``None`` is the default.

    Raises:
        ConfigError: a directory is no run, or its parts are misspelled.
        DataError: nothing can be compared, common test items have two gold labels, or a run has
            no cell that is like the chosen parts.
    """
    asked = [parse_cells(str(directory)) for directory in directories]
    runs = load_runs([one.directory for one in asked])
    chosen = [choose_cells(run, one) for run, one in zip(runs, asked, strict=True)]
    return compare_facts(chosen, resampling)


def compare_facts(runs: Sequence[RunFacts], resampling: Resampling | None = None) -> Comparison:
    """Return the comparison of the first run with each other one.

    Args:
        runs: two at least.
        resampling: how often items are drawn and swapped; ``None`` is the default.

    Raises:
        DataError: nothing can be compared, or common test items have two gold labels.
    """
    first, *others = runs
    settings = resampling or Resampling()
    matches = [match_conditions(first, other) for other in others]
    aligned, omitted = [], []
    for found in matches:
        pairs, problems = _align(found.pairs)
        aligned.append(pairs)
        omitted.append([*found.ambiguous, *problems])
    if not any(aligned):
        reasons = [
            *_explain_nothing(first, others, matches),
            *(one for of in omitted for one in of),
        ]
        raise DataError(
            "nothing can be compared:\n" + "\n".join(f"  {reason}" for reason in reasons),
            fix="compare runs of the same task, source, student and strategy, with a seed in "
            "common, after their train stage; a part that is to differ is chosen by name, such as "
            "DIR::strategy=zero_shot DIR::strategy=few_shot",
        )
    # one family per metric over everything of this call
    results = iter(compare_pairs([pair for pairs in aligned for _, pair in pairs], settings))
    found_pairs = []
    for other, match, pairs, problems in zip(others, matches, aligned, omitted, strict=True):
        compared = tuple(
            ComparedPair(one.first.condition, one.other.condition, next(results))
            for one, _ in pairs
        )
        found_pairs.append(
            RunPair(
                first.name,
                other.name,
                match.generators,
                compared,
                list_setting_differences(first, other, match.pairs),
                match.only_first,
                match.only_other,
                tuple(problems),
                (first.num_waiting, other.num_waiting),
            )
        )
    costs = [cost for run in {run.name: run for run in runs}.values() for cost in list_costs(run)]
    return Comparison(
        tuple(found_pairs), tuple(costs), settings.num_draws, settings.num_swaps, settings.seed
    )


def list_costs(run: RunFacts) -> Iterator[CorpusCost]:
    """Yield what each finished corpus of a run cost, and what students made of it."""
    corpora = {condition.condition: condition.corpus for condition in run.conditions}
    groups = group_cells([cell for condition in run.conditions for cell in condition.cells])
    for key, manifest in run.corpora.items():
        yield CorpusCost(
            **asdict(cost_of(manifest)),
            run=run.name,
            task=key.task,
            generator=key.generator,
            strategy=key.strategy,
            scores=tuple(
                CorpusScore(
                    group.condition.source,
                    group.condition.student,
                    group.condition.num_train,
                    float(score_seeds(group.table, SCORES["macro_f1"]).mean()),
                )
                for group in groups
                if corpora[group.condition] == key
            ),
        )


def _align(matches: Sequence[Match]) -> tuple[list[tuple[Match, Pair]], list[str]]:
    """Return the pairs that can be compared, and why others cannot."""
    pairs, problems = [], []
    for match in matches:
        name = format_condition(match.first.condition)
        if match.other.condition != match.first.condition:
            name += f" against {format_condition(match.other.condition)}"
        try:
            pairs.append((match, align_pair(name, match.first.cells, match.other.cells)))
        except UndefinedMetricError as error:
            problems.append(error.what)
    return pairs, problems


def _explain_nothing(
    first: RunFacts, others: Sequence[RunFacts], matches: Sequence[Matches]
) -> Iterator[str]:
    """Yield why runs have no condition in common."""
    for run in {one.name: one for one in (first, *others)}.values():
        if not run.conditions:
            yield f"{run.name}: no cell has predictions, {run.num_waiting} are to be trained"
    for other, match in zip(others, matches, strict=True):
        nothing = not match.pairs and not match.ambiguous
        if nothing and first.conditions and other.conditions:
            yield (
                f"{first.name} and {other.name} have no condition in common; "
                f"{first.name} has {'; '.join(match.only_first)}; "
                f"{other.name} has {'; '.join(match.only_other)}"
            )
