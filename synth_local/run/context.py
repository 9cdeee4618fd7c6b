"""One run, opened: its file, tasks, models and what was decided for ``auto``.

Everything here is cheap: files are hashed (models through a cache), nothing heavy is imported, no
data is parsed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from synth_local.config import RunConfig, load_run_file
from synth_local.config.run_file import dump_run_file
from synth_local.config.strategies import StrategySpec, name_repeat
from synth_local.core.files import write_text
from synth_local.core.hashing import digest_json
from synth_local.engines.choose import has_vllm, resolve_dtype
from synth_local.errors import ConfigError
from synth_local.generate.plan import Repeat, StrategyPlan
from synth_local.generate.prompts import PromptSet
from synth_local.run.models import Models
from synth_local.run.sources.external_files import ExternalFile, find_external
from synth_local.run.sources.find import open_external, open_prompts, open_task
from synth_local.run.sources.made_from import MadeFrom, read_made_from
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.task import Task

LOG_VARIABLE = "SYNTH_LOCAL_LOG"
_DTYPES = {True: "bfloat16", False: "float32"}


@dataclass(frozen=True)
class Context:
    """A run directory and its resolved run file.

    Attributes:
        reads_weights: whether weights may be hashed; see ``Models``.
    """

    run: RunDir
    config: RunConfig
    reads_weights: bool = True

    @cached_property
    def made_from(self) -> MadeFrom | None:
        """What the outputs were made from, as the directory keeps it; ``None``: not kept yet."""
        return read_made_from(self.run)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks by name, in the run file's order."""
        found: dict[str, Task] = {}
        for path in self.config.tasks:
            task = open_task(Path(path), self.made_from)
            if task.name in found:
                raise ConfigError(
                    f"two tasks are called {task.name!r}",
                    where=path,
                    fix=f"rename one; the other is {found[task.name].path}",
                )
            found[task.name] = task
        return found

    @cached_property
    def models(self) -> Models:
        """Generators, students and embedder; none is read before its digest is asked for."""
        return Models(self.run, self.config, self.made_from, self.reads_weights)

    @cached_property
    def prompts(self) -> dict[str, PromptSet]:
        """The wording of each task."""
        return {name: open_prompts(task, self.made_from) for name, task in self.tasks.items()}

    @cached_property
    def strategies(self) -> dict[str, StrategyPlan]:
        """The strategies by name, with every setting decided: those of the run file, then repeats.

        A repeat is one more strategy, so that its corpora have folders, slots and cells too.
        """
        plans = {spec.name: self._decide_strategy(spec) for spec in self.config.strategies}
        repeats = [
            replace(plan, name=name_repeat(name, seed), repeat=Repeat(name, seed))
            for seed in self.config.corpus_seeds
            for name, plan in plans.items()
        ]
        return plans | {plan.name: plan for plan in repeats}

    def root_seed(self, strategy: str) -> int:
        """Return the seed that all slots of a strategy are derived from."""
        repeat = self.strategies[strategy].repeat
        return repeat.root_seed if repeat else self.config.generate.seed

    def is_repeat(self, key: CorpusKey) -> bool:
        """Return whether a corpus repeats another from a further seed (``corpus_seeds``)."""
        plan = self.strategies.get(key.strategy)  # corpora brought along have none
        return plan is not None and plan.repeat is not None

    @property
    def pool_floor(self) -> int:
        """The least number of pool texts per label: the largest number of shots in the run."""
        shots = [plan.shots for plan in self.strategies.values()]
        return max([1, *shots])

    @property
    def corpora(self) -> list[CorpusKey]:
        """All corpora, tasks first, brought ones last; empty where no source needs one."""
        if not self.config.needs_corpora:
            return []
        found = []
        for task in self.tasks:
            found += [
                CorpusKey(task, generator, strategy)
                for generator in self.config.generators
                for strategy in self.strategies
            ]
            found += [key for key in self.external_paths if key.task == task]
        return found

    @cached_property
    def external(self) -> dict[CorpusKey, ExternalFile]:
        """The files of the corpora brought along, hashed.

        Raises:
            DataError: a file is missing, and the run does not know what it was.
        """
        return open_external(self.external_paths, self.made_from)

    @property
    def external_paths(self) -> dict[CorpusKey, Path]:
        """Where the corpora brought along lie, which need not be there."""
        return find_external(self.config.corpora, list(self.tasks))

    def per_label(self, task: Task) -> dict[str, int]:
        """Return the rows asked for, by label.

        Raises:
            ConfigError: ``per_label`` leaves a label out or names one that no task has.
        """
        try:
            return self.config.per_label_for(task.labels)
        except KeyError as error:
            raise ConfigError(
                f"per_label says nothing about {error.args[0]} of the task {task.name!r}",
                where="per_label",
                fix="give one number for all labels, or one for each label",
            ) from error

    @property
    def fingerprint(self) -> str:
        """Identity of the resolved run file, for people to compare."""
        return digest_json(self.config.model_dump(mode="json"))

    def _decide_strategy(self, spec: StrategySpec) -> StrategyPlan:
        generate = self.config.generate
        return StrategyPlan(
            spec.name,
            spec.base,
            (spec.shots or generate.shots) if spec.base == "few_shot" else 0,
            spec.shots_from or generate.shots_from,
            self.config.chain_length_for(spec),
            spec.diversity_every or generate.diversity_every,
        )


def open_context(root: Path, *, reads_weights: bool = True) -> Context:
    """Return the context of a run directory.

    Raises:
        ConfigError: the directory holds no run file.
    """
    run = RunDir(root.resolve())
    if not run.run_file.is_file():
        raise ConfigError(
            "this is not a run directory: it has no run.yaml",
            where=root,
            fix="make one with: synth-local run RUN.yaml --out DIR",
        )
    return Context(run, load_run_file(run.run_file), reads_weights)


def resolve_config(config: RunConfig, run: RunDir, *, on_gpu: bool | None = None) -> RunConfig:
    """Return the run file with every ``auto`` decided.

    ``auto`` keeps what the run directory was made with, so that a finished run stays finished on a
    machine with another set-up.

    Args:
        on_gpu: whether texts will be generated on GPUs; ``None`` looks at this machine.

    Returns:
        The run file without ``auto``.
    """
    before = load_run_file(run.run_file) if run.run_file.is_file() else None
    engine, generate = config.engine, config.generate
    if engine == "auto":
        can_vllm = find_spec("vllm") is not None if on_gpu else has_vllm()
        engine = before.engine if before else ("vllm" if can_vllm else "transformers")
    if generate.dtype == "auto":
        decided = resolve_dtype("auto") if on_gpu is None else _DTYPES[on_gpu]
        decided = before.generate.dtype if before else decided
        generate = config.generate.model_copy(update={"dtype": decided})
    return config.model_copy(update={"engine": engine, "generate": generate})


def log_path(context: Context, name: str) -> Path:
    """Return the log of the running step: a scheduler's job names its own."""
    return Path(os.environ.get(LOG_VARIABLE) or context.run.logs / f"{name}.log")


def store_config(config: RunConfig, run: RunDir) -> None:
    """Write the resolved run file into the run directory, where it is new or has changed."""
    text = dump_run_file(config)
    if not run.run_file.is_file() or run.run_file.read_text(encoding="utf-8") != text:
        write_text(run.run_file, text)
