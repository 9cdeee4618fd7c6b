"""``compare`` on made facts of runs: what is matched, found and warned of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from synth_local.commands.compare.compare import ComparedPair, compare_facts
from synth_local.commands.compare.differences import list_setting_differences
from synth_local.commands.compare.match import format_condition, match_conditions
from synth_local.commands.compare.run_facts import RunFacts, TrainedCondition, name_by_text
from synth_local.errors import DataError
from synth_local.evaluate.groups import CellPredictions
from synth_local.evaluate.resampler import Resampling
from synth_local.evaluate.summary import Condition
from synth_local.records import Cell, Prediction
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey

LABELS = ("rainy", "sunny")
QUICK = Resampling(num_draws=200, num_swaps=399)


def make_condition(
    source: str, generator: str = "-", num_train: int = 80, seeds: tuple[int, ...] = (0, 1)
) -> TrainedCondition:
    strategy = "-" if generator == "-" else "zero_shot"
    condition = Condition(
        task="weather",
        source=source,
        generator=generator,
        strategy=strategy,
        student="bert",
        num_train=num_train,
    )
    skill = {"real": 0.95, "synthetic": 0.7}.get(source, 0.8)
    cells = []
    for seed in seeds:
        rights = np.random.default_rng(seed).random(120) < skill
        rows = tuple(
            Prediction(f"t{n}", LABELS[n % 2], LABELS[n % 2 if right else 1 - n % 2], ())
            for n, right in enumerate(rights)
        )
        cell = Cell("weather", source, generator, strategy, "bert", num_train, seed)
        cells.append(CellPredictions(cell=cell, labels=LABELS, predictions=rows))
    corpus = CorpusKey("weather", generator, strategy) if "synthetic" in source else None
    facts = {"training rows": {"real": num_train}, "steps": 30, "seeds": list(seeds)}
    return TrainedCondition(condition, corpus, tuple(cells), facts)


def make_manifest(generator: str, **values: Any) -> Manifest:
    whole: dict[str, Any] = {
        "task": "weather",
        "generator": generator,
        "strategy": "zero_shot",
        "fingerprint": "f",
        "corpus_digest": "c",
        "complete": True,
        "shortfall": "",
        "planned": {"rainy": 40, "sunny": 40},
        "admitted": {"rainy": 50, "sunny": 50},
        "accepted": {"rainy": 40, "sunny": 40},
        "drops": {"rainy": {"surplus": 4, "refusal": 6}, "sunny": {"copy": 10}},
        "rounds": 1,
        "tokens": {"prompt": 9, "generated": 1600},
        "seconds": 20.0,
        "engine": {"name": "fake", "version": "1", "dtype": "float32", "device": "cpu"},
        "grade": "exact",
        "generator_digest": {"total": generator[-1] * 64},
        "has_seen": [],
        "near_test_matches": 0,
        "created": "",
        "version": "0",
    }
    return Manifest(**whole | values)


def make_run(generator: str = "fake-a", name: str = "one") -> RunFacts:
    key = CorpusKey("weather", generator, "zero_shot")
    return RunFacts(
        name=name,
        generators=(generator,),
        conditions=(make_condition("real"), make_condition("synthetic", generator)),
        num_waiting=0,
        making={"generate.seed": 0, "generate.temperature": 1.0, "curate.max_copy": 0.8},
        training={"train.epochs": 3, "train.learning_rate": 5e-5},
        strategies={"zero_shot": {"base": "zero_shot", "shots": 0, "chain_length": 10}},
        tasks={"weather": {"real data": "d" * 64, "pool": "e" * 64, "labels": list(LABELS)}},
        prompts={"weather": {"per_label": {"rainy": 40, "sunny": 40}}},
        students={"bert": {"weights": "b" * 64}},
        corpora={key: make_manifest(generator)},
    )


def improve(condition: TrainedCondition, num_items: int) -> TrainedCondition:
    """Return the condition with the first items right whatever was said of them."""
    cells = tuple(
        replace(
            cell,
            predictions=tuple(
                replace(row, predicted=row.gold) if n < num_items else row
                for n, row in enumerate(cell.predictions)
            ),
        )
        for cell in condition.cells
    )
    return replace(condition, cells=cells)


def warn(first: RunFacts, other: RunFacts) -> dict[str, tuple[str, str]]:
    found = list_setting_differences(first, other, match_conditions(first, other).pairs)
    return {one.what: (one.first, one.other) for one in found}


def test_a_run_with_itself_differs_in_nothing() -> None:
    [runs] = compare_facts([make_run(), make_run()], QUICK).runs
    assert runs.unlike == ()
    assert (runs.only_first, runs.only_other, runs.omitted) == ((), (), ())
    assert len(runs.pairs) == 2
    for one in (d for pair in runs.pairs for d in pair.result.differences):
        assert (one.interval.point, one.interval.low, one.interval.high) == (0, 0, 0)
        assert (one.p, one.p_holm) == (1, 1)


def test_a_planted_difference_has_its_sign_and_a_p_corrected_over_the_whole_call() -> None:
    run = make_run()
    real, synthetic = run.conditions
    better = replace(run, name="better", conditions=(real, improve(synthetic, 60)))
    nearly = replace(run, name="nearly", conditions=(real, improve(synthetic, 12)))
    found = compare_facts([run, better, nearly], QUICK)
    by_name = {
        (runs.other, pair.other.source): pair.result.differences[0]
        for runs in found.runs
        for pair in runs.pairs
    }
    planted = by_name["better", "synthetic"]
    assert planted.items_only.low > 0
    assert planted.interval.point == pytest.approx(planted.other - planted.first)
    raw = [one.p for one in by_name.values()]
    expected = multipletests(raw, method="holm")[1]
    assert [one.p_holm for one in by_name.values()] == pytest.approx(list(expected))
    assert planted.p < planted.p_holm < 0.05
    assert by_name["better", "real"].p_holm == 1


def test_two_single_generators_are_matched_across_their_names() -> None:
    [runs] = compare_facts([make_run("fake-a"), make_run("fake-b", "two")], QUICK).runs
    assert runs.generators == ("fake-a", "fake-b")
    assert [(p.first.generator, p.other.generator) for p in runs.pairs] == [
        ("-", "-"),
        ("fake-a", "fake-b"),
    ]
    assert runs.unlike == ()  # other weights are what is compared


def test_with_several_generators_names_decide() -> None:
    first = make_run("fake-a")
    other = replace(
        make_run("fake-b"),
        generators=("fake-b", "fake-c"),
        conditions=(make_condition("real"), make_condition("synthetic", "fake-b")),
    )
    found = match_conditions(first, other)
    assert found.generators is None
    assert [one.first.condition.source for one in found.pairs] == ["real"]
    assert found.only_first == ("weather / synthetic / fake-a / zero_shot / bert / n80",)
    assert found.only_other == ("weather / synthetic / fake-b / zero_shot / bert / n80",)


def test_conditions_that_differ_in_rows_only_are_paired_where_that_is_clear() -> None:
    run = make_run()
    sizes = {
        name: replace(run, conditions=tuple(make_condition("real", num_train=n) for n in numbers))
        for name, numbers in {"a": (80, 60), "b": (60, 70), "c": (50, 70)}.items()
    }

    def pair(left: str, right: str) -> list[tuple[int, int]]:
        return [
            (one.first.condition.num_train, one.other.condition.num_train)
            for one in match_conditions(sizes[left], sizes[right]).pairs
        ]

    assert pair("a", "b") == [(80, 70), (60, 60)]
    assert pair("a", "c") == []
    assert len(match_conditions(sizes["a"], sizes["c"]).only_first) == 2


def change_making(run: RunFacts) -> RunFacts:
    return replace(run, making={**run.making, "generate.seed": 1})


def change_training(run: RunFacts) -> RunFacts:
    return replace(run, training={**run.training, "train.epochs": 4})


def change_strategy(run: RunFacts) -> RunFacts:
    return replace(run, strategies={"zero_shot": {**run.strategies["zero_shot"], "shots": 2}})


def change_pool(run: RunFacts) -> RunFacts:
    return replace(run, tasks={"weather": {**run.tasks["weather"], "pool": "f" * 64}})


def change_per_label(run: RunFacts) -> RunFacts:
    return replace(run, prompts={"weather": {"per_label": {"rainy": 30, "sunny": 40}}})


def change_student(run: RunFacts) -> RunFacts:
    return replace(run, students={"bert": {"weights": "c" * 64}})


def change_corpus(**values: Any) -> Callable[[RunFacts], RunFacts]:
    key = CorpusKey("weather", "fake-a", "zero_shot")
    return lambda run: replace(run, corpora={key: make_manifest("fake-a", **values)})


def change_rows(run: RunFacts) -> RunFacts:
    return replace(run, conditions=(make_condition("real", num_train=60), run.conditions[1]))


def change_seeds(run: RunFacts) -> RunFacts:
    return replace(run, conditions=(make_condition("real", seeds=(1, 2)), run.conditions[1]))


def change_steps(run: RunFacts) -> RunFacts:
    real = run.conditions[0]
    return replace(run, conditions=(replace(real, facts={**real.facts, "steps": 31}),))


ENGINE = {"name": "vllm", "version": "1", "dtype": "float32", "device": "cpu"}
HALF = {**ENGINE, "name": "fake", "dtype": "bfloat16"}


@pytest.mark.parametrize(
    ("change", "what", "first", "other"),
    [
        (change_making, "generate.seed", "0", "1"),
        (change_training, "train.epochs", "3", "4"),
        (change_strategy, "strategy zero_shot: shots", "0", "2"),
        (change_pool, "pool", "e" * 12, "f" * 12),
        (
            change_per_label,
            "per_label",
            '{"rainy": 40, "sunny": 40}',
            '{"rainy": 30, "sunny": 40}',
        ),
        (change_student, "student bert: weights", "b" * 12, "c" * 12),
        (change_corpus(grade="seeded"), "grade", "exact", "seeded"),
        (change_corpus(engine=ENGINE), "engine", "fake 1", "vllm 1"),
        (
            change_corpus(engine={**ENGINE, "name": "fake", "dtype": "bfloat16"}),
            "dtype",
            "float32",
            "bfloat16",
        ),
        (
            change_corpus(generator_digest={"total": "d" * 64}),
            "generator's weights",
            "a" * 12,
            "d" * 12,
        ),
        (change_rows, "training rows", '{"real": 80}', '{"real": 60}'),
        (change_seeds, "seeds", "0, 1", "1, 2"),
        (change_steps, "steps", "30", "31"),
    ],
)
def test_what_is_unlike_is_named_with_both_values(
    change: Callable[[RunFacts], RunFacts], what: str, first: str, other: str
) -> None:
    assert warn(make_run(), change(make_run())) == {what: (first, other)}


def test_settings_of_generation_are_no_warning_where_nothing_synthetic_is_compared() -> None:
    first, other = (
        replace(run, conditions=run.conditions[:1])
        for run in (make_run(), change_per_label(change_making(make_run())))
    )
    assert warn(first, other) == {}


def test_a_difference_of_many_conditions_is_named_once_with_all_of_them() -> None:
    other = replace(
        make_run(),
        conditions=tuple(replace(c, facts={**c.facts, "steps": 9}) for c in make_run().conditions),
    )
    [found] = list_setting_differences(make_run(), other, match_conditions(make_run(), other).pairs)
    assert found.where == tuple(format_condition(one.condition) for one in other.conditions)


def test_partners_without_a_common_seed_are_named_and_the_rest_is_compared() -> None:
    other = replace(
        make_run(), conditions=(make_condition("real", seeds=(7,)), make_run().conditions[1])
    )
    [runs] = compare_facts([make_run(), other], QUICK).runs
    assert [pair.first.source for pair in runs.pairs] == ["synthetic"]
    assert runs.omitted == ("weather / real / bert / n80: no seed in common: 0, 1 against 7",)


def test_where_nothing_can_be_compared_the_reason_is_said() -> None:
    first = make_run()
    waiting = replace(first, name="two", conditions=(), num_waiting=4)
    with pytest.raises(DataError, match="two: no cell has predictions, 4 are to be trained"):
        compare_facts([first, waiting], QUICK)
    real = replace(first, conditions=first.conditions[:1])
    synthetic = replace(first, name="two", conditions=first.conditions[1:])
    with pytest.raises(DataError, match="no condition in common; one has weather / real"):
        compare_facts([real, synthetic], QUICK)
    seeds = replace(real, name="two", conditions=(make_condition("real", seeds=(9,)),))
    with pytest.raises(DataError, match="no seed in common: 0, 1 against 9"):
        compare_facts([real, seeds], QUICK)


def test_another_text_under_the_same_number_is_another_item() -> None:
    run = make_run()
    texts = {f"t{number}": f"text {number}" for number in range(120)}
    other_texts = texts | {"t3": "changed", "t5": "changed"}
    sides = [
        replace(run, conditions=tuple(name_by_text(one, said) for one in run.conditions))
        for said in (texts, other_texts)
    ]
    [runs] = compare_facts(sides, QUICK).runs
    for pair in runs.pairs:
        found = (pair.result.num_items, pair.result.num_only_first, pair.result.num_only_other)
        assert found == (118, 2, 2)


def test_costs_stand_beside_what_students_made_of_the_corpus() -> None:
    found = compare_facts([make_run(), make_run(name="two"), make_run(name="two")], QUICK)
    assert [cost.run for cost in found.costs] == ["one", "two"]
    cost = found.costs[0]
    assert (cost.accepted, cost.admitted, cost.surplus, cost.tokens) == (80, 100, 4, 1600)
    assert (cost.refused_share, cost.seconds_per_row) == (0.16, 0.25)
    [score] = cost.scores
    pair = found.runs[0].pairs[1]
    assert score.macro_f1 == pytest.approx(pair.result.differences[0].first)


def test_a_corpus_without_rows_has_no_cost_per_row() -> None:
    empty = make_manifest("fake-a", accepted={}, admitted={}, drops={}, complete=False)
    run = replace(make_run(), corpora={CorpusKey("weather", "fake-a", "zero_shot"): empty})
    cost = compare_facts([run, run], QUICK).costs[0]
    assert (cost.refused_share, cost.seconds_per_row, cost.complete) == (None, None, False)


def test_the_name_of_a_pair_shows_both_values_of_what_differs() -> None:
    from synth_local.cli.compare_command import _name  # noqa: PLC0415

    [runs] = compare_facts([make_run("fake-a"), make_run("fake-b")], QUICK).runs
    pair: ComparedPair = runs.pairs[1]
    assert _name(pair) == "weather / synthetic / fake-a|fake-b / zero_shot / bert / n80"


def bring(run: RunFacts, name: str, digest: str) -> RunFacts:
    """Return the run with a corpus brought along under ``name``."""
    key = CorpusKey("weather", name, "brought")
    made = make_condition("synthetic", name)
    condition = replace(made.condition, strategy="brought")
    cells = tuple(replace(c, cell=replace(c.cell, strategy="brought")) for c in made.cells)
    one = replace(made, condition=condition, corpus=key, cells=cells)
    about = {"strategy": "brought", "generator_digest": {"total": digest}}
    manifest = make_manifest(name, **about, brought={"file": "f", "digest": digest, "rows": 9})
    corpora = {**run.corpora, key: manifest}
    return replace(run, conditions=(*run.conditions, one), corpora=corpora)


def test_corpora_brought_along_belong_together_by_name_alone() -> None:
    first = bring(make_run("fake-a"), "old-chat", "1" * 64)
    other = bring(make_run("fake-b", "two"), "older-chat", "2" * 64)
    found = match_conditions(first, other)
    assert [one.first.condition.generator for one in found.pairs] == ["-", "fake-a"]
    assert "old-chat" in found.only_first[0]
    assert "older-chat" in found.only_other[0]


def test_a_corpus_brought_along_differs_by_its_file_and_has_no_cost() -> None:
    first, other = make_run(), make_run(name="two")
    first = replace(first, conditions=first.conditions[:1], corpora={})
    other = replace(
        other,
        conditions=other.conditions[:1],
        corpora={},
        making={**other.making, "generate.seed": 1, "curate.max_copy": 0.5},
    )
    first, other = bring(first, "old-chat", "1" * 64), bring(other, "old-chat", "2" * 64)
    unlike = warn(first, other)
    assert unlike["file brought along"] == ("1" * 12, "2" * 12)
    assert "curate.max_copy" in unlike
    assert "generate.seed" not in unlike
    costs = compare_facts([first, other], QUICK).costs
    assert {(one.tokens, one.seconds, one.seconds_per_row) for one in costs} == {(None, None, None)}
