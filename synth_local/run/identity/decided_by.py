"""What decides each output, listed by name: the same as the fingerprints cover, for people.

A name with a colon is one field of what stands before it. Values are settings and digests, never a
text of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from synth_local.generate.prompts import CLASSIFY, WRITING
from synth_local.models import Card, ModelDigest
from synth_local.run.corpora import Corpora
from synth_local.run.identity.fingerprints import IN_A_PROMPT, OF_A_STRATEGY
from synth_local.run.models import Models
from synth_local.run.opened import Sources
from synth_local.run.splits import SplitFacts
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task
from synth_local.train.students import GENERATOR_AS_CLASSIFIER

REAL_DATA = "real data"
_DETAIL = "detail of the real data|"  # of no account where the data are the same
TASK_FILE = "task file"
# fields of a task file that decide how its data are read and split
_IN_THE_DATA = {
    "labels", "other_labels", "clean", "split_seed", "test_share", "validation_share", "pool_share",
}  # fmt: skip

Listing = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """A run at one time.

    Attributes:
        facts: returns those of a task's split.
        versions: the hand-raised versions of the stages.
        answers: digests of the files of the section ``analyze``, by what they hold.
    """

    sources: Sources
    facts: Callable[[Task], SplitFacts]
    versions: Mapping[str, int]
    answers: Mapping[str, str]

    @cached_property
    def corpora(self) -> Corpora:
        """The corpora that its run file asked for."""
        return Corpora(self.sources.config, self.sources.tasks)


def list_generation(side: Side, key: CorpusKey) -> Listing:
    """Return what decides the texts of a corpus.

    Raises:
        KeyError: the run has no such task, generator or strategy.
    """
    sources, config = side.sources, side.sources.config
    task = sources.tasks[key.task]
    if key.is_external:
        fields = {"labels", "other_labels"}
        found = dict(_list_fields(task, fields))
        found[f"{TASK_FILE}: data.label_map"] = task.spec.data.label_map
        found[f"corpus file of {key.generator}"] = sources.brought.files[key].digest
        return found
    strategy = side.corpora.strategies[key.strategy]
    left_out = OF_A_STRATEGY | {"budget_tokens", "seed"}
    generate = config.generate.fingerprint_fields()
    found = dict(_list_fields(task, IN_A_PROMPT))
    found |= {f"generate.{k}": v for k, v in generate.items() if k not in left_out}
    found["generate.seed"] = side.corpora.root_seed(key.strategy)
    found[f"{key.strategy}.base"] = strategy.base
    found[f"{key.strategy}.shots"] = strategy.shots
    found[f"{key.strategy}.chain_length"] = strategy.chain_length
    if strategy.base == "few_shot":
        found[f"{key.strategy}.shots_from"] = strategy.shots_from
    if strategy.chain_length > 1:
        found[f"{key.strategy}.diversity_every"] = strategy.diversity_every
    templates = sources.prompts[key.task].sources
    found |= {f"prompts: {name}": templates.get(name) for name in WRITING}
    found |= _list_generator(sources.models, key.generator)
    found["version of generate"] = side.versions.get("generate")
    if strategy.shots:
        found |= _list_data(side, task, side.facts(task).pool_digest)
    return found


def list_curation(side: Side, key: CorpusKey) -> Listing:
    """Return what decides, beside the texts, which rows a corpus has."""
    sources, config = side.sources, side.sources.config
    task = sources.tasks[key.task]
    curate = config.curate.fingerprint_fields()
    if key.is_external:
        curate.pop("max_rounds", None)
    found = {f"curate.{name}": value for name, value in curate.items()}
    found |= dict(_list_fields(task, {"labels", "kind", "length", "clean"}))
    found[f"{TASK_FILE}: order of labels"] = list(task.labels)
    found |= _list_data(side, task, side.facts(task).data_digest)
    per_label = side.corpora.per_label(key.task)
    found |= {f"per_label.{name}": count for name, count in per_label.items()}
    if not key.is_external:
        found["generate.budget_tokens"] = config.generate.budget_tokens
    found["version of curate"] = side.versions.get("curate")
    return found


def list_measures(side: Side, key: CorpusKey) -> Listing:
    """Return what decides, beside the corpus, its measures."""
    sources, config = side.sources, side.sources.config
    task = sources.tasks[key.task]
    measure = config.measure.fingerprint_fields()
    embedder = sources.models.embedder
    found = {f"measure.{name}": value for name, value in measure.items()}
    found["curate.near_duplicates"] = config.curate.near_duplicates
    found |= _list_data(side, task, side.facts(task).data_digest)
    if embedder:
        found |= _list_model(embedder.name, sources.models.digest(embedder))
    found["version of measure"] = side.versions.get("measure")
    return found


def list_training(side: Side, student: str, task: str) -> Listing:
    """Return what decides, beside the corpora, the cells of a student and task."""
    sources, config = side.sources, side.sources.config
    about = sources.tasks[task]
    found: Listing = {}
    if student == GENERATOR_AS_CLASSIFIER:
        for name in config.generators:
            found |= _list_generator(sources.models, name)
        found |= dict(_list_fields(about, {"language", "labels", "context", "kind"}))
        found["prompts: classify"] = sources.prompts[task].sources.get(CLASSIFY)
        found["generate.dtype"] = config.generate.dtype
        found["version of classify"] = side.versions.get("classify")
    else:
        train = config.train.fingerprint_fields()
        found = {f"train.{name}": value for name, value in train.items()}
        found["version of train"] = side.versions.get("train")
        model = sources.models.students[student]
        if model:
            found |= _list_model(student, sources.models.digest(model))
        found["sources"] = list(config.sources)
    return found | _list_data(side, about, side.facts(about).data_digest)


def list_analysis(side: Side) -> Listing:
    """Return what decides, beside the scores, the analysis."""
    found: Listing = {f"answers of people ({name})": one for name, one in side.answers.items()}
    for name, task in side.sources.tasks.items():
        found[f"annotators' labels of {name}"] = side.facts(task).annotations_digest
    found["version of analyze"] = side.versions.get("analyze")
    found["version of evaluate"] = side.versions.get("evaluate")
    return found


def drop_undecided(before: Listing, now: Listing) -> tuple[Listing, Listing]:
    """Return both listings without details of the real data that changed nothing.

    Where the data did change, their details say how, or, where none differs, nothing but that.
    """
    is_same = before.get(REAL_DATA) == now.get(REAL_DATA)
    details = {name for name in (*before, *now) if name.startswith(_DETAIL)}
    says_how = any(before.get(name) != now.get(name) for name in details)
    return (
        _keep(before, details=not is_same, whole=not says_how),
        _keep(now, details=not is_same, whole=not says_how),
    )


def _keep(listing: Listing, *, details: bool, whole: bool) -> Listing:
    kept: Listing = {}
    for name, value in listing.items():
        if name.startswith(_DETAIL):
            if details:
                kept.setdefault(name.removeprefix(_DETAIL), value)
        elif name != REAL_DATA or whole:
            kept[name] = value
    return kept


def _list_data(side: Side, task: Task, digest: str) -> Listing:
    spec = task.spec
    found: Listing = {REAL_DATA: digest}
    for part in ("train", "test"):
        if part in task.files:
            name = Path(task.files[part].path).name
            found[f"{_DETAIL}data file {name}"] = task.files[part].digest
    for name, value in _list_fields(task, _IN_THE_DATA):
        found[_DETAIL + name] = value
    for name, value in spec.data.fingerprint_fields().items():
        found[f"{_DETAIL}{TASK_FILE}: data.{name}"] = value
    found[f"{_DETAIL}most shots (the pool's least size)"] = side.corpora.pool_floor
    return found


def _list_generator(models: Models, name: str) -> Listing:
    generator = models.generators[name]
    card: Card = generator.card
    return {
        **_list_model(name, models.digest(generator)),
        f"card of {name}: context_length": card.context_length,
        f"card of {name}: system_role": card.system_role,
        f"card of {name}: thinking": card.thinking,
        "engine": generator.engine,
    }


def _list_model(name: str, digest: ModelDigest) -> Listing:
    return {
        f"weights of {name}": digest.weights,
        f"tokenizer of {name}": digest.tokenizer,
        f"chat template of {name}": digest.template or "none",
    }


def _list_fields(task: Task, names: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield fields of a task file, nested ones one by one, in the file's order."""
    dumped = task.spec.model_dump(mode="json")
    for name in dumped:
        if name in names:
            yield from _flatten(f"{TASK_FILE}: {name}", dumped[name])


def _flatten(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _flatten(f"{name}.{key}", one)
    else:
        yield name, value
