"""Corpora brought along: a file's rows in the place of a ledger.

Nothing is generated and no model is loaded. Every row of the file is an admitted slot: within its
label it has the position in which it stands there, so that the file's order decides what counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from synth_local.core.hashing import digest_json
from synth_local.records import Completion, Slot
from synth_local.run.sources.external_files import ExternalFile
from synth_local.run.sources.find import open_external
from synth_local.run.sources.made_from import MadeFrom
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task
from synth_local.task.examples import EXTERNAL_COLUMNS, read_external_rows
from synth_local.task.file_facts import FileFacts, RowCount
from synth_local.task.formats.reader import list_unread

#: Raise it when the same file would give other rows.
EXTERNAL_VERSION = 2
#: Stands in the place of a label that a row does not have.
NO_LABEL = "(no label)"
#: Counts the rows whose label the task leaves out.
OTHER_LABELS = "(other labels)"


@dataclass(frozen=True)
class ExternalRows:
    """The rows of a file, each a slot with what stands in the place of a completion.

    Attributes:
        slots: by id, in the file's order; ids are ``<task>.<name>.<row number, 6 digits>``.
        others: ids of the slots whose label the task leaves out.
        admitted: slots by label, in the task's order; ``OTHER_LABELS`` where there are any.
        facts: what became of the file's rows, the row checks aside.
    """

    slots: Mapping[str, Slot]
    texts: Mapping[str, Completion]
    others: frozenset[str]
    admitted: dict[str, int]
    facts: FileFacts


@dataclass(frozen=True)
class Brought:
    """The corpora that a run was brought along.

    Attributes:
        paths: where their files are looked for, which need not be there.
        made: what the outputs were made from before; ``None``: not kept yet.
    """

    tasks: Mapping[str, Task]
    paths: Mapping[CorpusKey, Path]
    made: MadeFrom | None

    @cached_property
    def files(self) -> dict[CorpusKey, ExternalFile]:
        """The files, hashed.

        Raises:
            DataError: a file is missing, and the run does not know what it was.
        """
        return open_external(self.paths, self.made)

    def read(self, key: CorpusKey) -> ExternalRows:
        """Return the rows of a corpus brought along.

        Raises:
            DataError: the file is missing, or a row cannot be used; with file and line.
        """
        task = self.tasks[key.task]
        counts: Counter[str] = Counter()
        slots: dict[str, Slot] = {}
        others = set()
        texts: dict[str, Completion] = {}
        path = self.files[key].path
        count = RowCount(path, task.labels)
        for row in read_external_rows(task.spec, path, count):
            name = f"{key.task}.{key.generator}.{row.index:06d}"
            group = row.label if row.is_known else OTHER_LABELS
            slots[name] = Slot(
                id=name,
                task=key.task,
                strategy=key.strategy,
                label=row.label or NO_LABEL,
                position=counts[group],
                chain=row.index,
                turn=0,
                seed=0,
            )
            texts[name] = Completion(name, row.text, 0, 0, "")
            counts[group] += 1
            if not row.is_known:
                others.add(name)
        admitted = {label: counts[label] for label in task.labels}
        if others:
            admitted[OTHER_LABELS] = len(others)
        return ExternalRows(
            slots, texts, frozenset(others), admitted, count.finish(list_unread(path, "train"))
        )

    def fingerprint(self, key: CorpusKey) -> str:
        """Return the identity of the rows: the file's bytes and how they are read."""
        spec = self.tasks[key.task].spec
        file = self.files[key]
        return digest_json(
            {
                "version": EXTERNAL_VERSION,
                "file": file.digest,
                # the same bytes under another ending would be read another way
                "format": file.path.name.lower().removesuffix(".gz").rpartition(".")[2],
                "columns": list(EXTERNAL_COLUMNS),
                "labels": list(spec.labels),
                "label_map": spec.data.label_map,
                "other_labels": spec.other_labels,
            }
        )
