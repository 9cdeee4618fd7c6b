"""Corpora that lack a label: real texts are trained on all the same, and what is not is named."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from synth_local.config import load_run_file
from synth_local.errors import EXIT_NO
from synth_local.run.cells import CellPlanner
from synth_local.run.context import Context
from synth_local.run.untrained import explain_no_answer, find_untrained
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.train.sets.sources import plan_sets
from synth_local.train.sets.tags import RealCounts
from tests.pipeline.conftest import make_small_run

KEYS = [CorpusKey("weather", f"fake-{one}", "zero_shot") for one in "ab"]
WHOLE = {"sunny": 40, "rainy": 40}
LACKING = {"sunny": 40, "rainy": 0}
EMPTY = {"sunny": 0, "rainy": 0}


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    small = make_small_run(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    sources = ["real", "synthetic", "pool", "pool+synthetic", "real+synthetic"]
    small.change(generators=["fake-a", "fake-b"], strategies=["zero_shot"], sources=sources)
    return Context(RunDir(small.out.resolve()), load_run_file(small.run_file))


@pytest.fixture
def planner(context: Context) -> CellPlanner:
    return context.planner


def finish(*counts: dict[str, int]) -> Any:
    """Return manifests of finished corpora, as far as planning reads them."""
    return {
        key: SimpleNamespace(accepted=accepted, corpus_digest=str(key))
        for key, accepted in zip(KEYS, counts, strict=False)
    }


def list_real(planner: CellPlanner, manifests: Any) -> list[dict[str, int]]:
    plans = planner.plan(manifests)
    return [one.rows.real for one in plans if one.cell.source == "real"]


@pytest.mark.parametrize("lacking", [LACKING, EMPTY])
@pytest.mark.parametrize("is_first", [True, False])
def test_real_is_matched_to_the_corpora_that_have_every_label(
    planner: CellPlanner, lacking: dict[str, int], is_first: bool
) -> None:
    whole = {"sunny": 30, "rainy": 20}
    counts = (lacking, whole) if is_first else (whole, lacking)
    plans = planner.plan(finish(*counts))
    real = {one.cell: one.rows.real for one in plans if one.cell.source == "real"}
    assert sorted(real.values(), key=str) == [whole, WHOLE]  # and what the lacking one asks for
    [synthetic] = [one for one in plans if one.cell.source == "synthetic"]
    assert [real[one] for one in synthetic.partners] == [whole]


@pytest.mark.parametrize("lacking", [LACKING, EMPTY])
def test_real_is_trained_as_far_as_was_asked_where_every_corpus_lacks_a_label(
    planner: CellPlanner, lacking: dict[str, int]
) -> None:
    assert list_real(planner, finish(lacking, lacking)) == [WHOLE]  # per_label is 40
    assert find_untrained(planner, finish(lacking, lacking))


def test_real_is_no_larger_than_what_there_is() -> None:
    real = RealCounts({"a": 7, "b": 50}, {"a": 1, "b": 1})
    sets = plan_sets(("real",), "labels", real, {KEYS[0]: {"a": 0, "b": 9}}, {"a": 20, "b": 20})
    assert [one.real for one in sets if not one.list_empty(("a", "b"))] == [{"a": 7, "b": 20}]


def test_cells_of_whole_corpora_are_the_same_beside_one_that_lacks_a_label(
    planner: CellPlanner,
) -> None:
    alone = {(p.cell.name, p.fingerprint, p.steps) for p in planner.plan(finish(WHOLE))}
    beside = {(p.cell.name, p.fingerprint, p.steps) for p in planner.plan(finish(WHOLE, EMPTY))}
    assert alone <= beside


def test_what_is_not_trained_is_named_with_its_corpus_and_labels(planner: CellPlanner) -> None:
    [one] = find_untrained(planner, finish(WHOLE, LACKING))
    assert one.message == (
        "weather / fake-b / zero_shot: synthetic is not trained: its corpus has no row of 'rainy'"
    )
    assert find_untrained(planner, finish(WHOLE, WHOLE)) == []


def test_a_run_without_anything_to_train_has_no_answer_and_says_why(context: Context) -> None:
    config = context.config.model_copy(update={"sources": ("synthetic",)})
    blind = Context(context.run, config).planner
    manifests = finish(EMPTY, EMPTY)
    error = explain_no_answer(blind, manifests, len(blind.plan(manifests)))
    assert error is not None
    assert error.exit_code == EXIT_NO
    assert "no answer" in error.what
    assert "'sunny', 'rainy'" in error.what


def test_a_source_that_no_corpus_can_fill_has_no_answer_beside_one_that_has(
    planner: CellPlanner,
) -> None:
    manifests = finish(EMPTY, LACKING)
    num_cells = len(planner.plan(manifests))
    assert num_cells  # real is trained
    error = explain_no_answer(planner, manifests, num_cells)
    assert error is not None
    assert error.exit_code == EXIT_NO
    assert "no answer about synthetic" in error.what
    manifests = finish(WHOLE, LACKING)  # one corpus is enough
    assert explain_no_answer(planner, manifests, len(planner.plan(manifests))) is None


def test_a_run_that_asks_for_no_student_owes_no_answer(context: Context) -> None:
    config = context.config.model_copy(update={"students": ()})
    assert explain_no_answer(Context(context.run, config).planner, finish(EMPTY, EMPTY), 0) is None


def test_many_labels_without_a_row_are_not_all_listed() -> None:
    from synth_local.run.untrained import Untrained  # noqa: PLC0415

    labels = tuple("x" * 500 + str(number) for number in range(2000))
    message = Untrained("t", KEYS[0], "synthetic", labels).message
    assert len(message) < 900
    assert "and 1990 more" in message


def test_cells_that_a_brought_file_cannot_fill_are_not_planned(
    context: Context, tmp_path: Path
) -> None:
    rows = "".join(f'{{"text": "a sunny day {n}", "label": "sunny"}}\n' for n in range(9))
    (tmp_path / "mine.jsonl").write_text(rows)
    config = context.config.model_copy(
        update={"corpora": {"mine": str(tmp_path / "mine.jsonl")}, "generators": ()}
    )
    names = [cell.name for cell in Context(context.run, config).planner.expect()]
    assert "weather__real__-__-__tfidf-logreg__n80__s0" in names
    assert not [name for name in names if "__synthetic__" in name]
