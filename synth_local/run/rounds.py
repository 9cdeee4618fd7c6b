"""Which slots are admitted: the rounds of each corpus, as stored on disk.

Round 0 is the first N slots per label. ``curate`` appends a round where a label is short; nothing
else does, so the same slots are used locally and under a scheduler. Of a corpus brought along all
rows are admitted, in one round.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from synth_local.core.files import read_json, write_json
from synth_local.generate.plan import SlotPlan
from synth_local.run.corpora import Corpora
from synth_local.run.external import Brought
from synth_local.run.identity.fingerprints import Identities
from synth_local.run.splits import RealData
from synth_local.store.records import parse
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.task.file_facts import FileFacts


@dataclass(frozen=True)
class CorpusRounds:
    """The rounds of one corpus.

    Attributes:
        fingerprint: identity of the corpus that they belong to.
        slots: of each round, the slots per label that it admits.
        read: what became of the rows of a file brought along, as stored; see ``read_file``.
    """

    fingerprint: str
    slots: tuple[dict[str, int], ...]
    read: dict[str, Any] | None = None

    @property
    def read_file(self) -> FileFacts | None:
        """Return what became of the rows of a file brought along; ``None`` for other corpora."""
        return None if self.read is None else parse(self.read, FileFacts)

    @property
    def admitted(self) -> dict[str, int]:
        """Slots per label of all rounds."""
        labels = self.slots[0]
        return {label: sum(slot.get(label, 0) for slot in self.slots) for label in labels}


def first_round(
    per_label: dict[str, int], budget_tokens: int | None, max_tokens: int
) -> dict[str, int]:
    """Return round 0: N slots per label, or as many as the token budget surely pays for."""
    if budget_tokens is None:
        return dict(per_label)
    share = budget_tokens // max_tokens // len(per_label)
    return {label: min(count, max(1, share)) for label, count in per_label.items()}


@dataclass(frozen=True)
class Rounds:
    """The rounds of all corpora of a run."""

    run: RunDir
    corpora: Corpora
    data: RealData
    identities: Identities
    brought: Brought

    def current(self, key: CorpusKey) -> CorpusRounds:
        """Return the stored rounds of a corpus, or round 0 where there are none for this identity.

        Raises:
            DataError: the file of a corpus brought along is wrong; with file and line.
        """
        fingerprint = self.identities.curation(key)
        stored = read_json(self.run.curation(key))
        if stored and stored["fingerprint"] == fingerprint:
            return CorpusRounds(fingerprint, tuple(stored["slots"]), stored.get("read"))
        if key.is_external:
            rows = self.brought.read(key)
            return CorpusRounds(fingerprint, (rows.admitted,), asdict(rows.facts))
        generate = self.corpora.config.generate
        per_label = self.corpora.per_label(key.task)
        start = first_round(per_label, generate.budget_tokens, generate.max_tokens)
        return CorpusRounds(fingerprint, (start,))

    def store(self, key: CorpusKey, rounds: CorpusRounds) -> None:
        """Write the rounds of a corpus."""
        write_json(self.run.curation(key), asdict(rounds))

    def check_brought(self) -> None:
        """Read the corpora brought along that are not known to be readable.

        Raises:
            DataError: a file is missing, or a row cannot be used; with file and line.
        """
        for key in self.corpora.keys:
            if key.is_external:
                self.current(key)

    def slot_plan(self, key: CorpusKey, *, with_exemplars: bool = True) -> SlotPlan:
        """Return the slot plan of a generated corpus: the same for every generator.

        Args:
            with_exemplars: draw exemplars from the pool; without, slots have all but these, and no
                data are read.

        Raises:
            DataError: exemplars are asked for, and the data are wrong or not here.
        """
        task = self.corpora.tasks[key.task]
        strategy = self.corpora.strategies[key.strategy]
        needs_pool = with_exemplars and strategy.shots > 0
        pool = self.data.splits(task).pool if needs_pool else ()
        root_seed = self.corpora.root_seed(key.strategy)
        return SlotPlan(task.name, task.labels, strategy, root_seed, task.spec.styles, pool)
