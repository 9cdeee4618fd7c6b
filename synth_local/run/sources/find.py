"""Finding what a run is made from: on this machine, else in the record that it keeps of it.

A source that is here is read, whatever the record says. One that is not here is taken from the
record and named, so that a run can be looked at anywhere; only new work cannot do without it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from synth_local.errors import ConfigError, DataError
from synth_local.generate.prompts import PromptSet, load_prompts
from synth_local.models import Card, load_card, read_card
from synth_local.models.places import MODELS_VARIABLE, find_card, find_model
from synth_local.run.sources.external_files import ExternalFile, hash_external
from synth_local.run.sources.made_from import KeptModel, MadeFrom
from synth_local.store.run_dir import CorpusKey
from synth_local.task import NotHere, Task, load_task
from synth_local.task.kept import is_there
from synth_local.task.load import place_task


def open_task(path: Path, made: MadeFrom | None) -> Task:
    """Return a task of a run.

    Args:
        path: of the task file, absolute.
        made: what the run was made from before, or ``None``.

    Returns:
        The task; where its task file is not here, as it is recorded.

    Raises:
        ConfigError: the task file is wrong, or missing and not recorded.
        DataError: a data file is missing, and not recorded.
    """
    kept = made.find_task(path) if made else None
    if kept is None:
        return load_task(path)
    if os.access(path, os.R_OK):
        return load_task(path, kept.sources)
    error = ConfigError(
        f"the task file {path.name} is missing",
        where=path,
        fix=f"put it back, or correct its path under tasks: in the run file; the run keeps a copy "
        f"as made_from/tasks/{kept.name}.yaml",
    )
    lost = NotHere("task file", kept.name, str(path), error)
    task = place_task(kept.read_spec(), path, {}, kept.sources)
    return replace(task, not_here=(lost, *task.not_here))


def open_prompts(task: Task, made: MadeFrom | None) -> PromptSet:
    """Return the wording of a task: as recorded where its task file or prompts are not here."""
    lost = any(one.kind in ("task file", "prompts") for one in task.not_here)
    kept = made.find_task(task.path) if made else None
    if not lost or kept is None:
        return load_prompts(task.spec, task.prompts_dir)
    shipped = load_prompts(task.spec, None)
    origins = {name: f"the kept template {name}.txt" for name in kept.templates}
    return PromptSet(
        task.spec,
        {**shipped.sources, **kept.templates},
        {**shipped.origins, **origins},
    )


def find_folder(name: str, extra: Path | None, kept: KeptModel | None) -> Path:
    """Return the folder of a model: where the machine has it, or where it was.

    Args:
        extra: the run file's own folder of models, or ``None``.
        kept: the model as it was, or ``None``.

    Raises:
        MachineError: no place has such a folder.
    """
    if kept is None:
        return find_model(name, extra=extra)
    return find_model(
        name, extra=extra, before=Path(kept.folder), is_default=kept.by_variable and extra is None
    )


def is_by_variable(folder: Path, kept: KeptModel | None) -> bool:
    """Return whether a model was found by the environment variable, now or when it was kept."""
    root = os.environ.get(MODELS_VARIABLE, "")
    if root and folder.parent == Path(root).expanduser().absolute():
        return True
    return kept is not None and kept.by_variable and kept.folder == str(folder)


def open_card(name: str, folder: Path, kept: KeptModel | None) -> Card:
    """Return the card of a model whose folder is here.

    A card that stood apart from the folder may not be found from another current folder: then it
    is read where it was, or taken from the record.
    """
    if kept is None or not kept.card_file or find_card(name) is not None:
        return load_card(name, folder)
    path = Path(kept.card_file)
    if is_there(path):
        return read_card(path, name)
    was_removed = is_there(path.parent)
    return load_card(name, folder) if was_removed else kept.read_card()


def open_external(
    paths: Mapping[CorpusKey, Path], made: MadeFrom | None
) -> dict[CorpusKey, ExternalFile]:
    """Return the files of the corpora brought along.

    Args:
        paths: where they are looked for.
        made: what the run was made from before, or ``None``.

    Returns:
        The files, hashed; those that are not here as recorded.

    Raises:
        DataError: a file is missing, and not recorded.
    """
    found: dict[CorpusKey, ExternalFile] = {}
    for key, path in paths.items():
        kept = made.corpora.get(f"{key.task}/{key.generator}") if made else None
        places = [path, Path(kept.path)] if kept else [path]
        place = next((place for place in places if is_there(place)), path)
        try:
            found[key] = hash_external(key, place)
        except DataError as error:
            if kept is None:
                raise
            lost = NotHere("corpus", key.generator, kept.path, error)
            found[key] = ExternalFile(Path(kept.path), kept.digest, lost)
    return found
