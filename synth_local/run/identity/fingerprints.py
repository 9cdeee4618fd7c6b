"""Identity is content: what decides each output, as one digest per output.

A fingerprint covers a hand-raised version, the result-bearing settings, and the identities of the
inputs. Settings that only change speed are left out by their declaration.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_local.core.hashing import digest_json
from synth_local.curate.rows import describe_checks
from synth_local.run.corpora import Corpora
from synth_local.run.opened import Sources
from synth_local.run.splits import RealData
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task
from synth_local.train.sets.sources import SetPlan

GENERATE_VERSION = 1
CURATE_VERSION = 1
MEASURE_VERSION = 3
TRAIN_VERSION = 4
CLASSIFY_VERSION = 1
EVALUATE_VERSION = 7
ANALYZE_VERSION = 8
REPORT_VERSION = 12
VERSIONS = {
    "generate": GENERATE_VERSION,
    "curate": CURATE_VERSION,
    "measure": MEASURE_VERSION,
    "train": TRAIN_VERSION,
    "classify": CLASSIFY_VERSION,
    "evaluate": EVALUATE_VERSION,
    "analyze": ANALYZE_VERSION,
    "report": REPORT_VERSION,
}

# fields of a task file that a writer is told
IN_A_PROMPT = {"name", "language", "labels", "context", "kind", "length", "styles"}
# fields of a task file that a classifier is told
_IN_A_QUESTION = {"language", "labels", "context", "kind"}
# settings of generation that a strategy decides: StrategyPlan spells them out
OF_A_STRATEGY = {"shots", "shots_from", "chain_length", "diversity_every"}
# settings of training that are decided by then: rows and steps
_IN_THE_ROWS = {"epochs", "min_steps", "match"}
_NOT_IN_A_TEXT = OF_A_STRATEGY | {"budget_tokens"}  # which decides only how many are written


@dataclass(frozen=True)
class Identities:
    """Says what decides each output of a run."""

    sources: Sources
    corpora: Corpora
    data: RealData

    @property
    def run_file(self) -> str:
        """Identity of the resolved run file, for people to compare."""
        return digest_json(self.sources.config.model_dump(mode="json"))

    def generation(self, key: CorpusKey) -> str:
        """Return the identity of a corpus's ledger: everything that decides a slot's text."""
        if key.is_external:
            return self.sources.brought.fingerprint(key)
        generator = self.sources.models.generators[key.generator]
        task = self.sources.tasks[key.task]
        strategy = self.corpora.strategies[key.strategy]
        settings = self.sources.config.generate.fingerprint_fields()
        settings["seed"] = self.corpora.root_seed(key.strategy)  # of a repeat another one
        card = generator.card
        return digest_json(
            {
                "version": GENERATE_VERSION,
                "settings": {k: v for k, v in settings.items() if k not in _NOT_IN_A_TEXT},
                "strategy": [
                    strategy.name,
                    strategy.base,
                    strategy.shots,
                    strategy.shots_from if strategy.base == "few_shot" else "",
                    strategy.chain_length,
                    strategy.diversity_every if strategy.chain_length > 1 else 0,
                ],
                "task": task.spec.model_dump(mode="json", include=IN_A_PROMPT),
                "pool": self.data.facts(task).pool_digest if strategy.shots else "",
                "prompts": self.sources.prompts[key.task].digest,
                "generator": self.sources.models.digest(generator).total,
                "card": [card.context_length, card.system_role, card.thinking],
                "engine": generator.engine,
            }
        )

    def classify(self, key: CorpusKey, seed: int) -> str:
        """Return the identity of what a generator itself says of a task's test texts.

        The seed draws exemplars and decides nothing else: without exemplars all seeds, and all
        strategies, are one.
        """
        generator = self.sources.models.generators[key.generator]
        task = self.sources.tasks[key.task]
        facts = self.data.facts(task)
        shots = self.corpora.strategies[key.strategy].shots
        card = generator.card
        return digest_json(
            {
                "version": CLASSIFY_VERSION,
                "task": task.spec.model_dump(mode="json", include=_IN_A_QUESTION),
                "prompt": self.sources.prompts[key.task].classify_digest,
                "exemplars": [shots, seed, facts.pool_digest] if shots else [],
                "test": facts.test_digest,
                "generator": self.sources.models.digest(generator).total,
                "card": [card.context_length, card.system_role, card.thinking],
                "engine": [generator.engine, self.sources.config.generate.dtype],
            }
        )

    def checks(self, task: Task) -> str:
        """Return the identity of the row checks of a task: settings and reference texts."""
        curate = self.sources.config.curate
        drops_near_test = curate.near_test_matches == "drop"
        checks = describe_checks(task.spec, curate.max_copy, drops_near_test=drops_near_test)
        return digest_json([checks, list(task.spec.clean), self.data.facts(task).data_digest])

    def curation(self, key: CorpusKey) -> str:
        """Return the identity of a corpus."""
        task = self.sources.tasks[key.task]
        curate = self.sources.config.curate.fingerprint_fields()
        budget = self.sources.config.generate.budget_tokens
        if key.is_external:  # how many rounds, and what they may cost, is nothing to a file's rows
            curate, budget = {k: v for k, v in curate.items() if k != "max_rounds"}, None
        return digest_json(
            {
                "version": CURATE_VERSION,
                "generation": self.generation(key),
                "checks": self.checks(task),
                "curate": curate,
                "per_label": self.corpora.per_label(key.task),
                "budget_tokens": budget,
            }
        )

    def measure(self, key: CorpusKey, manifest: Manifest) -> str:
        """Return the identity of a corpus's measures."""
        embedder = self.sources.models.embedder
        task = self.sources.tasks[key.task]
        return digest_json(
            {
                "version": MEASURE_VERSION,
                "corpus": [manifest.fingerprint, manifest.corpus_digest],
                "real": self.data.facts(task).data_digest,
                "settings": self.sources.config.measure.fingerprint_fields(),
                "near_duplicates": self.sources.config.curate.near_duplicates,
                "embedder": self.sources.models.digest(embedder).total if embedder else None,
            }
        )

    def training(self, data: str, rows: SetPlan, corpus: str, student: str, steps: int) -> str:
        """Return the identity of a training: of all its seeds.

        Args:
            data: digest of the task's split.
            corpus: digest of the rows of the set's corpus; empty where it has none.
        """
        models = self.sources.models
        model = models.students[student]
        settings = self.sources.config.train.fingerprint_fields()
        return digest_json(
            {
                "version": TRAIN_VERSION,
                "data": data,
                "corpus": corpus,
                "rows": [rows.source.removesuffix("_all"), rows.real, rows.synthetic],
                "student": [student, models.digest(model).total if model else ""],
                "settings": {k: v for k, v in settings.items() if k not in _IN_THE_ROWS},
                "steps": steps,
            }
        )
