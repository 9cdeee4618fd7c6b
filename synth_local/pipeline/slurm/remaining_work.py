"""What is left to do for a run, from files alone: what ``submit`` turns into jobs.

No weights are read: where their digests are not known yet, everything counts as missing, and a job
that finds its work done ends at once.
"""

from __future__ import annotations

from synth_local.config import SiteConfig
from synth_local.errors import DataError
from synth_local.generate.plan import shard_of
from synth_local.pipeline.slurm.job_plan import GeneratorWork, Work
from synth_local.pipeline.steps.generate import shard_todo, stored_rows
from synth_local.run.cells import expect_cells, place_cells
from synth_local.run.context import Context
from synth_local.run.rounds import current_rounds
from synth_local.run.state import State
from synth_local.store.run_dir import CorpusKey
from synth_local.train.students import GENERATOR_AS_CLASSIFIER


def find_work(context: Context, site: SiteConfig) -> Work | None:
    """Return what is left to do, or ``None`` where every stage is done.

    Args:
        context: of the run, whose directory need not exist.

    Returns:
        The work, or ``None``.

    Raises:
        DataError: the data are wrong.
        MachineError: a model's folder is missing.
    """
    if not context.run.root.is_dir() or context.models.list_unread():
        return assume_all(context, site)
    state = State(context)
    generators = tuple(_find_generator(context, state, site, name) for name in _names(context))
    num_shards, missing = _find_cells(context, state, site)
    is_done = not num_shards and all(generator.is_measured for generator in generators)
    if is_done and state.is_evaluated and state.is_analyzed and state.is_reported:
        return None
    return Work(generators, num_shards, missing)


def assume_all(context: Context, site: SiteConfig) -> Work:
    """Return the work of a run of which nothing is done."""
    rounds = context.config.curate.max_rounds + 1
    generators = tuple(
        GeneratorWork(name, len(_corpora(context, name)), 1, (), is_measured=False)
        if name in context.config.corpora  # one curate, and nothing to generate
        else GeneratorWork(name, len(_corpora(context, name)), rounds, None, is_measured=False)
        for name in _names(context)
    )
    return Work(generators, _num_train_shards(context, site), None)


def _find_generator(context: Context, state: State, site: SiteConfig, name: str) -> GeneratorWork:
    keys = _corpora(context, name)
    left = [key for key in keys if key in state.open_corpora]
    is_measured = not any(key in state.unmeasured for key in keys)
    if name in context.config.corpora:
        return GeneratorWork(name, len(keys), 1 if left else 0, (), is_measured)
    used = [len(current_rounds(context, key).slots) for key in left]
    rounds = max((context.config.curate.max_rounds + 2 - one for one in used), default=0)
    missing = _find_shards(context, left, site.stages.generate.shards) if left else ()
    return GeneratorWork(name, len(keys), rounds, missing, is_measured)


def _find_shards(context: Context, keys: list[CorpusKey], num_shards: int) -> tuple[int, ...]:
    """Return the shards with slots that have no text yet."""
    found: set[int] = set()
    for key in keys:
        rows = stored_rows(context, key)
        todo = shard_todo(context, key, 0, 1)
        found.update(
            shard_of(chain, len(todo.plan.labels), num_shards)
            for chain in todo.chains
            if any(slot.id not in rows for slot in chain.slots)
        )
    return tuple(sorted(found))


def _find_cells(
    context: Context, state: State, site: SiteConfig
) -> tuple[int, tuple[int, ...] | None]:
    """Return the number of training shards, 0 where none is left, and those with open cells."""
    if state.open_corpora:
        return _num_train_shards(context, site), None
    left = {plan.cell.name for plan in state.open_cells}
    num_shards = site.stages.train.shards or max(1, len(state.cells))
    places = zip(state.cells, place_cells(state.cells, num_shards), strict=True)
    shards = {shard for plan, shard in places if plan.cell.name in left}
    return (num_shards, tuple(sorted(shards))) if left else (0, ())


def _num_train_shards(context: Context, site: SiteConfig) -> int:
    if not context.config.students:
        return 0
    if site.stages.train.shards:
        return site.stages.train.shards
    try:
        return max(1, len(expect_cells(context)))
    except DataError:
        # a dry run without the data: sources that need a corpus come once for each
        config = context.config
        corpora, tasks = len(context.corpora), len(context.tasks)
        of_corpora = [
            source for source in config.sources if "synthetic" in source or "balanced" in source
        ]
        sets = len(of_corpora) * corpora + (len(config.sources) - len(of_corpora)) * tasks
        firsts = sum(not context.is_repeat(key) for key in context.corpora)
        cut = tasks * ("real" in config.sources) + firsts * ("synthetic" in config.sources)
        sets += cut * len(config.learning_curve)
        trained = [name for name in config.students if name != GENERATOR_AS_CLASSIFIER]
        asked = 0 if len(trained) == len(config.students) else _count_asked(context)
        return (sets * len(trained) + asked) * len(config.seeds)


def _count_asked(context: Context) -> int:
    config = context.config
    return len(config.generators) * len(config.strategies) * len(context.tasks)


def _corpora(context: Context, name: str) -> list[CorpusKey]:
    return [key for key in context.corpora if key.generator == name]


def _names(context: Context) -> list[str]:
    return sorted({key.generator for key in context.corpora})
