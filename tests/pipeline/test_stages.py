"""A stage is in every table that speaks of stages: none leaves it out without a word."""

from __future__ import annotations

import pytest

from synth_local.commands.status import read_status
from synth_local.config import load_run_file
from synth_local.config.site import StagesSite
from synth_local.pipeline import run_local, step
from synth_local.run.context import open_context, resolve_config, store_config
from synth_local.run.identity.fingerprints import VERSIONS
from synth_local.run.not_here import list_stages_left
from synth_local.run.stages import PER_GENERATOR, PREPARE, READ_RESULTS, STAGES, STEPS
from synth_local.store.run_dir import RunDir
from tests.pipeline.conftest import SmallRun


def test_every_table_of_stages_has_all_of_them() -> None:
    assert set(step._STEPS) == set(STEPS)
    assert tuple(run_local._RUNNERS) == STAGES
    assert set(STAGES) <= set(VERSIONS)
    assert set(PER_GENERATOR) | READ_RESULTS == set(STAGES)
    # analyze and report are done by the job of evaluate
    assert set(StagesSite.model_fields) == {PREPARE, *STAGES} - {"analyze", "report"}


def test_what_is_left_and_the_status_know_every_stage(
    small_run: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(small_run.folder / "models"))
    run = RunDir(small_run.out)
    store_config(resolve_config(load_run_file(small_run.run_file), run), run)
    context = open_context(small_run.out, reads_weights=False)
    assert list_stages_left(context.look()) == list(STAGES)
    assert [stage.stage for stage in read_status(context).stages] == list(STAGES)
