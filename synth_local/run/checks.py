"""What is checked before any work: settings, data, and what this machine lacks for a run.

In this order ``run``, ``plan`` and ``submit`` ask, so that they answer alike.
"""

from __future__ import annotations

from synth_local.engines.choose import name_engine, resolve_engine
from synth_local.engines.fit import require_fit
from synth_local.errors import MachineError
from synth_local.models import BUILT_IN_STUDENTS, Role, load_card, require_role
from synth_local.run.context import Context
from synth_local.run.human.files import HumanFile, check_human_files
from synth_local.run.rounds import check_external
from synth_local.run.splits import split_facts


def check_settings(context: Context) -> None:
    """Raise where the run file and its tasks do not fit each other, or a template is wrong.

    Raises:
        ConfigError: with file and key.
    """
    for task in context.tasks.values():
        context.per_label(task)
        context.prompts[task.name].check()


def check_data(context: Context) -> tuple[HumanFile, ...]:
    """Read all data that are not known to be readable; return what files of people hold.

    Raises:
        DataError: data are wrong, or missing and not recorded; with file and line.
    """
    for task in context.tasks.values():
        split_facts(context, task)
    said = check_human_files(context)
    check_external(context)
    return said


def check_machine(context: Context) -> list[MachineError]:
    """Return what this machine lacks for the run, all problems at once.

    Returns:
        One error a model at most; ``BrokenModelError`` where its folder is there and is not whole.

    Raises:
        ConfigError: a model is named as what it is not.
    """
    problems = check_models(context)
    for name in () if problems else context.config.generators:
        folder = context.models.find_folder(name)
        try:
            resolve_engine(name_engine(context.config.engine, folder), folder)
        except MachineError as error:
            problems.append(error)
    return problems


def check_models(context: Context) -> list[MachineError]:
    """Return what is wrong with the models of the run; headers are read, no weights.

    Returns:
        One error a model at most.

    Raises:
        ConfigError: a model is named as what it is not.
    """
    problems: list[MachineError] = []
    looks: list[tuple[Role, str]] = [
        *(("generator", name) for name in context.config.generators),
        *(("student", name) for name in context.config.students if name not in BUILT_IN_STUDENTS),
        *(("embedder", name) for name in [context.config.measure.embedder] if name),
    ]
    for role, name in looks:
        try:
            folder = context.models.find_folder(name)
            require_role(role, name, folder, load_card(name, folder))
            engine = context.config.engine if role == "generator" else "transformers"
            require_fit(folder, role, engine=engine)
        except MachineError as error:
            problems.append(error)
    return problems
