"""What of a run is done: fingerprints against markers, nothing computed.

A stage is done where its marker's fingerprint is the one that the run file asks for now.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from synth_local.config import RunConfig
from synth_local.core.files import read_json
from synth_local.core.hashing import digest_json
from synth_local.run.cells import CellPlan, CellPlanner
from synth_local.run.human.files import HumanFiles
from synth_local.run.identity.fingerprints import (
    ANALYZE_VERSION,
    EVALUATE_VERSION,
    REPORT_VERSION,
    Identities,
)
from synth_local.run.identity.why_stale import Reasons
from synth_local.run.opened import Sources
from synth_local.run.splits import RealData
from synth_local.run.untrained import (
    NoAnswerError,
    Untrained,
    explain_no_answer,
    find_untrained,
)
from synth_local.store.corpus import Manifest, read_manifest
from synth_local.store.markers import read_failures
from synth_local.store.run_dir import CorpusKey, RunDir


@dataclass(frozen=True)
class State:
    """What is done of one opened run; take a new one after work was done."""

    run: RunDir
    identities: Identities
    planner: CellPlanner
    human_files: HumanFiles

    @property
    def config(self) -> RunConfig:
        """The run file."""
        return self.sources.config

    @property
    def sources(self) -> Sources:
        """What the run is made from."""
        return self.identities.sources

    @property
    def data(self) -> RealData:
        """The real data of the tasks."""
        return self.identities.data

    @cached_property
    def corpora(self) -> list[CorpusKey]:
        """All corpora of the run."""
        return self.identities.corpora.keys

    @cached_property
    def manifests(self) -> dict[CorpusKey, Manifest]:
        """The manifests of the corpora that are finished under the present run file."""
        manifests = {}
        for key in self.corpora:
            manifest = read_manifest(self.run.corpus(key))
            wanted = self.identities.curation(key)
            if manifest and manifest.fingerprint == wanted:
                manifests[key] = manifest
        return manifests

    @cached_property
    def open_corpora(self) -> list[CorpusKey]:
        """The corpora that are not finished."""
        return [key for key in self.corpora if key not in self.manifests]

    @cached_property
    def unmeasured(self) -> list[CorpusKey]:
        """The corpora whose measures are missing or of other rows."""
        return [key for key in self.corpora if not self._is_measured(key)]

    @cached_property
    def cells(self) -> list[CellPlan]:
        """The training conditions that the finished corpora allow."""
        return self.planner.plan(self.manifests)

    @cached_property
    def open_cells(self) -> list[CellPlan]:
        """The cells without predictions of their present identity."""
        return [
            plan
            for plan in self.cells
            if _read_fingerprint(self.run.cell_marker(plan.cell)) != plan.fingerprint
            or not self.run.predictions(plan.cell).is_file()
        ]

    @cached_property
    def trained_cells(self) -> list[CellPlan]:
        """The cells that have predictions, in the run file's order."""
        missing = {plan.cell.name for plan in self.open_cells}
        return [plan for plan in self.cells if plan.cell.name not in missing]

    @cached_property
    def untrained(self) -> list[Untrained]:
        """The sources that no student is trained on, since a label has no row."""
        return find_untrained(self.planner, self.manifests)

    @property
    def no_answer(self) -> NoAnswerError | None:
        """Why the run cannot answer its question although all is done; ``None`` where it can."""
        return explain_no_answer(self.planner, self.manifests, len(self.cells))

    @property
    def evaluate_fingerprint(self) -> str:
        """Identity of scores and verdicts: the cells that have predictions, and the margin.

        What a generator has seen is part of a verdict, and so of its identity.
        """
        done = [
            [
                plan.cell.name,
                plan.fingerprint,
                plan.rows.sources,
                [partner.name for partner in plan.partners],
            ]
            for plan in self.trained_cells
        ]
        # what else is compared with what where a corpus lacks a label
        lacking = [one.message for one in self.untrained]
        generators = self.sources.models.generators
        seen = [
            [str(key), generators[key.generator].card.model_dump(include={"has_seen"})]
            for key in self.manifests
            if key.generator in generators
        ]
        told = [self.config.margin, seen, lacking]
        return digest_json([EVALUATE_VERSION, done, told])

    @property
    def is_evaluated(self) -> bool:
        """Whether the stored scores are those of the present cells."""
        wanted = self.evaluate_fingerprint
        return _read_fingerprint(self.run.summary) == wanted and self.run.results.is_file()

    @property
    def analyze_fingerprint(self) -> str:
        """Identity of the analysis: the scores and what single annotators said."""
        tasks = self.sources.tasks.values()
        said = [self.data.facts(task).annotations_digest for task in tasks]
        told = [said, self.human_files.digest()]
        return digest_json([ANALYZE_VERSION, self.evaluate_fingerprint, told])

    @property
    def is_analyzed(self) -> bool:
        """Whether the stored analysis is that of the present scores."""
        return _read_fingerprint(self.run.analysis) == self.analyze_fingerprint

    @property
    def report_fingerprint(self) -> str:
        """Identity of the report: scores, measures, corpora, the run file and what failed."""
        return digest_json(
            [
                REPORT_VERSION,
                self.evaluate_fingerprint,
                self.analyze_fingerprint,
                [
                    [str(key), manifest.fingerprint, manifest.corpus_digest]
                    for key, manifest in self.manifests.items()
                ],
                [_read_fingerprint(self.run.measures(key)) for key in self.manifests],
                self.identities.run_file,
                [failure.what for failure in read_failures(self.run)],
            ]
        )

    @property
    def is_reported(self) -> bool:
        """Whether the report shows the present results."""
        page = self.run.report / "report.html"
        marker = self.run.report_marker
        return _read_fingerprint(marker) == self.report_fingerprint and page.is_file()

    @cached_property
    def reasons(self) -> Reasons:
        """Why stored outputs are not the present ones."""
        return Reasons(self.identities, self.human_files)

    def _is_measured(self, key: CorpusKey) -> bool:
        manifest = self.manifests.get(key)
        if manifest is None:
            return False
        wanted = self.identities.measure(key, manifest)
        return _read_fingerprint(self.run.measures(key)) == wanted


def _read_fingerprint(path: Path) -> str | None:
    """Return the fingerprint of a stored file; ``None`` where there is no file, or none in it."""
    fingerprint: str | None = (read_json(path) or {}).get("fingerprint")
    return fingerprint
