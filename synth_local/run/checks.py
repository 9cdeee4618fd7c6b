"""What is checked before any work: settings, data, and what this machine lacks for a run.

In this order ``run``, ``plan`` and ``submit`` ask, so that they answer alike.
"""

from __future__ import annotations

from synth_local.config import RunConfig
from synth_local.core.files import read_json
from synth_local.engines.choose import name_engine, resolve_engine
from synth_local.engines.fit import require_fit
from synth_local.errors import MachineError
from synth_local.models import BUILT_IN_STUDENTS, Role, load_card, require_role
from synth_local.run.context import Context
from synth_local.run.corpora import Corpora
from synth_local.run.human.files import HumanFile
from synth_local.run.models import Models
from synth_local.run.opened import Sources


def check_settings(sources: Sources, corpora: Corpora) -> None:
    """Raise where the run file and its tasks do not fit each other, or a template is wrong.

    Raises:
        ConfigError: with file and key.
    """
    for name in sources.tasks:
        corpora.per_label(name)
        sources.prompts[name].check()


def check_data(context: Context) -> tuple[HumanFile, ...]:
    """Read all data that are not known to be readable; return what files of people hold.

    Raises:
        DataError: data are wrong, or missing and not recorded; with file and line.
    """
    for task in context.tasks.values():
        context.data.facts(task)
    said = context.human_files.check(read_json(context.run.analysis) or {})
    context.rounds.check_brought()
    return said


def check_machine(config: RunConfig, models: Models) -> list[MachineError]:
    """Return what this machine lacks for the run, all problems at once.

    Returns:
        One error a model at most; ``BrokenModelError`` where its folder is there and is not whole.

    Raises:
        ConfigError: a model is named as what it is not.
    """
    problems = check_models(config, models)
    for name in () if problems else config.generators:
        folder = models.find_folder(name)
        try:
            resolve_engine(name_engine(config.engine, folder), folder)
        except MachineError as error:
            problems.append(error)
    return problems


def check_models(config: RunConfig, models: Models) -> list[MachineError]:
    """Return what is wrong with the models of the run; headers are read, no weights.

    Returns:
        One error a model at most.

    Raises:
        ConfigError: a model is named as what it is not.
    """
    problems: list[MachineError] = []
    looks: list[tuple[Role, str]] = [
        *(("generator", name) for name in config.generators),
        *(("student", name) for name in config.students if name not in BUILT_IN_STUDENTS),
        *(("embedder", name) for name in [config.measure.embedder] if name),
    ]
    for role, name in looks:
        try:
            folder = models.find_folder(name)
            require_role(role, name, folder, load_card(name, folder))
            engine = config.engine if role == "generator" else "transformers"
            require_fit(folder, role, engine=engine)
        except MachineError as error:
            problems.append(error)
    return problems
