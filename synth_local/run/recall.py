"""What a run was made from, as its record keeps it: opened with no look at this machine."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from synth_local.config import RunConfig
from synth_local.errors import DataError
from synth_local.generate.prompts import PromptSet
from synth_local.records import EXTERNAL
from synth_local.run.external import Brought
from synth_local.run.models import Model, Models
from synth_local.run.opened import Sources
from synth_local.run.sources.external_files import ExternalFile
from synth_local.run.sources.made_from import KeptModel, KeptTask, MadeFrom
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.task import Task


def recall_sources(run: RunDir, made: MadeFrom) -> Sources | None:
    """Return what a run was made from.

    Returns:
        The sources as they were; ``None`` where this version does not understand the record.
    """
    try:
        config = RunConfig.model_validate(made.config)
        tasks = {name: _recall_task(kept) for name, kept in made.tasks.items()}
        prompts = {
            name: PromptSet(tasks[name].spec, kept.templates, {})
            for name, kept in made.tasks.items()
        }
        models = Models(run, config, made)
        vars(models).update(
            generators={name: _recall_model(name, kept) for name, kept in made.generators.items()},
            students={
                name: _recall_model(name, made.students.get(name)) for name in config.students
            },
            embedder=_recall_model(config.measure.embedder or "", made.embedder),
        )
    except (ValidationError, DataError, TypeError, KeyError):
        return None
    files = {
        CorpusKey(task, name, EXTERNAL): ExternalFile(Path(kept.path), kept.digest)
        for (task, _, name), kept in (
            (key.partition("/"), kept) for key, kept in made.corpora.items()
        )
    }
    brought = Brought(tasks, {}, made)
    vars(brought).update(files=files)
    sources = Sources(run, config, made)
    # what would be looked for on this machine is there beforehand
    vars(sources).update(tasks=tasks, prompts=prompts, models=models, brought=brought)
    return sources


def _recall_task(kept: KeptTask) -> Task:
    files = dict(kept.sources.files)
    return Task(
        kept.read_spec(),
        Path(kept.path),
        kept.digest,
        Path(kept.train.path),
        Path(kept.test.path) if kept.test else None,
        Path(kept.prompts.path) if kept.prompts else None,
        files,
    )


def _recall_model(name: str, kept: KeptModel | None) -> Model | None:
    if kept is None:
        return None
    return Model(
        name=name,
        folder=Path(kept.folder),
        card=kept.read_card(),
        engine=kept.engine,
        recorded=kept.read_digest(),
    )
