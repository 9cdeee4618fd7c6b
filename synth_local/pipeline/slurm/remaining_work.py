"""What is left to do for a run, from files alone: what ``submit`` turns into jobs.

No weights are read: where their digests are not known yet, everything counts as missing, and a job
that finds its work done ends at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.config import SiteConfig
from synth_local.errors import DataError
from synth_local.generate.plan import shard_of
from synth_local.pipeline.slurm.job_plan import GeneratorWork, Work
from synth_local.pipeline.steps.generate import shard_todo, stored_rows
from synth_local.run.cells import CellPlanner, place_cells
from synth_local.run.corpora import Corpora
from synth_local.run.state import State
from synth_local.store.run_dir import CorpusKey


def find_work(state: State, site: SiteConfig) -> Work | None:
    """Return what is left to do, or ``None`` where every stage is done.

    Args:
        state: of the run, whose directory need not exist.

    Raises:
        DataError: the data are wrong.
        MachineError: a model's folder is missing.
    """
    if not state.run.root.is_dir() or state.sources.models.list_unread():
        return assume_all(state.planner, site)
    generators = tuple(_find_generator(state, site, name) for name in _names(state.corpora))
    num_shards, missing = _find_cells(state, site)
    is_done = not num_shards and all(generator.is_measured for generator in generators)
    if is_done and state.is_evaluated and state.is_analyzed and state.is_reported:
        return None
    return Work(generators, num_shards, missing)


def assume_all(planner: CellPlanner, site: SiteConfig) -> Work:
    """Return the work of a run of which nothing is done."""
    config, corpora = planner.config, planner.corpora.keys
    rounds = config.curate.max_rounds + 1
    generators = tuple(
        GeneratorWork(name, len(_take(corpora, name)), 1, (), is_measured=False)
        if name in config.corpora  # one curate, and nothing to generate
        else GeneratorWork(name, len(_take(corpora, name)), rounds, None, is_measured=False)
        for name in _names(corpora)
    )
    return Work(generators, _num_train_shards(planner, site), None)


def _find_generator(state: State, site: SiteConfig, name: str) -> GeneratorWork:
    keys = _take(state.corpora, name)
    left = [key for key in keys if key in state.open_corpora]
    is_measured = not any(key in state.unmeasured for key in keys)
    if name in state.config.corpora:
        return GeneratorWork(name, len(keys), 1 if left else 0, (), is_measured)
    used = [len(state.planner.rounds.current(key).slots) for key in left]
    rounds = max((state.config.curate.max_rounds + 2 - num_slots for num_slots in used), default=0)
    missing = _find_shards(state, left, site.stages.generate.shards) if left else ()
    return GeneratorWork(name, len(keys), rounds, missing, is_measured)


def _find_shards(state: State, keys: list[CorpusKey], num_shards: int) -> tuple[int, ...]:
    """Return the shards with slots that have no text yet."""
    shards: set[int] = set()
    for key in keys:
        rows = stored_rows(state.run, key, state.identities.generation(key))
        todo = shard_todo(state.planner.rounds, key, 0, 1)
        shards.update(
            shard_of(chain, len(todo.plan.labels), num_shards)
            for chain in todo.chains
            if any(slot.id not in rows for slot in chain.slots)
        )
    return tuple(sorted(shards))


def _find_cells(state: State, site: SiteConfig) -> tuple[int, tuple[int, ...] | None]:
    """Return the number of training shards, 0 where none is left, and those with open cells."""
    if state.open_corpora:
        return _num_train_shards(state.planner, site), None
    left = {plan.cell.name for plan in state.open_cells}
    num_shards = site.stages.train.shards or max(1, len(state.cells))
    places = zip(state.cells, place_cells(state.cells, num_shards), strict=True)
    shards = {shard for plan, shard in places if plan.cell.name in left}
    return (num_shards, tuple(sorted(shards))) if left else (0, ())


def _num_train_shards(planner: CellPlanner, site: SiteConfig) -> int:
    if not planner.config.students:
        return 0
    if site.stages.train.shards:
        return site.stages.train.shards
    try:
        return max(1, len(planner.expect()))
    except DataError:
        return _count_cells(planner.corpora, len(planner.trained_students))


def _count_cells(corpora: Corpora, num_students: int) -> int:
    """Return about how many cells there are, without the data.

    Sources that need a corpus come once for each.
    """
    config, num_tasks = corpora.config, len(corpora.tasks)
    of_corpora = [name for name in config.sources if "synthetic" in name or "balanced" in name]
    sets = len(of_corpora) * len(corpora.keys)
    sets += (len(config.sources) - len(of_corpora)) * num_tasks
    firsts = sum(not corpora.is_repeat(key) for key in corpora.keys)
    cut = num_tasks * ("real" in config.sources) + firsts * ("synthetic" in config.sources)
    sets += cut * len(config.learning_curve)
    is_asked = num_students < len(config.students)
    asked = len(config.generators) * len(config.strategies) * num_tasks if is_asked else 0
    return (sets * num_students + asked) * len(config.seeds)


def _take(corpora: Sequence[CorpusKey], generator: str) -> list[CorpusKey]:
    return [key for key in corpora if key.generator == generator]


def _names(corpora: Sequence[CorpusKey]) -> list[str]:
    return sorted({key.generator for key in corpora})
