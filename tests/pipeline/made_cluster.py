"""A Slurm that only takes notes, and requests to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synth_local.backends.slurm.client import QueuedTask, Slurm, SlurmError
from synth_local.config import SiteConfig, load_run_file
from synth_local.pipeline.slurm.submit import Request, submit_run
from synth_local.store.run_dir import RunDir
from synth_local.store.submission import Submission, read_submission
from tests.pipeline.conftest import SmallRun

NO_GPU = {"gpus": 0, "shards": 4}


@dataclass(frozen=True)
class Notes(Slurm):
    """A cluster that notes what it is asked, and refuses the call that it is told to.

    Attributes:
        run: the run directory.
        refused: number of the submission that is refused, from 1; 0 refuses none.
        error: what a refused one raises.
        trouble: what is said where jobs are to be ended; empty where all is well.
    """

    run: RunDir = field(default_factory=lambda: RunDir(Path()))
    refused: int = 0
    error: BaseException = field(default_factory=lambda: SlurmError("no", is_away=False, fix=""))
    trouble: list[str] = field(default_factory=list)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    tasks: dict[str, QueuedTask] = field(default_factory=dict)

    def submit(self, script: Path, folder: Path, dependency: str, token: str, *, hold: bool) -> str:
        assert script.is_file()
        assert folder == self.run.root
        for needed in (self.run.logs, self.run.task_marks):
            assert needed.is_dir(), "a job could start before its folders are there"
        number = 1 + sum(call[0] == "submit" for call in self.calls)
        if number == self.refused:
            raise self.error
        self.calls.append(("submit", script.stem, dependency, token, hold))
        self.tasks[str(100 + number)] = QueuedTask("PENDING", "Dependency")
        return str(100 + number)

    def release(self, job: str) -> None:
        self.calls.append(("release", job))

    def cancel(self, jobs: Any) -> None:
        submission = read_submission(self.run)
        assert submission is not None
        assert submission.state != "cancelled", "called off before it was so"
        self.calls.append(("cancel", *jobs))
        if self.trouble:
            raise SlurmError(self.trouble[0], is_away=True, fix="")

    def list_tasks(self, *, patient: bool = False) -> dict[str, QueuedTask]:
        self.calls.append(("list", patient))
        return self.tasks

    def max_array_size(self) -> int:
        return 1001

    @property
    def submitted(self) -> list[tuple[Any, ...]]:
        """The calls of ``submit``: script, dependency, token, whether held."""
        return [call[1:] for call in self.calls if call[0] == "submit"]


def make_request(small: SmallRun, **site: Any) -> Request:
    stages = {"generate": NO_GPU, **site.pop("stages", {})}
    config = SiteConfig.model_validate({"stages": stages, **site})
    site_file = small.folder / "site.yaml"
    return Request(load_run_file(small.run_file), small.run_file, config, site_file, small.out)


def submit_small(small: SmallRun, slurm: Notes, **site: Any) -> Submission | None:
    return submit_run(make_request(small, **site), slurm, lambda _: None)


def make_notes(small: SmallRun, **values: Any) -> Notes:
    return Notes(run=RunDir(small.out.resolve()), **values)
