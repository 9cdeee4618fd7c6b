"""Repeats as strategies: names, slots, identities and cells, from files alone."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from synth_local.commands.preview import preview_rows
from synth_local.config import load_run_file
from synth_local.core.stats import LabelTable
from synth_local.evaluate.groups import Group
from synth_local.evaluate.summary import Condition
from synth_local.pipeline.steps.evaluate.corpus_repeats import compare_repeats
from synth_local.records import Slot
from synth_local.run.cells import CellPlan
from synth_local.run.context import Context
from synth_local.store.run_dir import CorpusKey, RunDir
from tests.pipeline.conftest import SmallRun

FIRST = ["zero_shot", "few_shot"]


@pytest.fixture
def small(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(small_run.folder / "models"))
    return small_run


def open_small(small: SmallRun, **values: Any) -> Context:
    small.change(**values)
    return Context(RunDir(small.out), load_run_file(small.run_file))


def key_of(strategy: str) -> CorpusKey:
    return CorpusKey("weather", "fake-a", strategy)


def list_slots(context: Context, strategy: str) -> list[Slot]:
    plan = context.rounds.slot_plan(key_of(strategy))
    return list(plan.admitted(dict.fromkeys(plan.labels, 20)))


def identify(context: Context, names: Iterable[str]) -> list[tuple[str, str]]:
    keys = [key_of(name) for name in names]
    return [(context.identities.generation(k), context.identities.curation(k)) for k in keys]


def test_first_corpora_come_before_all_repeats(small: SmallRun) -> None:
    corpora = open_small(small, corpus_seeds=[8, 7]).corpora
    names = [key.strategy for key in corpora.keys]
    assert names == [*FIRST, "zero_shot.c8", "few_shot.c8", "zero_shot.c7", "few_shot.c7"]
    assert [corpora.is_repeat(key) for key in corpora.keys] == [False] * 2 + [True] * 4


def test_asking_for_repeats_changes_no_identity_of_what_is_there(small: SmallRun) -> None:
    before = open_small(small)
    after = open_small(small, corpus_seeds=[7, 8])
    assert identify(after, FIRST) == identify(before, FIRST)
    assert [list_slots(after, name) for name in FIRST] == [list_slots(before, n) for n in FIRST]
    more = open_small(small, corpus_seeds=[8, 7, 9])
    repeats = ["zero_shot.c7", "few_shot.c8"]
    assert identify(more, repeats) == identify(after, repeats)
    assert len(set(identify(more, [key.strategy for key in more.corpora.keys]))) == 2 * 4


def test_a_repeat_has_the_same_settings_and_draws_of_its_own(small: SmallRun) -> None:
    context = open_small(small, corpus_seeds=[7])
    plans = [context.rounds.slot_plan(key_of(name)) for name in ("few_shot", "few_shot.c7")]
    seeds = [plan.root_seed for plan in plans]
    assert seeds == [0, 7]
    for name in FIRST:
        one, other = context.corpora.strategies[name], context.corpora.strategies[f"{name}.c7"]
        assert (one.base, one.shots, one.chain_length) == (
            other.base, other.shots, other.chain_length,
        )  # fmt: skip
        slots, repeated = list_slots(context, name), list_slots(context, f"{name}.c7")
        assert not {slot.seed for slot in slots} & {slot.seed for slot in repeated}
        assert not {slot.id for slot in slots} & {slot.id for slot in repeated}
        assert [slot.label for slot in slots] == [slot.label for slot in repeated]
    drawn = [[s.exemplar_ids for s in list_slots(context, n)] for n in ("few_shot", "few_shot.c7")]
    assert drawn[0] != drawn[1]
    pool = {example.id for example in context.rounds.slot_plan(key_of("few_shot")).pool}
    assert {one for exemplars in drawn[1] for one in exemplars} <= pool


def test_another_generate_seed_leaves_the_repeats_as_they_are(small: SmallRun) -> None:
    before = open_small(small, corpus_seeds=[7])
    after = open_small(small, generate={"chain_length": 4, "shots": 2, "seed": 3})
    assert identify(after, ["zero_shot.c7"]) == identify(before, ["zero_shot.c7"])
    assert identify(after, ["zero_shot"]) != identify(before, ["zero_shot"])


def test_repeats_add_cells_and_change_none(small: SmallRun) -> None:
    students = ["tfidf-logreg", "majority", "generator-itself"]
    before = open_small(small, students=students, learning_curve=[5]).planner.expect()
    after = open_small(small, corpus_seeds=[7]).planner.expect()
    assert [cell for cell in after if not cell.strategy.endswith(".c7")] == before
    added = {(one.source, one.student, one.num_train) for one in after if one not in before}
    assert added == {("synthetic", "tfidf-logreg", 80), ("pool+synthetic", "tfidf-logreg", 98)}


def test_students_of_a_short_first_corpus_stay_where_its_repeat_is_whole(small: SmallRun) -> None:
    # small batches, so that ten more rows would be more optimiser steps
    context = open_small(small, corpus_seeds=[7], train={"batch": 8})
    short, whole = {"rainy": 30, "sunny": 40}, {"rainy": 40, "sunny": 40}

    def plan(**accepted: dict[str, int]) -> dict[str, CellPlan]:
        manifests: Any = {
            key_of(name.replace("_c7", ".c7")): SimpleNamespace(accepted=rows, corpus_digest=name)
            for name, rows in accepted.items()
        }
        plans = context.planner.plan(manifests)
        return {one.cell.name: one for one in plans}

    before = plan(zero_shot=short)
    after = plan(zero_shot_c7=whole, zero_shot=short)
    assert before == {name: one for name, one in after.items() if name in before}
    added = [one for name, one in after.items() if name not in before]
    assert [(one.cell.source, one.rows.num_train) for one in added] == [
        ("synthetic", 80), ("pool+synthetic", 98),
    ]  # fmt: skip
    assert all(one.partners == () for one in added)


def test_a_preview_shows_first_corpora_alone(small: SmallRun) -> None:
    context = open_small(small, corpus_seeds=[7])
    rows = preview_rows(context.config, small.out, 1)
    assert {row.key.strategy for row in rows} == set(FIRST)


def make_group(strategy: str, wrong: int, source: str = "synthetic", num_train: int = 80) -> Group:
    generator = "-" if source == "real" else "fake-a"
    condition = Condition(
        task="weather",
        source=source,
        generator=generator,
        strategy=strategy,
        student="tfidf-logreg",
        num_train=num_train,
    )
    partner = Condition(
        task="weather",
        source="real",
        generator="-",
        strategy="-",
        student="tfidf-logreg",
        num_train=80,
    )
    gold = np.array([0, 1] * 10)
    predicted = np.where(np.arange(20) < wrong, 1 - gold, gold)
    is_judged = source != "real" and ".c" not in strategy
    table = LabelTable(gold, predicted[None], 2)
    return Group(
        condition=condition,
        partners=(partner,) if is_judged else (),
        labels=("rainy", "sunny"),
        seeds=(0,),
        table=table,
    )


def test_scores_are_grouped_by_what_was_repeated(small: SmallRun) -> None:
    context = open_small(small, corpus_seeds=[8, 7])
    groups = [
        make_group("-", 0, "real"),
        make_group("zero_shot", 4),
        make_group("few_shot", 10),
        make_group("zero_shot.c7", 8, num_train=78),
        make_group("zero_shot.c8", 6),
    ]
    zero, few = compare_repeats(context.corpora.strategies, groups)
    assert zero.condition == "weather__synthetic__fake-a__zero_shot__tfidf-logreg"
    assert [(one.strategy, one.num_rows) for one in zero.corpora] == [
        ("zero_shot", 80), ("zero_shot.c8", 80), ("zero_shot.c7", 78),
    ]  # fmt: skip
    assert [one.macro_f1 for one in zero.corpora] == pytest.approx([0.8, 0.7, 0.6])
    assert zero.real == 1.0
    assert zero.gap is not None
    assert zero.gap.point == pytest.approx(0.3)
    # a repeat that is not there yet: the score stands, the interval does not
    assert (len(few.corpora), few.macro_f1, few.gap) == (1, None, None)
    assert "needs 2" in few.reason
