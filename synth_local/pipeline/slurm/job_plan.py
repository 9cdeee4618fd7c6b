"""The jobs of a submission and what each waits for, planned from what is left to do.

Pure. Every chain of jobs hangs on ``prepare``, which is submitted held and released last: no job
can end, and be forgotten by the scheduler, before all that wait for it are known.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_local.backends.slurm.jobs import Job, Need
from synth_local.config import StagesSite
from synth_local.run.stages import PREPARE


@dataclass(frozen=True, slots=True)
class GeneratorWork:
    """What is left to do for one generator, or for a corpus brought along in its place.

    Attributes:
        num_rounds: rounds that may still be needed; 0 where all its corpora are finished.
        missing: shards of the first of these rounds that lack texts; ``None`` is all. None lack
            any where a corpus was brought along, which has one round.
        is_measured: whether all its corpora are measured.
    """

    name: str
    num_corpora: int
    num_rounds: int
    missing: tuple[int, ...] | None
    is_measured: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to do for a run.

    Attributes:
        num_train_shards: parts that its cells are cut into; 0 where all are trained.
        missing_cells: shards with cells that are not trained; ``None`` is all.
    """

    generators: tuple[GeneratorWork, ...]
    num_train_shards: int
    missing_cells: tuple[int, ...] | None


def plan_jobs(work: Work, stages: StagesSite) -> list[Job]:
    """Return the jobs, each after those that it waits for.

    Returns:
        At least ``prepare`` and the last job, which scores what there is and writes the report.
    """
    jobs = [Job(PREPARE, PREPARE, ((PREPARE,),), stages.prepare)]
    curated: list[Need] = []
    measured: list[Need] = []
    for generator in work.generators:
        chain = _plan_generator(generator, stages)
        jobs += chain
        if generator.num_rounds:
            curated.append(Need(chain[-1].name))
        if not generator.is_measured:
            measure = _plan_measure(generator, stages, Need(chain[-1].name if chain else PREPARE))
            jobs.append(measure)
            measured.append(Need(measure.name, "afterany"))
    last = [Need(need.job, "afterany") for need in curated] + measured
    if work.num_train_shards:
        train = Job(
            "train",
            "train",
            (("train",),),
            stages.train,
            tuple(curated) or (Need(PREPARE),),
            work.num_train_shards,
            work.missing_cells,
            stages.train.nodes,
            stages.train.processes,
        )
        jobs.append(train)
        last.append(Need("train", "afterany"))
    # what single cells or corpora came to is scored and shown all the same, with what is missing
    after = tuple(last) or (Need(PREPARE, "afterany"),)
    commands = (("evaluate",), ("analyze",), ("report",))
    return [*jobs, Job("evaluate", "evaluate", commands, stages.evaluate, after)]


def _plan_generator(work: GeneratorWork, stages: StagesSite) -> list[Job]:
    """Return the rounds of a generator; those that turn out not to be needed do nothing."""
    jobs: list[Job] = []
    site = stages.generate
    only = ("--generator", work.name)
    need = Need(PREPARE)
    for number in range(work.num_rounds):
        shards = site.top_up_shards if number else site.shards
        missing = None if number else work.missing
        if missing is None or missing:
            generate = Job(
                f"generate-{work.name}-r{number}",
                "generate",
                (("generate", *only),),
                site,
                (need,),
                shards,
                missing,
            )
            jobs.append(generate)
            need = Need(generate.name)
        curate = Job(
            f"curate-{work.name}-r{number}",
            "curate",
            (("curate", *only),),
            stages.curate,
            (need,),
            work.num_corpora,
        )
        jobs.append(curate)
        need = Need(curate.name)
    return jobs


def _plan_measure(work: GeneratorWork, stages: StagesSite, need: Need) -> Job:
    return Job(
        f"measure-{work.name}",
        "measure",
        (("measure", "--generator", work.name),),
        stages.measure,
        (need,),
        work.num_corpora,
    )
