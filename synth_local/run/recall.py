"""A run as its record keeps it: opened with no look at this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from synth_local.config import RunConfig
from synth_local.errors import DataError
from synth_local.generate.prompts import PromptSet
from synth_local.records import EXTERNAL
from synth_local.run.context import Context
from synth_local.run.models import Model, Models
from synth_local.run.sources.external_files import ExternalFile
from synth_local.run.sources.made_from import KeptModel, KeptTask, MadeFrom
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task


def recall_context(context: Context, made: MadeFrom) -> Context | None:
    """Return the run as it was recorded.

    Returns:
        The run, all of whose sources are those of the record; ``None`` where this version does
        not understand it.
    """
    try:
        config = RunConfig.model_validate(made.config)
        tasks = {name: _recall_task(one) for name, one in made.tasks.items()}
        prompts = {
            name: PromptSet(tasks[name].spec, one.templates, {}) for name, one in made.tasks.items()
        }
        models = Models(context.run, config, made)
        vars(models).update(
            generators={name: _recall_model(name, kept) for name, kept in made.generators.items()},
            students={
                name: _recall_model(name, made.students.get(name)) for name in config.students
            },
            embedder=_recall_model(config.measure.embedder or "", made.embedder),
        )
    except (ValidationError, DataError, TypeError, KeyError):
        return None
    external = {
        CorpusKey(task, name, EXTERNAL): ExternalFile(Path(one.path), one.digest)
        for (task, _, name), one in ((key.partition("/"), one) for key, one in made.corpora.items())
    }
    recalled = replace(context, config=config)
    # what would be looked for on this machine is there beforehand
    vars(recalled).update(
        made_from=made,
        tasks=tasks,
        prompts=prompts,
        models=models,
        external=external,
    )
    return recalled


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
