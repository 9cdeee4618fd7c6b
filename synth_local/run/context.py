"""One run, opened: the parts that commands and stages take what they need from.

Each part answers one question, holds what it needs for that, and is made when it is first asked
for. No part knows the whole.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from synth_local.config import RunConfig, load_run_file
from synth_local.config.run_file import dump_run_file
from synth_local.core.files import write_text
from synth_local.engines.choose import has_vllm, resolve_dtype
from synth_local.errors import ConfigError
from synth_local.run.cells import CellPlanner
from synth_local.run.corpora import Corpora
from synth_local.run.human.files import HumanFiles
from synth_local.run.identity.fingerprints import Identities
from synth_local.run.models import Models
from synth_local.run.opened import Sources
from synth_local.run.rounds import Rounds
from synth_local.run.sources.made_from import read_made_from
from synth_local.run.splits import RealData
from synth_local.run.state import State
from synth_local.store.run_dir import RunDir
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
    def sources(self) -> Sources:
        """What the run is made from."""
        return Sources(self.run, self.config, read_made_from(self.run), self.reads_weights)

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks by name, in the run file's order."""
        return self.sources.tasks

    @property
    def models(self) -> Models:
        """Generators, students and embedder."""
        return self.sources.models

    @cached_property
    def corpora(self) -> Corpora:
        """The corpora that are asked for."""
        return Corpora(self.config, self.tasks)

    @cached_property
    def data(self) -> RealData:
        """The real data of the tasks."""
        floor = self.corpora.pool_floor
        return RealData(self.run, self.config.curate, floor, self.sources.made)

    @cached_property
    def identities(self) -> Identities:
        """What decides each output."""
        return Identities(self.sources, self.corpora, self.data)

    @cached_property
    def rounds(self) -> Rounds:
        """The slots that are admitted."""
        return Rounds(self.run, self.corpora, self.data, self.identities, self.sources.brought)

    @cached_property
    def planner(self) -> CellPlanner:
        """The training conditions."""
        return CellPlanner(self.corpora, self.data, self.identities, self.rounds)

    @cached_property
    def human_files(self) -> HumanFiles:
        """What people said."""
        return HumanFiles(self.config.analyze, self.tasks, self.data, self.sources.made)

    def look(self) -> State:
        """Return what is done by now."""
        return State(self.run, self.identities, self.planner, self.human_files)


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


def log_path(run: RunDir, name: str) -> Path:
    """Return the log of the running step: a scheduler's job names its own."""
    return Path(os.environ.get(LOG_VARIABLE) or run.logs / f"{name}.log")


def store_config(config: RunConfig, run: RunDir) -> None:
    """Write the resolved run file into the run directory, where it is new or has changed."""
    text = dump_run_file(config)
    if not run.run_file.is_file() or run.run_file.read_text(encoding="utf-8") != text:
        write_text(run.run_file, text)
