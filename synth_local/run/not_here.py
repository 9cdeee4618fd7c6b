"""Which sources of a run are not on this machine, and which work cannot do without them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth_local.run.human.files import HumanFiles
from synth_local.run.human.ratings import has_ratings
from synth_local.run.models import Model
from synth_local.run.opened import Sources
from synth_local.run.stages import STAGES
from synth_local.run.state import State
from synth_local.store.run_dir import CorpusKey
from synth_local.task import NotHere
from synth_local.train.students import GENERATOR_AS_CLASSIFIER

Need = tuple[str, str]  # kind and name of a source
OF_A_TASK = ("task file", "data", "prompts")


def list_not_here(sources: Sources, human_files: HumanFiles) -> list[NotHere]:
    """Return the sources that are not here, or cannot be used, in a fixed order.

    Returns:
        Each source once; what is named here is taken from the run's own record.

    Raises:
        ConfigError: the run file or a task file is wrong.
        DataError: a source is missing, and the run does not know what it was.
        MachineError: weights are missing, and the run does not know what they were.
    """
    models = sources.models
    opened = [*models.generators.values(), *models.students.values(), models.embedder]
    files = sources.brought.files.values()
    lost = [source for task in sources.tasks.values() for source in task.not_here]
    lost += [model.not_here for model in opened if model is not None and model.not_here is not None]
    lost += [file.not_here for file in files if file.not_here is not None]
    lost += human_files.list_lost()
    return list({(source.kind, source.name, source.path): source for source in lost}.values())


def list_stages_left(state: State) -> list[str]:
    """Return the stages that are not done, in order.

    Returns:
        Names of stages; one that waits for an earlier one is not done.
    """
    waiting = bool(state.open_corpora)
    is_trained = not waiting and not state.open_cells
    is_evaluated = is_trained and state.is_evaluated
    done = {
        "generate": all(key.is_external for key in state.open_corpora),
        "curate": not waiting,
        "measure": not state.unmeasured,
        "train": is_trained,
        "evaluate": is_evaluated,
        "analyze": is_evaluated and state.is_analyzed,
        "report": is_evaluated and state.is_reported,
    }
    return [stage for stage in STAGES if not done[stage]]


def find_blocking(state: State, stages: Sequence[str]) -> list[NotHere]:
    """Return the missing sources without which the work that is left cannot be done.

    No weights are looked at but those that the stages need.

    Returns:
        Each source once, in the order of the stages.
    """
    needs = dict.fromkeys(
        need for stage in stages for need in _NEEDS.get(stage, _need_nothing)(state)
    )
    lost = [source for kind, name in needs for source in _find_lost(state, kind, name)]
    return list(dict.fromkeys(lost))


def require_sources(state: State, stage: str) -> None:
    """Raise where one stage has work to do and a source for it is not here.

    Args:
        stage: one of the stages.

    Raises:
        SynthLocalError: of the first source that is missing: 2 for a task file or prompts, 3 for
            data, 4 for weights.
    """
    if not _lacks_something(state, stage):
        return
    blocking = find_blocking(state, [stage])
    if blocking:
        raise blocking[0].error


def _lacks_something(state: State, stage: str) -> bool:
    """Return whether a stage might have to do without a source; cheap where all are here."""
    sources, models = state.sources, state.sources.models
    lost: list[NotHere | None] = [one for task in sources.tasks.values() for one in task.not_here]
    lost += [generator.not_here for generator in models.generators.values()]
    lost += [file.not_here for file in sources.brought.files.values()]
    if stage == "train":
        lost += [student.not_here for student in models.students.values() if student]
    if stage == "measure" and models.embedder:
        lost.append(models.embedder.not_here)
    if stage == "analyze":
        lost += state.human_files.list_lost()
    return any(lost)


def format_not_here(lost: Sequence[NotHere]) -> list[str]:
    """Return a sentence for each source that is not here."""
    return [f"{one} {'is' if 'file' in one.kind else 'are'} not here" for one in lost]


def _find_lost(state: State, kind: str, name: str) -> list[NotHere]:
    """Return a source of a run where it is not here, in a list."""
    sources = state.sources
    if kind in OF_A_TASK:
        return [lost for lost in sources.tasks[name].not_here if lost.kind == kind]
    if kind == "corpus":
        files = [file for key, file in sources.brought.files.items() if key.generator == name]
        return [file.not_here for file in files if file.not_here is not None]
    if kind == "answers":
        return [answer for answer in state.human_files.list_lost() if answer.name == name]
    model: Model | None = sources.models.embedder if kind == "embedder" else None
    if kind == "generator":
        model = sources.models.generators[name]
    elif kind == "student":
        model = sources.models.students[name]
    return [model.not_here] if model is not None and model.not_here is not None else []


def _need_nothing(state: State) -> Iterator[Need]:
    del state
    yield from ()


def _need_to_generate(state: State) -> Iterator[Need]:
    for key in state.open_corpora:
        if not key.is_external:
            yield from _need_task(key.task)
            yield "prompts", key.task
            yield "generator", key.generator


def _need_to_curate(state: State) -> Iterator[Need]:
    for key in state.open_corpora:
        yield from _need_task(key.task)
        yield "corpus", key.generator


def _need_to_measure(state: State) -> Iterator[Need]:
    for key in state.unmeasured:
        yield from _need_task(key.task)
        yield "embedder", state.config.measure.embedder or ""


def _need_to_train(state: State) -> Iterator[Need]:
    waiting: list[CorpusKey] = state.open_corpora
    for key in waiting:
        yield from _need_task(key.task)
        yield from (("student", name) for name in state.config.students)
    for plan in state.open_cells:
        yield from _need_task(plan.cell.task)
        yield "student", plan.cell.student
        if plan.cell.student == GENERATOR_AS_CLASSIFIER:
            yield "generator", plan.cell.generator
            yield "prompts", plan.cell.task


def _need_to_analyze(state: State) -> Iterator[Need]:
    if state.is_analyzed:
        return
    tasks, analyze = state.sources.tasks, state.config.analyze
    if analyze.judgements is not None:
        yield "answers", analyze.judgements
    has_pairs = len(tasks) > 1 and analyze.judgements is None
    for name, task in tasks.items():
        has_template = state.run.item_template(name).exists()
        if has_pairs or has_ratings(state.human_files, task) or not has_template:
            yield "data", name
        if name in analyze.annotations:
            yield "answers", analyze.annotations[name]


def _need_task(name: str) -> Iterator[Need]:
    yield "task file", name
    yield "data", name


_NEEDS = {
    "generate": _need_to_generate,
    "curate": _need_to_curate,
    "measure": _need_to_measure,
    "train": _need_to_train,
    "analyze": _need_to_analyze,
}
