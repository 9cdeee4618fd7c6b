"""What of a run is done: fingerprints against markers, nothing computed.

A stage is done where its marker's fingerprint is the one that the run file asks for now.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from synth_local.core.files import read_json
from synth_local.core.hashing import digest_json
from synth_local.run.cells import CellPlan, plan_cells
from synth_local.run.context import Context
from synth_local.run.human.files import digest_human_files
from synth_local.run.identity.fingerprints import (
    ANALYZE_VERSION,
    EVALUATE_VERSION,
    REPORT_VERSION,
    curation_fingerprint,
    measure_fingerprint,
)
from synth_local.run.identity.why_stale import Reasons
from synth_local.run.splits import split_facts
from synth_local.run.untrained import Untrained, explain_no_answer, find_untrained
from synth_local.store.corpus import Manifest, read_manifest
from synth_local.store.markers import read_failures
from synth_local.store.run_dir import CorpusKey


def require_answer(context: Context) -> None:
    """Raise where everything is done and there is nothing to answer the run's question from.

    Args:
        context: of a run whose trainings are done.

    Raises:
        NoAnswerError: saying why.
    """
    state = State(context)
    error = explain_no_answer(context, state.manifests, len(state.cells))
    if error:
        raise error


@dataclass(frozen=True)
class State:
    """What is done of one opened run; take a new one after work was done."""

    context: Context

    @cached_property
    def manifests(self) -> dict[CorpusKey, Manifest]:
        """The manifests of the corpora that are finished under the present run file."""
        found = {}
        for key in self.context.corpora:
            manifest = read_manifest(self.context.run.corpus(key))
            wanted = curation_fingerprint(self.context, key)
            if manifest and manifest.fingerprint == wanted:
                found[key] = manifest
        return found

    @cached_property
    def open_corpora(self) -> list[CorpusKey]:
        """The corpora that are not finished."""
        return [key for key in self.context.corpora if key not in self.manifests]

    @cached_property
    def unmeasured(self) -> list[CorpusKey]:
        """The corpora whose measures are missing or of other rows."""
        return [key for key in self.context.corpora if not self._is_measured(key)]

    @cached_property
    def cells(self) -> list[CellPlan]:
        """The training conditions that the finished corpora allow."""
        return plan_cells(self.context, self.manifests)

    @cached_property
    def open_cells(self) -> list[CellPlan]:
        """The cells without predictions of their present identity."""
        run = self.context.run
        return [
            plan
            for plan in self.cells
            if (read_json(run.cell_marker(plan.cell)) or {}).get("fingerprint") != plan.fingerprint
            or not run.predictions(plan.cell).is_file()
        ]

    @cached_property
    def trained_cells(self) -> list[CellPlan]:
        """The cells that have predictions, in the run file's order."""
        missing = {plan.cell.name for plan in self.open_cells}
        return [plan for plan in self.cells if plan.cell.name not in missing]

    @cached_property
    def untrained(self) -> list[Untrained]:
        """The sources that no student is trained on, since a label has no row."""
        return find_untrained(self.context, self.manifests)

    @property
    def evaluate_fingerprint(self) -> str:
        """Identity of scores and verdicts: the cells that have predictions, and the margin.

        What a generator has seen is part of a verdict, and so of its identity.
        """
        context = self.context
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
        generators = context.models.generators
        seen = [
            [str(key), generators[key.generator].card.model_dump(include={"has_seen"})]
            for key in self.manifests
            if key.generator in generators
        ]
        told = [context.config.margin, seen, lacking]
        return digest_json([EVALUATE_VERSION, done, told])

    @property
    def is_evaluated(self) -> bool:
        """Whether the stored scores are those of the present cells."""
        stored = read_json(self.context.run.summary) or {}
        wanted = self.evaluate_fingerprint
        return stored.get("fingerprint") == wanted and self.context.run.results.is_file()

    @property
    def analyze_fingerprint(self) -> str:
        """Identity of the analysis: the scores and what single annotators said."""
        context = self.context
        said = [split_facts(context, task).annotations_digest for task in context.tasks.values()]
        told = [said, digest_human_files(context)]
        return digest_json([ANALYZE_VERSION, self.evaluate_fingerprint, told])

    @property
    def is_analyzed(self) -> bool:
        """Whether the stored analysis is that of the present scores."""
        stored = read_json(self.context.run.analysis) or {}
        return bool(stored.get("fingerprint") == self.analyze_fingerprint)

    @property
    def report_fingerprint(self) -> str:
        """Identity of the report: scores, measures, corpora, the run file and what failed."""
        run = self.context.run
        return digest_json(
            [
                REPORT_VERSION,
                self.evaluate_fingerprint,
                self.analyze_fingerprint,
                [
                    [str(key), one.fingerprint, one.corpus_digest]
                    for key, one in self.manifests.items()
                ],
                [(read_json(run.measures(key)) or {}).get("fingerprint") for key in self.manifests],
                self.context.fingerprint,
                [failure.what for failure in read_failures(run)],
            ]
        )

    @property
    def is_reported(self) -> bool:
        """Whether the report shows the present results."""
        run = self.context.run
        stored = read_json(run.report_marker) or {}
        page = run.report / "report.html"
        return stored.get("fingerprint") == self.report_fingerprint and page.is_file()

    @cached_property
    def reasons(self) -> Reasons:
        """Why stored outputs are not the present ones."""
        return Reasons(self.context)

    def _is_measured(self, key: CorpusKey) -> bool:
        manifest = self.manifests.get(key)
        if manifest is None:
            return False
        stored = read_json(self.context.run.measures(key)) or {}
        return bool(stored.get("fingerprint") == measure_fingerprint(self.context, key, manifest))
