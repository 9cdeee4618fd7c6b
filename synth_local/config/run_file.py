"""The run file as a whole: what is crossed with what.

Task paths are relative to the run file. The resolved file, with every default spelled out and
paths made absolute, is stored in the run directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, PositiveInt, ValidationInfo, field_validator, model_validator

from synth_local.config.sections import (
    AnalyzeConfig,
    CurateConfig,
    GenerateConfig,
    MeasureConfig,
    TrainConfig,
)
from synth_local.config.strategies import StrategySpec, check_name, name_repeat
from synth_local.core.empty_files import refuse_empty
from synth_local.core.section import Section, parse_section, read_yaml
from synth_local.core.spelled_paths import place_path

Source = Literal[
    "real",
    "real_all",
    "synthetic",
    "synthetic_all",
    "pool",
    "pool_balanced",
    "pool+synthetic",
    "real+synthetic",
]
EngineName = Literal["auto", "vllm", "transformers"]


class RunConfig(Section):
    """A run file: tasks x generators x strategies x students x sources x seeds.

    Attributes:
        tasks: paths of task files, relative to the run file.
        generators: names of models that write texts.
        strategies: ways of making prompts, by word or in full.
        corpora: texts brought along, by the name that takes the place of a generator's: a file
            (for the run's only task), or one file for each task. Relative to the run file.
        students: names of models that are trained; ``generator-itself`` asks each generator.
        sources: what students are trained on.
        per_label: accepted rows per label of each corpus.
        seeds: one training per seed.
        corpus_seeds: further seeds of generation; each repeats every generated corpus.
        learning_curve: rows per label of further, smaller real and synthetic training sets.
        margin: the largest loss of macro-F1 that counts as good enough.
        engine: ``auto`` keeps what the run directory was made with, else takes vLLM if installed.
        models: a further folder to look for models in, relative to the run file.
    """

    tasks: tuple[str, ...] = Field(min_length=1)
    generators: tuple[str, ...] = ()
    strategies: tuple[StrategySpec, ...] = ()
    corpora: dict[str, str | dict[str, str]] = Field(default_factory=dict)
    students: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ("real", "synthetic")
    per_label: int | dict[str, int] = 3000
    seeds: tuple[int, ...] = Field(default=(0, 1, 2, 3), min_length=1)
    corpus_seeds: tuple[int, ...] = ()
    learning_curve: tuple[PositiveInt, ...] = ()
    margin: float = Field(default=0.02, ge=0, le=0.5)
    engine: EngineName = "auto"
    models: str | None = None
    generate: GenerateConfig = GenerateConfig()
    curate: CurateConfig = CurateConfig()
    measure: MeasureConfig = MeasureConfig()
    train: TrainConfig = TrainConfig()
    analyze: AnalyzeConfig = AnalyzeConfig()

    @field_validator("generators", "students")
    @classmethod
    def validate_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Require names that fit into a cell's name."""
        return tuple(check_name(name) for name in value)

    @field_validator("corpora")
    @classmethod
    def validate_corpora(
        cls, value: dict[str, str | dict[str, str]]
    ) -> dict[str, str | dict[str, str]]:
        """Require names that fit into a cell's name, each with a file."""
        for name, files in value.items():
            check_name(name)
            spelled = list(files.values()) if isinstance(files, dict) else [files]
            if not spelled or not all(spelled):
                msg = f"{name}: names no file"
                raise ValueError(msg)
        return value

    @field_validator("per_label")
    @classmethod
    def validate_per_label(cls, value: int | dict[str, int]) -> int | dict[str, int]:
        """Require at least one row per label."""
        counts = value.values() if isinstance(value, Mapping) else [value]
        if any(count < 1 for count in counts):
            msg = "per_label must be at least 1 for every label"
            raise ValueError(msg)
        return value

    @field_validator("seeds", "corpus_seeds")
    @classmethod
    def validate_seeds(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        """Require seeds that every library takes."""
        wrong = [seed for seed in value if not 0 <= seed < 2**31]
        if wrong:
            msg = f"{info.field_name} must lie in [0, 2**31), found {wrong[0]}"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def validate_matrix(self) -> Self:
        """Require that names are unique and that synthetic sources can be made."""
        for what, names in (
            ("tasks", self.tasks),
            ("generators and corpora", (*self.generators, *self.corpora)),
            ("strategies", tuple(spec.name for spec in self.strategies)),
            ("students", self.students),
            ("sources", self.sources),
            ("seeds", tuple(str(seed) for seed in self.seeds)),
            ("corpus_seeds", tuple(str(seed) for seed in self.corpus_seeds)),
            ("learning_curve", tuple(str(size) for size in self.learning_curve)),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                msg = f"{what}: {', '.join(map(repr, twice))} stands twice"
                raise ValueError(msg)
        missing = [k for k in ("generators", "strategies") if not getattr(self, k)]
        # with corpora brought along nothing has to be generated
        needs_both = bool(self.generators) or not self.corpora
        if missing and needs_both and self.needs_corpora:
            msg = f"synthetic sources and pool_balanced need {' and '.join(missing)}"
            raise ValueError(msg)
        if missing and "generator-itself" in self.students:
            msg = f"the student generator-itself needs {' and '.join(missing)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def validate_repeats(self) -> Self:
        """Require that there is something to repeat, from other seeds and under free names."""
        if not self.corpus_seeds:
            return self
        missing = [k for k in ("generators", "strategies") if not getattr(self, k)]
        if not self.needs_corpora:
            missing.append("a synthetic source")
        if missing:
            msg = f"corpus_seeds repeats generated corpora: it needs {' and '.join(missing)}"
            raise ValueError(msg)
        first = self.generate.seed
        if first in self.corpus_seeds:
            msg = (
                f"corpus_seeds holds {first}, which is generate.seed, the seed of the first "
                "corpora: name other seeds"
            )
            raise ValueError(msg)
        names = {spec.name for spec in self.strategies}
        for seed in self.corpus_seeds:
            for taken in (name for name in sorted(names) if name_repeat(name, seed) in names):
                msg = (
                    f"the strategy {name_repeat(taken, seed)!r} has the name of the repeat of "
                    f"{taken!r} from the seed {seed} (corpus_seeds): name it otherwise"
                )
                raise ValueError(msg)
        return self

    @property
    def needs_corpora(self) -> bool:
        """Whether some source cannot be made without a corpus."""
        return any("synthetic" in source or source == "pool_balanced" for source in self.sources)

    def per_label_for(self, labels: tuple[str, ...]) -> dict[str, int]:
        """Return how many rows each label should get.

        Args:
            labels: the task's labels, in order.

        Raises:
            KeyError: ``per_label`` names some of the labels only; the message lists the missing.
        """
        if isinstance(self.per_label, int):
            return dict.fromkeys(labels, self.per_label)
        missing = [label for label in labels if label not in self.per_label]
        if missing:
            raise KeyError(", ".join(missing))
        return {label: self.per_label[label] for label in labels}

    def chain_length_for(self, spec: StrategySpec) -> int:
        """Return the turns per chain: few-shot chains have length 1 unless the strategy says so."""
        if spec.chain_length is not None:
            return spec.chain_length
        return 1 if spec.base == "few_shot" else self.generate.chain_length


def load_run_file(path: Path) -> RunConfig:
    """Return a checked run file with its paths made absolute.

    Args:
        path: the file.

    Raises:
        ConfigError: with all problems of the file at once.
    """
    refuse_empty(path, "run file", "`synth-local init DIR` writes one to start from")
    value, lines = read_yaml(path)
    config = parse_section(RunConfig, value, path, lines)
    folder = path.resolve().parent
    tasks = tuple(str(place_path(folder, task, path)) for task in config.tasks)
    models = str(place_path(folder, config.models, path)) if config.models else None
    analyze = _resolve_analyze(config.analyze, folder, path)
    corpora = {
        name: {task: _find_file(folder, one, path) for task, one in files.items()}
        if isinstance(files, dict)
        else _find_file(folder, files, path)
        for name, files in config.corpora.items()
    }
    found = {"tasks": tasks, "models": models, "corpora": corpora, "analyze": analyze}
    return config.model_copy(update=found)


def _resolve_analyze(analyze: AnalyzeConfig, folder: Path, where: Path) -> AnalyzeConfig:
    spelled = analyze.judgements
    judgements = str(place_path(folder, spelled, where)) if spelled else None
    annotations = {
        task: str(place_path(folder, path, where)) for task, path in analyze.annotations.items()
    }
    return analyze.model_copy(update={"judgements": judgements, "annotations": annotations})


def _find_file(folder: Path, spelled: str, where: Path) -> str:
    """Return an absolute path; a link keeps its name, which tells the format."""
    place_path(folder, spelled, where)
    path = folder / Path(spelled).expanduser()
    return str(path.parent.resolve() / path.name)


def dump_run_file(config: RunConfig) -> str:
    """Return the resolved run file as YAML, every default spelled out."""
    head = (
        "# The resolved run file of this directory; written by synth-local, read by every step.\n"
    )
    values = config.model_dump(mode="json")
    return head + yaml.safe_dump(values, sort_keys=False, allow_unicode=False)
