"""Which jobs a submission has and what each waits for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from synth_local.backends.slurm.jobs import Job, cut_parts
from synth_local.config import StagesSite
from synth_local.pipeline.slurm.job_plan import GeneratorWork, Work, plan_jobs
from synth_local.pipeline.slurm.submit import _format_dependency

STAGES = StagesSite()
Needs = list[tuple[str, str]]


def make_generator(
    name: str = "a",
    num_rounds: int = 1,
    missing: tuple[int, ...] | None = None,
    *,
    is_measured: bool = False,
) -> GeneratorWork:
    return GeneratorWork(name, 2, num_rounds, missing, is_measured)


def plan(
    *generators: GeneratorWork,
    num_train_shards: int = 3,
    missing_cells: tuple[int, ...] | None = None,
    stages: StagesSite = STAGES,
) -> dict[str, Job]:
    jobs = plan_jobs(Work(generators, num_train_shards, missing_cells), stages)
    found = {job.name: job for job in jobs}
    assert len(found) == len(jobs), "names are not unique"
    return found


def list_needs(job: Job) -> Needs:
    return [(need.kind, need.job) for need in job.after]


def test_a_new_run_has_one_chain_per_generator_and_one_end() -> None:
    jobs = plan(make_generator("a"), make_generator("b"))
    assert {name: list_needs(job) for name, job in jobs.items()} == {
        "prepare": [],
        "generate-a-r0": [("afterok", "prepare")],
        "curate-a-r0": [("afterok", "generate-a-r0")],
        "measure-a": [("afterok", "curate-a-r0")],
        "generate-b-r0": [("afterok", "prepare")],
        "curate-b-r0": [("afterok", "generate-b-r0")],
        "measure-b": [("afterok", "curate-b-r0")],
        "train": [("afterok", "curate-a-r0"), ("afterok", "curate-b-r0")],
        "evaluate": [
            ("afterany", "curate-a-r0"),
            ("afterany", "curate-b-r0"),
            ("afterany", "measure-a"),
            ("afterany", "measure-b"),
            ("afterany", "train"),
        ],
    }


@pytest.mark.parametrize("num_rounds", [0, 1, 3])
@pytest.mark.parametrize("missing", [None, (), (1, 2)])
@pytest.mark.parametrize("num_train_shards", [0, 2])
def test_every_job_stands_after_those_that_it_waits_for_and_all_hang_on_the_first(
    num_rounds: int, missing: tuple[int, ...] | None, num_train_shards: int
) -> None:
    generators = [
        make_generator("a", num_rounds, missing),
        make_generator("b", 0, (), is_measured=True),
    ]
    jobs = plan(*generators, num_train_shards=num_train_shards)
    names = list(jobs)
    assert (names[0], names[-1]) == ("prepare", "evaluate")
    for place, job in enumerate(jobs.values()):
        assert all(names.index(need.job) < place for need in job.after)
        assert bool(job.after) == (job.name != "prepare")


def test_follow_up_rounds_wait_for_each_other_and_are_cut_into_fewer_shards() -> None:
    stages = StagesSite.model_validate({"generate": {"shards": 4, "top_up_shards": 2}})
    jobs = plan(make_generator("a", 3, (0, 3)), stages=stages)
    chain = [name for name in jobs if name.startswith(("generate-a", "curate-a"))]
    assert chain == [f"{stage}-a-r{n}" for n in range(3) for stage in ("generate", "curate")]
    for before, after in pairwise(["prepare", *chain]):
        assert list_needs(jobs[after]) == [("afterok", before)]
    shards = [
        (jobs[f"generate-a-r{n}"].num_shards, jobs[f"generate-a-r{n}"].missing) for n in "012"
    ]
    assert shards == [(4, (0, 3)), (2, None), (2, None)]
    assert list_needs(jobs["train"]) == [("afterok", "curate-a-r2")]


def test_texts_that_are_all_there_are_not_generated_again_but_curated() -> None:
    jobs = plan(make_generator("a", 1, ()))
    assert "generate-a-r0" not in jobs
    assert list_needs(jobs["curate-a-r0"]) == [("afterok", "prepare")]


def test_nothing_is_planned_for_a_finished_generator() -> None:
    jobs = plan(make_generator("a", 0, (), is_measured=True), make_generator("b"))
    assert not [name for name in jobs if "-a" in name]
    assert list_needs(jobs["train"]) == [("afterok", "curate-b-r0")]


def test_a_finished_generator_that_lacks_measures_is_only_measured() -> None:
    jobs = plan(make_generator("a", 0, ()), num_train_shards=0)
    assert {name: list_needs(job) for name, job in jobs.items()} == {
        "prepare": [],
        "measure-a": [("afterok", "prepare")],
        "evaluate": [("afterany", "measure-a")],
    }


def test_training_without_synthetic_sources_waits_for_prepare_alone() -> None:
    jobs = plan()
    assert list(jobs) == ["prepare", "train", "evaluate"]
    assert list_needs(jobs["train"]) == [("afterok", "prepare")]
    assert list_needs(jobs["evaluate"]) == [("afterany", "train")]


def test_only_scores_and_report_are_left_where_everything_else_is_done() -> None:
    jobs = plan(make_generator("a", 0, (), is_measured=True), num_train_shards=0)
    assert list(jobs) == ["prepare", "evaluate"]
    assert list_needs(jobs["evaluate"]) == [("afterany", "prepare")]
    assert jobs["evaluate"].commands == (("evaluate",), ("analyze",), ("report",))


def test_the_last_job_runs_whatever_became_of_the_others() -> None:
    last = plan(make_generator("a", 2), make_generator("b", 0, ()))["evaluate"]
    assert {need.kind for need in last.after} == {"afterany"}


def test_each_job_asks_for_what_its_stage_asks_for() -> None:
    stages = StagesSite.model_validate(
        {
            "prepare": {"time": "1"},
            "generate": {"time": "2"},
            "curate": {"time": "3"},
            "measure": {"time": "4"},
            "train": {"time": "5", "nodes": 2, "processes": 3},
            "evaluate": {"time": "6"},
        }
    )
    jobs = plan(make_generator("a"), missing_cells=(1,), stages=stages)
    assert {job.stage: job.resources.time for job in jobs.values()} == {
        "prepare": "1",
        "generate": "2",
        "curate": "3",
        "measure": "4",
        "train": "5",
        "evaluate": "6",
    }
    train = jobs["train"]
    assert (train.nodes, train.processes, train.num_shards, train.missing) == (2, 3, 3, (1,))
    assert (jobs["curate-a-r0"].num_shards, jobs["measure-a"].num_shards) == (2, 2)
    assert jobs["generate-a-r0"].commands == (("generate", "--generator", "a"),)


def test_a_dependency_names_every_part_of_an_array_with_its_kind() -> None:
    stages = StagesSite.model_validate({"generate": {"shards": 10}})
    jobs = plan(make_generator("a"), make_generator("b"), stages=stages)
    ids: dict[str, list[str]] = {}
    for job in jobs.values():
        for _ in cut_parts(job, 1000, 4):
            number = sum(map(len, ids.values())) + 1
            ids.setdefault(job.name, []).append(str(number))
    assert ids["generate-a-r0"] == ["2", "3", "4"]
    assert _format_dependency(jobs["prepare"], ids) == ""
    assert _format_dependency(jobs["curate-a-r0"], ids) == "afterok:2:3:4"
    train = _format_dependency(jobs["train"], ids)
    assert train == f"afterok:{ids['curate-a-r0'][0]},afterok:{ids['curate-b-r0'][0]}"
    # `afterok:1,2` would mean afterok:1,afterany:2
    for job in jobs.values():
        spelled = _format_dependency(job, ids)
        pieces = spelled.split(",") if spelled else []
        assert all(piece.startswith(("afterok:", "afterany:")) for piece in pieces)
        named = [one for piece in pieces for one in piece.split(":")[1:]]
        assert named == [one for need in job.after for one in ids[need.job]]
