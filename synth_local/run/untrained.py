"""What a run asks for and cannot train, since a label has no row: named, not just left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synth_local.errors import EXIT_NO, SynthLocalError
from synth_local.run.cells import plan_all_sets
from synth_local.run.context import Context
from synth_local.run.splits import split_facts
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey
from synth_local.train.sets.sources import plan_repeats
from synth_local.train.sets.tags import RealCounts
from synth_local.train.students import GENERATOR_AS_CLASSIFIER

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


def find_untrained(context: Context, manifests: Mapping[CorpusKey, Manifest]) -> list[Untrained]:
    """Return the sources that cannot be trained, task by task.

    A matched ``real`` set that only a corpus without some label asks for is not among them where
    ``real`` is trained at all.

    Returns:
        Nothing where no student is to be trained.
    """
    return _sort_sources(context, manifests)[0]


def _sort_sources(
    context: Context, manifests: Mapping[CorpusKey, Manifest]
) -> tuple[list[Untrained], set[tuple[str, str]]]:
    """Return what is not trained, and the task and source of all that is."""
    config = context.config
    if not any(name != GENERATOR_AS_CLASSIFIER for name in config.students):
        return [], set()
    found = []
    sources: set[tuple[str, str]] = set()
    for task in context.tasks.values():
        facts = split_facts(context, task)
        accepted = {key: one.accepted for key, one in manifests.items() if key.task == task.name}
        repeats = {key: counts for key, counts in accepted.items() if context.is_repeat(key)}
        real = RealCounts(facts.train, facts.pool)
        sets = plan_all_sets(context, task, real, accepted)
        sets += plan_repeats(config.sources, config.train.match, real, repeats)
        trained = {(one.source, one.corpus) for one in sets if not one.list_empty(task.labels)}
        sources |= {(task.name, source) for source, _ in trained}
        found += [
            Untrained(task.name, one.corpus, one.source, tuple(one.list_empty(task.labels)))
            for one in sets
            if (one.source, one.corpus) not in trained
        ]
    return list(dict.fromkeys(found)), sources


def explain_no_answer(
    context: Context, manifests: Mapping[CorpusKey, Manifest], num_cells: int
) -> NoAnswerError | None:
    """Return why a run cannot answer what it was asked although all its stages are done.

    A source that is trained from one corpus and not from another is a shortfall, not this.

    Returns:
        ``None`` where each source of each task is trained, or where none was asked for.
    """
    if not context.config.students or not context.config.sources:
        return None
    found, trained = _sort_sources(context, manifests)
    lost = [one for one in found if (one.task, one.source) not in trained]
    if num_cells and not lost:
        return None
    what = "no answer: there is nothing that a student could be trained on"
    if num_cells:
        what = f"no answer about {lost[0].source}"
    return NoAnswerError(
        what + "".join(f"; {one.message}" for one in (lost or found)[:1]),
        where=context.run.root,
        fix="see why rows were refused in the report and in drops.parquet of the corpus; with more "
        "rows of that label, or without the source, the run has its answer",
    )
