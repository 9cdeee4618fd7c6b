"""What is named in a run file later changes no cell that was planned before."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from synth_local.config import load_run_file
from synth_local.config.run_file import Source
from synth_local.pipeline.steps.train import read_training_rows
from synth_local.run.cells import CellPlan
from synth_local.run.context import Context
from synth_local.store.run_dir import RunDir
from tests.pipeline.conftest import SmallRun, make_small_run

SOURCES = list(get_args(Source))
BASE: dict[str, Any] = {
    "strategies": ["zero_shot"],
    "sources": ["real", "synthetic", "pool", "pool+synthetic"],
    "students": ["tfidf-logreg", "scratch-bert", "majority"],
    "seeds": [0, 1],
}
WHOLE, SHORT, LACKING = (
    {"sunny": 40, "rainy": 40},
    {"sunny": 31, "rainy": 29},
    {"sunny": 40, "rainy": 0},
)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    return make_small_run(tmp_path)


def open_run(small: SmallRun, **values: Any) -> Context:
    small.change(**(BASE | {"learning_curve": [], "corpus_seeds": []} | values))
    return Context(RunDir(small.out.resolve()), load_run_file(small.run_file))


def plan(context: Context, *accepted: dict[str, int]) -> dict[str, CellPlan]:
    """Return the cells by name; corpora beyond ``accepted`` are whole."""
    counts = [*accepted, *[WHOLE] * len(context.corpora.keys)]
    manifests: Any = {
        key: SimpleNamespace(accepted=rows, corpus_digest=str(key))
        for key, rows in zip(sorted(context.corpora.keys, key=str), counts, strict=False)
    }
    return {one.cell.name: one for one in context.planner.plan(manifests)}


@pytest.mark.parametrize("counts", [WHOLE, SHORT, LACKING], ids=["whole", "short", "lacking"])
@pytest.mark.parametrize(
    "added",
    [
        {"sources": SOURCES},
        {"sources": [*reversed(SOURCES)]},
        {"seeds": [0, 1, 2]},
        {"generators": ["fake-a", "fake-b"]},
        {"generators": ["fake-b", "fake-a"]},
        {"learning_curve": [5, 10, 30, 1000]},
        {"corpus_seeds": [7]},
    ],
    ids=lambda added: next(iter(added)),
)
def test_cells_that_are_there_keep_rows_steps_and_identity(
    small: SmallRun, added: dict[str, Any], counts: dict[str, int]
) -> None:
    before = plan(open_run(small), counts)
    after = plan(open_run(small, **added), counts)
    for name, one in before.items():
        found = after[name]
        assert (found.fingerprint, found.steps) == (one.fingerprint, one.steps), name
        assert set(one.rows.sources) <= set(found.rows.sources), name
        assert set(one.partners) <= set(found.partners), name


def test_a_student_that_draws_nothing_is_trained_once_unless_its_rows_are_cut(
    small: SmallRun,
) -> None:
    context = open_run(small, sources=SOURCES, seeds=[3, 1])
    cells = [one.cell for one in plan(context, WHOLE).values()]
    seeds: dict[tuple[str, str], list[int]] = {}
    for cell in cells:
        seeds.setdefault((cell.student, cell.source), []).append(cell.seed)
    assert seeds["tfidf-logreg", "real"] == [3, 1]  # 40 of 100 rows of each label
    assert seeds["tfidf-logreg", "real_all"] == seeds["majority", "pool"] == [3]
    assert seeds["tfidf-logreg", "pool+synthetic"] == [3]
    assert {tuple(one) for (student, _), one in seeds.items() if student == "scratch-bert"} == {
        (3, 1)
    }
    assert [cell.name for cell in context.planner.expect()] == [cell.name for cell in cells]


def test_partners_are_cells_that_are_trained(small: SmallRun) -> None:
    plans = plan(open_run(small, sources=SOURCES, learning_curve=[5]), SHORT)
    wanted = {partner.name for one in plans.values() for partner in one.partners}
    assert wanted <= plans.keys()
    partners = {
        one.cell.source: [partner.source for partner in one.partners] for one in plans.values()
    }
    assert partners["real+synthetic"] == ["real_all"]
    assert partners["synthetic"] == ["real", "real_all"]  # all of its rows: it serves both
    assert partners["pool+synthetic"] == ["pool", "pool_balanced"]
    assert partners["real"] == partners["real_all"] == partners["pool"] == []


def test_training_seeds_draw_other_rows_where_rows_are_cut(small: SmallRun) -> None:
    context = open_run(small, sources=SOURCES)
    plans = plan(context, SHORT)
    splits = context.data.splits(context.tasks["weather"])
    rows = {
        (one.cell.source, one.cell.seed): read_training_rows(
            context.run, splits, one.rows, one.cell.seed
        )
        for one in plans.values()
        if one.cell.student == "scratch-bert" and one.rows.corpus is None
    }
    assert {len(rows["real", seed]) for seed in (0, 1)} == {60}
    assert rows["real", 0] != rows["real", 1]
    assert rows["real_all", 0] == rows["real_all", 1]
    pool = splits.pool
    assert set(rows["pool_balanced", 0]) == set(pool)
    assert len(rows["pool_balanced", 0]) == len(pool) + 60
