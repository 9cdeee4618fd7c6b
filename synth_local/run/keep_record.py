"""Writing down what a run was made from, whenever its outputs are those of the present sources.

The record describes the outputs that are stored. It is written after what is stale was moved aside,
or where nothing is stale: so it can always say what an output was made from.
"""

from __future__ import annotations

import importlib.metadata
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from synth_local.core.files import read_json
from synth_local.errors import SynthLocalError
from synth_local.models.places import find_card
from synth_local.run.human.files import HumanFiles
from synth_local.run.identity.fingerprints import VERSIONS
from synth_local.run.models import Model, Models
from synth_local.run.opened import Sources
from synth_local.run.sources.find import is_by_variable
from synth_local.run.sources.made_from import (
    VERSION,
    KeptModel,
    KeptTask,
    MadeFrom,
    write_made_from,
)
from synth_local.run.splits import RealData, SplitFacts
from synth_local.run.state import State
from synth_local.task import KeptFile, Task
from synth_local.version import __version__

PACKAGES = ("torch", "transformers", "vllm", "scikit-learn", "numpy")


def keep_record(sources: Sources, data: RealData, human_files: HumanFiles) -> None:
    """Write what the run is made from now; what is not here stays as it was recorded.

    Raises:
        DataError: data that were never read are wrong.
        MachineError: weights are missing and not recorded, or the directory cannot be written.
    """
    for task in sources.tasks.values():
        data.keep_items(task)
    write_made_from(sources.run, describe_sources(sources, data, human_files))


def refresh_record(state: State) -> None:
    """Write what the run is made from now, where no stored output is of anything else.

    A directory that cannot be written, or a source that is missing, is no harm here.
    """
    with suppress(SynthLocalError):
        if not has_stale_outputs(state):
            keep_record(state.sources, state.data, state.human_files)


def has_stale_outputs(state: State) -> bool:
    """Return whether any stored text, corpus or cell is of other sources than the present ones."""
    run, identities = state.run, state.identities
    for key in state.corpora:
        markers = {
            run.ledger(key) / "spec.json": identities.generation(key),
            run.corpus(key) / "manifest.json": identities.curation(key),
        }
        if any(_is_other(path, wanted) for path, wanted in markers.items()):
            return True
    return any(_is_other(run.cell_marker(plan.cell), plan.fingerprint) for plan in state.cells)


def describe_sources(sources: Sources, data: RealData, human_files: HumanFiles) -> MadeFrom:
    """Return what the run is made from now.

    Raises:
        DataError: data that were never read are wrong.
        MachineError: weights are missing and not recorded.
    """
    models = sources.models
    students = {name: model for name, model in models.students.items() if model is not None}
    return MadeFrom(
        version=VERSION,
        software=_list_software(),
        versions=dict(VERSIONS),
        config=sources.config.model_dump(mode="json"),
        tasks={
            name: _keep_task(sources, task, data.facts(task))
            for name, task in sources.tasks.items()
        },
        generators={name: _keep_model(models, model) for name, model in models.generators.items()},
        students={name: _keep_model(models, model) for name, model in students.items()},
        embedder=_keep_model(models, models.embedder) if models.embedder else None,
        corpora={
            f"{key.task}/{key.generator}": KeptFile(str(file.path.absolute()), file.digest)
            for key, file in sources.brought.files.items()
        },
        said=human_files.identify(),
    )


def _is_other(marker: Path, wanted: str) -> bool:
    stored = read_json(marker)
    return stored is not None and stored.get("fingerprint") != wanted


def _keep_task(sources: Sources, task: Task, facts: SplitFacts) -> KeptTask:
    made = sources.made
    kept = made.tasks.get(task.name) if made else None
    is_lost = any(one.kind == "task file" for one in task.not_here)
    text = kept.text if kept and is_lost else task.path.read_text(encoding="utf-8")
    return KeptTask(
        name=task.name,
        path=kept.path if kept and is_lost else str(task.path),
        text=text,
        spec=task.spec.model_dump_json(exclude_unset=True),
        digest=task.digest,
        train=task.files["train"],
        test=task.files.get("test"),
        prompts=task.files.get("prompts"),
        templates=dict(sources.prompts[task.name].sources),
        facts=json.loads(json.dumps(asdict(facts))),
    )


def _keep_model(models: Models, model: Model) -> KeptModel:
    kept = models.find_kept(model.name)
    if model.not_here is not None and kept is not None:
        return kept
    apart = find_card(model.name)  # a card inside the folder goes where the folder goes
    return KeptModel(
        folder=str(model.folder),
        by_variable=is_by_variable(model.folder, kept),
        card=model.card.model_dump(mode="json"),
        digest=asdict(models.digest(model)),
        engine=model.engine,
        card_file=str(apart or (kept.card_file if kept else "")),
    )


def _list_software() -> dict[str, str]:
    found: dict[str, str] = {"synth-local": __version__}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
