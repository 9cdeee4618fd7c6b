"""Where everything of a run lies: one place that knows the names of files.

A run directory may lie on a network file system: atomic renames only, no locks, no two writers on
one file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth_local.records import EXTERNAL, Cell


@dataclass(frozen=True, slots=True, order=True)
class CorpusKey:
    """One task x generator x strategy; a corpus brought along stands in a generator's place."""

    task: str
    generator: str
    strategy: str

    @property
    def is_external(self) -> bool:
        """Return whether it was brought along: a file's rows, for which nothing is generated."""
        return self.strategy == EXTERNAL

    @property
    def relative(self) -> Path:
        """Return ``<task>/<generator>/<strategy>``."""
        return Path(self.task) / self.generator / self.strategy

    def __str__(self) -> str:
        """Return the key as people read it."""
        return f"{self.task} / {self.generator} / {self.strategy}"


@dataclass(frozen=True, slots=True)
class RunDir:
    """The paths of one run directory."""

    root: Path

    @property
    def run_file(self) -> Path:
        """The resolved run file."""
        return self.root / "run.yaml"

    @property
    def results(self) -> Path:
        """The tidy table of all metrics."""
        return self.root / "results.csv"

    @property
    def verdicts(self) -> Path:
        """The answers of the run, one record for each task, student and question."""
        return self.root / "verdicts.json"

    @property
    def report(self) -> Path:
        """The folder of the report."""
        return self.root / "report"

    @property
    def logs(self) -> Path:
        """The folder of log files."""
        return self.root / "logs"

    @property
    def annotate(self) -> Path:
        """The folder of what annotators are asked to fill in; it holds real texts."""
        return self.root / "annotate"

    @property
    def task_pairs(self) -> Path:
        """The template of judgements of tasks."""
        return self.annotate / "task_pairs.csv"

    @property
    def work(self) -> Path:
        """The folder of everything that is not meant for people."""
        return self.root / "work"

    @property
    def made_from(self) -> Path:
        """What the outputs were made from; copies of task files and prompts lie beside it."""
        return self.root / "made_from" / "record.json"

    @property
    def digests(self) -> Path:
        """The cache of model digests, by path, size and time."""
        return self.work / "digests.json"

    @property
    def live(self) -> Path:
        """Markers of the processes that work on this run."""
        return self.work / "live"

    @property
    def failed(self) -> Path:
        """Markers of jobs that failed, one file each."""
        return self.work / "failed"

    @property
    def progress(self) -> Path:
        """The latest progress of each job, one file each."""
        return self.work / "progress"

    @property
    def summary(self) -> Path:
        """Scores with intervals and comparisons; the marker of the evaluate stage."""
        return self.work / "evaluate" / "summary.json"

    @property
    def analysis(self) -> Path:
        """What is said of subjectivity; the marker of the analyze stage."""
        return self.work / "analyze" / "analysis.json"

    @property
    def report_marker(self) -> Path:
        """The marker of the report stage."""
        return self.work / "report.json"

    @property
    def slurm(self) -> Path:
        """What was submitted to a scheduler."""
        return self.work / "slurm"

    @property
    def scripts(self) -> Path:
        """The batch scripts of the last submission."""
        return self.slurm / "scripts"

    @property
    def task_marks(self) -> Path:
        """What jobs and array tasks wrote of their start and end."""
        return self.slurm / "tasks"

    @property
    def checkpoints(self) -> Path:
        """States of trainings that were stopped before their end."""
        return self.work / "train" / "checkpoints"

    def item_template(self, task: str) -> Path:
        """Return the template of annotators' labels of a task's test items."""
        path = self.annotate / f"{task}.csv"
        return path if path != self.task_pairs else self.annotate / f"{task}.items.csv"

    def split_facts(self, task: str) -> Path:
        """Return the cached facts of a task's split."""
        return self.work / "splits" / f"{task}.json"

    def split_items(self, task: str) -> Path:
        """Return digests of a task's test texts, by their ids."""
        return self.work / "splits" / "items" / f"{task}.json"

    def ledger(self, key: CorpusKey) -> Path:
        """Return the folder of a corpus's ledger segments."""
        return self.work / "generate" / key.relative

    def curation(self, key: CorpusKey) -> Path:
        """Return the file that says which slots are admitted, round by round."""
        return self.work / "curate" / key.relative / "rounds.json"

    def corpus(self, key: CorpusKey) -> Path:
        """Return the folder of a finished corpus."""
        return self.root / "corpora" / key.relative

    def measures(self, key: CorpusKey) -> Path:
        """Return the measures of a corpus; the marker of the measure stage."""
        return self.work / "measure" / f"{key.relative}.json"

    def student(self, cell: Cell) -> Path:
        """Return the folder of a trained student."""
        return self.root / "students" / cell.name

    def predictions(self, cell: Cell) -> Path:
        """Return the predictions of a trained student."""
        return self.root / "predictions" / f"{cell.name}.parquet"

    def cell_marker(self, cell: Cell) -> Path:
        """Return the marker of a finished cell."""
        return self.work / "train" / "cells" / f"{cell.name}.json"
