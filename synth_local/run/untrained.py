"""What a run asks for and cannot train, since a label has no row: named, not just left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synth_local.errors import EXIT_NO, SynthLocalError
from synth_local.run.cells import CellPlanner
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey
from synth_local.train.sets.tags import RealCounts

SHOWN_LABELS = 10


class NoAnswerError(SynthLocalError):
    """Everything worked, and there is nothing that the run's question could be answered from."""

    exit_code = EXIT_NO


@dataclass(frozen=True, slots=True)
class Untrained:
    """A source of one task that no student is trained on.

    Attributes:
        corpus: of its synthetic part; ``None`` where there is none.
        source: as in the run file.
        labels: that have no row in it.
    """

    task: str
    corpus: CorpusKey | None
    source: str
    labels: tuple[str, ...]

    @property
    def message(self) -> str:
        """Return a line for people."""
        names = ", ".join(repr(label[:60]) for label in self.labels[:SHOWN_LABELS])
        more = len(self.labels) - SHOWN_LABELS
        names += f" and {more} more" if more > 0 else ""
        if self.corpus is None:
            why = f"the task has no row of {names} for it"
            return f"{self.task}: {self.source} is not trained: {why}"
        return f"{self.corpus}: {self.source} is not trained: its corpus has no row of {names}"


def find_untrained(
    planner: CellPlanner, manifests: Mapping[CorpusKey, Manifest]
) -> list[Untrained]:
    """Return the sources that cannot be trained, task by task.

    A matched ``real`` set that only a corpus without some label asks for is not among them where
    ``real`` is trained at all.

    Returns:
        Nothing where no student is to be trained.
    """
    return _sort_sources(planner, manifests)[0]


def _sort_sources(
    planner: CellPlanner, manifests: Mapping[CorpusKey, Manifest]
) -> tuple[list[Untrained], set[tuple[str, str]]]:
    """Return what is not trained, and the task and source of all that is."""
    if not planner.trained_students:
        return [], set()
    untrained = []
    sources: set[tuple[str, str]] = set()
    for task in planner.corpora.tasks.values():
        facts = planner.data.facts(task)
        accepted = {key: one.accepted for key, one in manifests.items() if key.task == task.name}
        compared, repeats = planner.plan_sets(task, RealCounts(facts.train, facts.pool), accepted)
        sets = compared + repeats
        trained = {(rows.source, rows.corpus) for rows in sets if not rows.list_empty(task.labels)}
        sources |= {(task.name, source) for source, _ in trained}
        untrained += [
            Untrained(task.name, rows.corpus, rows.source, tuple(rows.list_empty(task.labels)))
            for rows in sets
            if (rows.source, rows.corpus) not in trained
        ]
    return list(dict.fromkeys(untrained)), sources


def explain_no_answer(
    planner: CellPlanner, manifests: Mapping[CorpusKey, Manifest], num_cells: int
) -> NoAnswerError | None:
    """Return why a run cannot answer what it was asked although all its stages are done.

    A source that is trained from one corpus and not from another is a shortfall, not this.

    Returns:
        ``None`` where each source of each task is trained, or where none was asked for.
    """
    if not planner.config.students or not planner.config.sources:
        return None
    untrained, trained = _sort_sources(planner, manifests)
    lost = [one for one in untrained if (one.task, one.source) not in trained]
    if num_cells and not lost:
        return None
    what = "no answer: there is nothing that a student could be trained on"
    if num_cells:
        what = f"no answer about {lost[0].source}"
    return NoAnswerError(
        what + "".join(f"; {one.message}" for one in (lost or untrained)[:1]),
        where=planner.data.run.root,
        fix="see why rows were refused in the report and in drops.parquet of the corpus; with more "
        "rows of that label, or without the source, the run has its answer",
    )
