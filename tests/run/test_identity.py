"""Which change makes which outputs stale: the table behind decision 1."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from synth_local.config import load_run_file
from synth_local.run.context import Context
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey, RunDir
from tests.pipeline.conftest import SmallRun, make_rows, make_small_run, write_rows

KEY = CorpusKey("weather", "fake-a", "few_shot")
CORPUS = {"ledger", "checks", "corpus"}
AFTER = {"measures", "real cell", "synthetic cell", "scores", "analysis", "page"}
SCORES = {"scores", "analysis", "page"}
ANSWERS = "answers of the generator"
EVERYTHING = CORPUS | AFTER | {ANSWERS}
WRITTEN = EVERYTHING - {ANSWERS, "checks", "real cell"}
Change = Callable[[SmallRun], None]


def describe(small: SmallRun) -> dict[str, str]:
    """Return the identity of each kind of output, as if all were done."""
    context = Context(RunDir(small.out), load_run_file(small.run_file))
    identities = context.identities
    identity = identities.curation(KEY)
    counts = context.corpora.per_label("weather")
    manifest = make_manifest(identity, counts)
    state = context.look()
    vars(state).update(manifests={KEY: manifest}, open_cells=[])
    cells = {plan.cell.source: plan.fingerprint for plan in state.cells if plan.cell.seed == 0}
    return {
        "ledger": identities.generation(KEY),
        "checks": identities.checks(context.tasks["weather"]),
        "corpus": identity,
        ANSWERS: identities.classify(KEY, 0),
        "measures": identities.measure(KEY, manifest),
        "real cell": cells["real"],
        "synthetic cell": cells["synthetic"],
        "scores": state.evaluate_fingerprint,
        "analysis": state.analyze_fingerprint,
        "page": state.report_fingerprint,
    }


def make_manifest(identity: str, counts: dict[str, int]) -> Manifest:
    """Return the manifest of a whole corpus; its rows are decided by its identity."""
    return Manifest(
        task=KEY.task, generator=KEY.generator, strategy=KEY.strategy, fingerprint=identity,
        corpus_digest=identity, complete=True, shortfall="", planned=counts, admitted=counts,
        accepted=counts, drops={}, rounds=1, tokens={}, seconds=0.0, engine={}, grade="exact",
        generator_digest={}, has_seen=[], near_test_matches=0, created="", version="",
    )  # fmt: skip


def change_run(**values: Any) -> Change:
    return lambda small: small.change(**values)


def change_section(section: str, **values: Any) -> Change:
    def change(small: SmallRun) -> None:
        stored = yaml.safe_load(small.run_file.read_text()).get(section, {})
        small.change(**{section: stored | values})

    return change


def change_task(**values: Any) -> Change:
    def change(small: SmallRun) -> None:
        path = small.folder / "weather.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values, sort_keys=False))

    return change


def change_weights(small: SmallRun) -> None:
    path = small.folder / "models" / "fake-a" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"words": 7}))


def change_test(small: SmallRun) -> None:
    write_rows(small.folder / "test.jsonl", make_rows(80, 9))


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        (change_run(seeds=[0, 1]), SCORES),
        (change_run(margin=0.05), SCORES),
        (change_section("generate", temperature=0.5), WRITTEN),
        (change_section("generate", max_num_seqs=7), {"page"}),
        (change_section("generate", shots=3), WRITTEN | {ANSWERS}),
        (change_section("curate", near_duplicates=0.5), {"corpus"} | (AFTER - {"real cell"})),
        # real rows near a test text leave as well, so that the data are others
        (change_section("curate", max_copy=0.5), EVERYTHING),
        (change_section("measure", subsamples=30), {"measures", "page"}),
        (change_section("train", learning_rate=0.5), {"real cell", "synthetic cell"} | SCORES),
        (change_section("train", checkpoint_minutes=3.0), {"page"}),
        (change_task(context="You write postcards."), WRITTEN | {ANSWERS}),
        (change_weights, WRITTEN | {ANSWERS}),
        (change_test, EVERYTHING - {"ledger"}),
    ],
    ids=[
        "seed", "margin", "temperature", "speed of generation", "exemplars", "near-duplicates",
        "copies", "subsamples", "learning rate", "checkpoints", "context", "weights", "test texts",
    ],
)  # fmt: skip
def test_a_change_makes_these_outputs_stale(
    change: Change, stale: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_small_run(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(small.folder / "models"))
    before = describe(small)
    change(small)
    after = describe(small)
    assert {name for name in before if before[name] != after[name]} == stale
