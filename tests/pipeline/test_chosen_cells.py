"""``compare`` on cells of runs: how an argument is read, and what then belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synth_local.commands.compare.cell_filter import PARTS, choose_cells, parse_cells
from synth_local.commands.compare.compare import compare_facts
from synth_local.commands.compare.differences import list_setting_differences
from synth_local.commands.compare.match import match_conditions
from synth_local.commands.compare.run_facts import RunFacts, TrainedCondition
from synth_local.errors import ConfigError, DataError
from synth_local.evaluate.summary import Condition
from synth_local.records import Result
from synth_local.store.run_dir import CorpusKey
from tests.pipeline.test_compare_runs import QUICK, improve, make_manifest, make_run
from tests.pipeline.test_compare_runs import make_condition as make_any_condition


def make_condition(
    source: str,
    generator: str = "-",
    strategy: str = "-",
    num_train: int = 80,
    **parts: Any,
) -> TrainedCondition:
    """Make a condition with the facts that a real run says of it."""
    made = make_any_condition(source, generator, num_train)
    condition = replace(made.condition, strategy=strategy, **parts)
    cells = tuple(
        replace(one, cell=replace(one.cell, strategy=strategy, **parts)) for one in made.cells
    )
    counts = {"rainy": num_train // 2, "sunny": num_train - num_train // 2}
    rows = {
        "real": {} if source == "synthetic" else counts,
        "synthetic": counts if source == "synthetic" else {},
    }
    corpus = CorpusKey(condition.task, generator, strategy) if source == "synthetic" else None
    facts = {**made.facts, "training rows": rows}
    return replace(made, condition=condition, cells=cells, corpus=corpus, facts=facts)


def make_wide_run(name: str = "wide") -> RunFacts:
    """Make a run with two generators that are asked in two ways."""
    made = [
        make_condition("synthetic", generator, strategy)
        for generator in ("xs", "s")
        for strategy in ("zero_shot", "few_shot")
    ]
    keys = [one.corpus for one in made if one.corpus]
    return replace(
        make_run(name=name),
        generators=("xs", "s"),
        conditions=(make_condition("real"), *made),
        strategies={"zero_shot": {"shots": 0}, "few_shot": {"shots": 3}},
        corpora={key: replace(make_manifest(key.generator), strategy=key.strategy) for key in keys},
    )


def choose(run: RunFacts, choice: str) -> RunFacts:
    return choose_cells(run, parse_cells(f"{run.name}::{choice}"))


def pair_up(first: RunFacts, other: RunFacts) -> list[tuple[str, str]]:
    def spell(one: TrainedCondition) -> str:
        part = one.condition
        return f"{part.source} {part.generator} {part.strategy} {part.num_train}"

    return [(spell(p.first), spell(p.other)) for p in match_conditions(first, other).pairs]


def warn(first: RunFacts, other: RunFacts) -> dict[str, tuple[str, str]]:
    found = list_setting_differences(first, other, match_conditions(first, other).pairs)
    return {one.what: (one.first, one.other) for one in found}


@pytest.mark.parametrize(
    ("text", "directory", "parts"),
    [
        ("runs/a", "runs/a", {}),
        ("runs/a::strategy=few_shot", "runs/a", {"strategy": "few_shot"}),
        (
            "a::source=pool+synthetic,generator=-,num_train=080",
            "a",
            {"source": "pool+synthetic", "generator": "-", "num_train": "80"},
        ),
        ("odd::name::task=x", "odd::name", {"task": "x"}),
    ],
)
def test_an_argument_is_a_directory_and_parts(
    text: str, directory: str, parts: Mapping[str, str]
) -> None:
    asked = parse_cells(text)
    assert (asked.text, asked.directory, asked.parts) == (text, Path(directory), parts)


def test_a_directory_with_the_mark_in_its_name_is_a_directory(tmp_path: Path) -> None:
    folder = tmp_path / "a::strategy=few_shot"
    folder.mkdir()
    assert parse_cells(str(folder)).directory == folder
    assert parse_cells(f"{folder}::task=x").parts == {"task": "x"}


def test_parts_are_columns_of_the_results() -> None:
    assert set(PARTS) <= set(Result.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "problem", "fix"),
    [
        ("a::", "'' is not PART=VALUE", "DIR::PART=VALUE"),
        ("a::few_shot", "'few_shot' is not PART=VALUE", "DIR::PART=VALUE"),
        ("a::task=x,", "'' is not PART=VALUE", "DIR::PART=VALUE"),
        ("a::stratgy=few_shot", "no part 'stratgy'", "did you mean 'strategy'"),
        ("a::rows=80", "no part 'rows'", "num_train, its number of rows"),
        ("a::strategy=", "strategy has no value", "DIR::PART=VALUE"),
        ("a::task=x,task=y", "task is chosen twice: 'x' and 'y'", "choose one"),
        ("a::num_train=many", "num_train is no whole number: 'many'", "digits"),
        ("a::num_train=-1", "num_train is no whole number: '-1'", "digits"),
        ("a::num_train=²", "num_train is no whole number: '²'", "digits"),
        ("::task=x", "no run directory before '::'", "DIR::PART=VALUE"),
    ],
)
def test_a_misspelled_argument_is_refused_with_its_place(text: str, problem: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_cells(text)
    assert problem in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.where == text


@pytest.mark.parametrize(
    ("choice", "problem", "fix"),
    [
        ("strategy=few-shot", "strategy 'few-shot'", "choose from -, few_shot, zero_shot (did you"),
        ("num_train=70", "num_train '70'", "choose from 80"),
        (
            "source=real,generator=xs",
            "source=real, generator=xs at once",
            "source from synthetic, with generator=xs; or generator from -, with source=real",
        ),
    ],
)
def test_a_choice_that_nothing_is_like_says_what_there_is(
    choice: str, problem: str, fix: str
) -> None:
    with pytest.raises(DataError) as caught:
        choose(make_wide_run(), choice)
    assert problem in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.where == f"wide::{choice}"


def test_repeats_of_a_corpus_cannot_be_chosen_alone() -> None:
    run = make_wide_run()
    again = replace(make_condition("synthetic", "xs", "zero_shot.c1"), is_repeat=True)
    run = replace(run, conditions=(*run.conditions, again))
    with pytest.raises(DataError, match=r"strategy 'zero_shot\.c1'") as caught:
        choose(run, "strategy=zero_shot.c1")
    assert "repeats of a corpus are left out" in caught.value.fix


def test_chosen_cells_without_predictions_are_named_and_counted() -> None:
    run = make_wide_run()
    waiting = tuple(
        Condition(
            task="weather",
            source="synthetic",
            generator="l",
            strategy=strategy,
            student="bert",
            num_train=80,
        )
        for strategy in ("zero_shot", "few_shot")
    )
    run = replace(run, num_waiting=2, waiting=waiting)
    chosen = choose(run, "generator=l,strategy=few_shot")
    assert (chosen.conditions, chosen.num_waiting) == ((), 1)
    with pytest.raises(DataError, match="no cell has predictions, 1 are to be trained"):
        compare_facts([chosen, choose(run, "strategy=zero_shot")], QUICK)


def test_two_strategies_of_a_run_are_paired_for_each_generator() -> None:
    run = make_wide_run()
    sides = choose(run, "strategy=zero_shot"), choose(run, "strategy=few_shot")
    assert pair_up(*sides) == [
        ("synthetic xs zero_shot 80", "synthetic xs few_shot 80"),
        ("synthetic s zero_shot 80", "synthetic s few_shot 80"),
    ]
    assert warn(*sides) == {}


def test_two_generators_of_a_run_are_paired_for_each_strategy() -> None:
    run = make_wide_run()
    sides = choose(run, "generator=xs"), choose(run, "generator=s")
    assert pair_up(*sides) == [
        ("synthetic xs zero_shot 80", "synthetic s zero_shot 80"),
        ("synthetic xs few_shot 80", "synthetic s few_shot 80"),
    ]
    assert warn(*sides) == {}
    [runs] = compare_facts(sides, QUICK).runs
    assert (runs.first, runs.other, runs.generators) == (
        "wide::generator=xs",
        "wide::generator=s",
        None,
    )
    assert (runs.only_first, runs.only_other) == ((), ())


def test_a_corpus_is_set_beside_real_rows() -> None:
    run = make_wide_run()
    chosen = choose(run, "source=synthetic,generator=xs,strategy=few_shot")
    sides = choose(run, "source=real"), chosen
    assert pair_up(*sides) == [("real - - 80", "synthetic xs few_shot 80")]
    assert warn(*sides) == {}
    found = compare_facts(sides, QUICK)
    assert [(one.run, one.generator, one.strategy) for one in found.costs] == [
        (chosen.name, "xs", "few_shot")
    ]
    assert [score.source for score in found.costs[0].scores] == ["synthetic"]


def test_a_planted_difference_of_two_strategies_has_its_sign() -> None:
    run = make_wide_run()
    conditions = [
        improve(one, 60) if one.condition.strategy == "few_shot" else one for one in run.conditions
    ]
    run = replace(run, conditions=tuple(conditions))
    sides = choose(run, "strategy=zero_shot"), choose(run, "strategy=few_shot")
    for pair in compare_facts(sides, QUICK).runs[0].pairs:
        assert pair.result.differences[0].items_only.low > 0


def test_several_candidates_are_left_out_and_the_rest_is_compared() -> None:
    run = make_wide_run()
    other = replace(
        run,
        name="other",
        conditions=tuple(
            one
            for one in run.conditions
            if (one.condition.generator, one.condition.strategy) != ("s", "few_shot")
        ),
    )
    first = choose(run, "generator=xs")
    assert pair_up(first, other) == [("synthetic xs few_shot 80", "synthetic xs few_shot 80")]
    found = match_conditions(first, other)
    assert found.ambiguous == (
        "weather / synthetic / zero_shot / bert: other leaves open which generator (s, xs); "
        "choose one, such as other::generator=s",
    )
    assert (found.only_first, found.only_other) == ((), ("weather / real / bert / n80",))
    [runs] = compare_facts([first, other], QUICK).runs
    assert runs.omitted == found.ambiguous


def test_candidates_with_other_numbers_of_rows_are_not_paired_by_chance() -> None:
    run = make_wide_run()
    short = replace(
        run,
        name="short",
        conditions=(
            make_condition("synthetic", "xs", "zero_shot"),
            make_condition("synthetic", "s", "zero_shot", num_train=70),
        ),
    )
    assert pair_up(choose(run, "generator=s"), short) == []


def test_where_all_is_ambiguous_the_reason_is_what_to_choose() -> None:
    run = make_wide_run()
    with pytest.raises(DataError) as caught:
        compare_facts(
            [choose(run, "source=synthetic,strategy=zero_shot"), choose(run, "generator=s")], QUICK
        )
    assert "wide::source=synthetic,strategy=zero_shot leaves open which generator (s, xs)" in (
        caught.value.what
    )
    assert "such as wide::generator=s,strategy=few_shot" in caught.value.what
    assert "in common; " not in caught.value.what


def test_numbers_of_rows_differ_where_they_are_chosen() -> None:
    run = make_wide_run()
    sizes = tuple(make_condition("real", num_train=n) for n in (80, 40, 20))
    run = replace(run, conditions=sizes)
    sides = choose(run, "num_train=80"), choose(run, "num_train=20")
    assert pair_up(*sides) == [("real - - 80", "real - - 20")]
    assert warn(*sides) == {}
    assert pair_up(choose(run, "num_train=80"), run) == []
    # without a choice of rows the same numbers belong together, as of whole runs
    assert len(pair_up(choose(run, "source=real"), run)) == 3


def test_two_tasks_never_belong_together() -> None:
    run = make_wide_run()
    run = replace(run, conditions=(*run.conditions, make_condition("real", task="mail")))
    assert pair_up(choose(run, "task=mail"), choose(run, "task=weather")) == []
    assert pair_up(choose(run, "task=mail"), run) == [("real - - 80", "real - - 80")]


def test_what_differs_beside_the_choice_is_still_a_warning() -> None:
    run = make_wide_run()
    changed: dict[str, Any] = {
        "name": "other",
        "making": {**run.making, "generate.seed": 1},
        "strategies": {**run.strategies, "zero_shot": {"shots": 9}},
        "students": {"bert": {"weights": "c" * 64}},
        "corpora": {
            key: replace(one, engine={**one.engine, "dtype": "bfloat16"})
            for key, one in run.corpora.items()
        },
    }
    other = replace(run, **changed)
    sides = choose(run, "strategy=zero_shot"), choose(other, "strategy=few_shot")
    assert warn(*sides) == {
        "generate.seed": ("0", "1"),
        "dtype": ("float32", "bfloat16"),
        "student bert: weights": ("b" * 12, "c" * 12),
    }
    [dtype] = [
        one for one in list_setting_differences(*sides, match_conditions(*sides).pairs) if one.where
    ]
    assert dtype.where[0] == "weather / xs / zero_shot against weather / xs / few_shot"


def test_other_rows_per_label_are_a_warning_where_only_the_source_was_chosen() -> None:
    run = make_wide_run()
    real = make_condition("real")
    rows = {"real": {"rainy": 30, "sunny": 50}, "synthetic": {}}
    real = replace(real, facts={**real.facts, "training rows": rows})
    run = replace(run, conditions=(real, *run.conditions[1:]))
    sides = choose(run, "source=real"), choose(run, "generator=xs,strategy=few_shot")
    assert warn(*sides) == {
        "training rows": ('{"rainy": 30, "sunny": 50}', '{"rainy": 40, "sunny": 40}')
    }


def test_a_student_is_set_beside_a_generator_that_is_asked() -> None:
    run = make_wide_run()
    asked = make_condition("-", "xs", "zero_shot", 0, student="generator-itself")
    question = {"generator's weights": "a", "wording of the question": "b", "shots": 0}
    asked = replace(asked, facts={**asked.facts, **question})
    run = replace(run, conditions=(*run.conditions, asked))
    sides = (
        choose(run, "student=generator-itself"),
        choose(run, "student=bert,source=synthetic,generator=xs,strategy=few_shot"),
    )
    assert pair_up(*sides) == [("- xs zero_shot 0", "synthetic xs few_shot 80")]
    assert warn(*sides).keys() == {"training rows"}
