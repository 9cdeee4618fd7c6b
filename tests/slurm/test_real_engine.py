"""A real generator served by vLLM and a real student, locally and as jobs on two nodes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from synth_local.store.ledger import read_ledger
from synth_local.store.run_dir import CorpusKey, RunDir
from tests.pipeline.conftest import SmallRun
from tests.pipeline.real_model import PER_LABEL, RealModel
from tests.slurm.conftest import SubmittedRun, read_corpora
from tests.slurm.test_submission import read_results

pytestmark = [pytest.mark.slow, pytest.mark.slurm, pytest.mark.vllm, pytest.mark.timeout(1200)]
MakeRun = Callable[..., SubmittedRun]
THREADS = 2  # of the local run, too: with another number sums are rounded differently
NUM_SHARDS = 3  # of two processors each, more than the four of one node: both nodes work


def make_small(real_model: RealModel, folder: Path, dtype: str) -> SmallRun:
    small = real_model.make_run(folder)
    generate = {"chain_length": 3, "shots": 2, "max_tokens": 32, "dtype": dtype}
    small.change(
        students=["scratch-bert"],
        sources=["real", "synthetic"],
        train={"epochs": 6, "min_steps": 48, "batch": 16, "learning_rate": 1e-3},
        generate=generate,
        engine="vllm",
    )
    return small


def run_locally(small: SmallRun, dtype: str, *options: str) -> SmallRun:
    local = replace(small, out=small.folder.parent / f"local-{dtype}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", str(THREADS))
        done = local.run(*options)
    assert done.returncode == 0, done.stderr
    return local


def submit(run: SubmittedRun, num_shards: int) -> dict[str, str]:
    names = ("prepare", "curate", "measure", "evaluate")
    stages = {name: {"cpus": THREADS} for name in names}
    stages["generate"] = {"shards": num_shards, "cpus": THREADS}
    stages["train"] = {"shards": 2, "cpus": THREADS}
    run.change_site(stages=stages)
    return run.submit()


@pytest.fixture(scope="module")
def local_exact(real_model: RealModel, tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    small = make_small(real_model, tmp_path_factory.mktemp("exact") / "run", "float32")
    return run_locally(small, "float32")


def test_the_jobs_make_what_a_local_run_makes_text_for_text_also_after_a_kill(
    real_model: RealModel, make_run: MakeRun, local_exact: SmallRun
) -> None:
    run = make_run()
    run = replace(run, small=make_small(real_model, run.small.folder.parent / "real", "float32"))
    array = submit(run, NUM_SHARDS)["generate-tiny-weather-r0"]
    kill_a_node(run, array)
    run.cluster.wait(900)
    run.verify()
    assert read_corpora(run.out) == read_corpora(local_exact.out)
    ours, theirs = read_results(run.out), read_results(local_exact.out)
    assert ours == pytest.approx(theirs, abs=1e-3)
    for manifest in (run.out / "corpora").rglob("manifest.json"):
        assert json.loads(manifest.read_text())["grade"] == "exact"


def kill_a_node(run: SubmittedRun, array: str) -> None:
    """Kill the node of a task while it writes."""
    keys = [CorpusKey("weather", "tiny-weather", name) for name in ("zero_shot", "few_shot")]
    ledgers = [RunDir(run.out).ledger(key) for key in keys]
    run.cluster.until(lambda: any(read_ledger(one) for one in ledgers), 300, "some texts")
    nodes = run.cluster.call("squeue", "-h", "-t", "R", "-j", array, "-o", "%N").split()
    assert nodes, "all tasks had ended before a node could die"
    try:
        run.cluster.control("node-kill", nodes[0])
    finally:
        run.cluster.control("node-start", nodes[0])


def test_where_texts_depend_on_the_batch_the_plan_and_the_counts_are_the_same(
    real_model: RealModel,
    make_run: MakeRun,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    run = make_run()
    run = replace(run, small=make_small(real_model, tmp_path / "real", "bfloat16"))
    run.small.change(students=["tfidf-logreg"])  # nothing is asked of them here
    submit(run, 2)
    local = run_locally(run.small, "bfloat16", "--until", "curate")
    run.cluster.wait(900)
    run.verify()
    ours, theirs = read_corpora(run.out), read_corpora(local.out)
    assert ours.keys() == theirs.keys()
    num_different = num_same = 0
    for name in ("zero_shot", "few_shot"):
        folder = f"corpora/weather/tiny-weather/{name}"
        manifests = [
            json.loads((out / folder / "manifest.json").read_text()) for out in (run.out, local.out)
        ]
        assert manifests[0]["grade"] == manifests[1]["grade"] == "seeded"
        assert manifests[0]["accepted"] == manifests[1]["accepted"]
        assert set(manifests[0]["accepted"].values()) == {PER_LABEL}
        parts = [f"{folder}/{part}.parquet" for part in ("train", "drops")]
        tables = [
            {row["id"]: row for part in parts for row in found[part]} for found in (ours, theirs)
        ]
        for key in tables[0].keys() & tables[1].keys():
            one, other = tables[0][key], tables[1][key]
            assert [one[k] for k in ("label", "seed", "chain", "turn", "exemplar_ids")] == [
                other[k] for k in ("label", "seed", "chain", "turn", "exemplar_ids")
            ]
            num_different += one["text"] != other["text"]
            num_same += one["text"] == other["text"]
    record_property("texts that differ between batches", num_different)
    print(f"grade seeded: {num_different} of {num_different + num_same} texts differ")  # noqa: T201
    assert num_same
