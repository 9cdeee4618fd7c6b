"""What a run is made from: tasks, prompts, models and corpora brought along, here or as recorded.

Each is opened when it is first asked for, and once. Files are hashed, models through a cache; no
data are parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from synth_local.config import RunConfig
from synth_local.errors import ConfigError
from synth_local.generate.prompts import PromptSet
from synth_local.run.external import Brought
from synth_local.run.models import Models
from synth_local.run.sources.external_files import find_external
from synth_local.run.sources.find import open_prompts, open_task
from synth_local.run.sources.made_from import MadeFrom
from synth_local.store.run_dir import RunDir
from synth_local.task import Task


@dataclass(frozen=True)
class Sources:
    """The sources of a run.

    Attributes:
        made: what the outputs were made from, as the directory keeps it; ``None``: not kept yet.
        reads_weights: whether weights may be hashed; see ``Models``.
    """

    run: RunDir
    config: RunConfig
    made: MadeFrom | None
    reads_weights: bool = True

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks by name, in the run file's order."""
        tasks: dict[str, Task] = {}
        for path in self.config.tasks:
            task = open_task(Path(path), self.made)
            if task.name in tasks:
                raise ConfigError(
                    f"two tasks are called {task.name!r}",
                    where=path,
                    fix=f"rename one; the other is {tasks[task.name].path}",
                )
            tasks[task.name] = task
        return tasks

    @cached_property
    def prompts(self) -> dict[str, PromptSet]:
        """The wording of each task."""
        return {name: open_prompts(task, self.made) for name, task in self.tasks.items()}

    @cached_property
    def models(self) -> Models:
        """Generators, students and embedder; none is read before its digest is asked for."""
        return Models(self.run, self.config, self.made, self.reads_weights)

    @cached_property
    def brought(self) -> Brought:
        """The corpora brought along."""
        paths = find_external(self.config.corpora, list(self.tasks))
        return Brought(self.tasks, paths, self.made)
