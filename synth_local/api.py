"""The toolkit from Python: open a run, read what it made, compare runs, ask for advice.

Everything is read from files; nothing is generated, trained or written. Work is started from the
command line, where it can be killed and repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

from synth_local.commands.advise.advise import AdvicePage, advise_task
from synth_local.commands.compare.compare import Comparison, compare_runs
from synth_local.config import RunConfig, load_run_file
from synth_local.errors import ConfigError, DataError
from synth_local.evaluate.verdicts.verdict import Verdict
from synth_local.records import Example, Result
from synth_local.run.verdict_file import load_verdicts
from synth_local.store.corpus import Manifest, read_accepted, read_manifest
from synth_local.store.results import read_results as parse_results
from synth_local.store.run_dir import RunDir

StrPath = str | PathLike[str]


@dataclass(frozen=True)
class Corpus:
    """A finished corpus.

    Attributes:
        manifest: what it says of itself: counts, drops, identity, what its generator has seen.
        rows: the accepted rows, in plan order.
    """

    manifest: Manifest
    rows: tuple[Example, ...]


@dataclass(frozen=True)
class Run:
    """A run directory, finished or not."""

    directory: Path

    @cached_property
    def config(self) -> RunConfig:
        """The resolved run file."""
        return load_run_file(RunDir(self.directory).run_file)

    @property
    def corpora(self) -> dict[tuple[str, str, str], Path]:
        """The folders of the finished corpora, by task, generator and strategy."""
        folders = sorted(path.parent for path in self.directory.glob("corpora/*/*/*/manifest.json"))
        return {(path.parts[-3], path.parts[-2], path.parts[-1]): path for path in folders}

    @property
    def results(self) -> list[Result]:
        """The rows of ``results.csv``; none before the run was evaluated."""
        return read_results(self.directory)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The answers; none before the run was evaluated."""
        return load_verdicts(RunDir(self.directory))


def load_run(directory: StrPath) -> Run:
    """Open a run directory.

    Raises:
        ConfigError: it holds no run file.
    """
    run = RunDir(Path(directory).resolve())
    if not run.run_file.is_file():
        raise ConfigError(
            "this is not a run directory: it has no run.yaml",
            where=run.root,
            fix="make one with: synth-local run RUN.yaml --out DIR",
        )
    return Run(run.root)


def load_corpus(folder: StrPath) -> Corpus:
    """Read a finished corpus.

    Args:
        folder: ``DIR/corpora/<task>/<generator>/<strategy>``.

    Raises:
        DataError: there is no finished corpus.
    """
    path = Path(folder)
    manifest = read_manifest(path)
    if manifest is None:
        raise DataError(
            "there is no finished corpus: manifest.json is missing",
            where=path,
            fix="name a folder DIR/corpora/<task>/<generator>/<strategy>, or finish the run",
        )
    return Corpus(manifest, tuple(read_accepted(path)))


def read_results(directory: StrPath) -> list[Result]:
    """Read ``results.csv`` of a run: one row per condition, training seed, metric and label.

    Returns:
        The rows; none before the run was evaluated.
    """
    path = RunDir(Path(directory)).results
    return parse_results(path.read_text(encoding="utf-8")) if path.is_file() else []


def compare(first: StrPath, *others: StrPath) -> Comparison:
    """Compare the first run with each other one, paired by test item.

    Args:
        first: a run directory; ``DIR::PART=VALUE`` takes some cells of it, as on the command line.

    Raises:
        ConfigError: a directory is no run, or fewer than two are named.
        DataError: predictions cannot be read.
    """
    return compare_runs([str(directory) for directory in (first, *others)])


def advise(
    task_file: StrPath, evidence: Sequence[StrPath] = (), margin: float | None = None
) -> AdvicePage:
    """Say what finished runs tell of a task: whether synthetic texts do, and on what that rests.

    Args:
        evidence: run directories.
        margin: largest loss of macro-F1 that is good enough; by default that of each run.

    Raises:
        ConfigError: the task file is wrong, or a directory is no run.
    """
    return advise_task(Path(task_file), [Path(directory) for directory in evidence], margin)
