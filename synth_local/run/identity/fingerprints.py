"""Identity is content: what decides each output, as one digest per output.

A fingerprint covers a hand-raised version, the result-bearing settings, and the identities of the
inputs. Settings that only change speed are left out by their declaration.
"""

from __future__ import annotations

from synth_local.core.hashing import digest_json
from synth_local.curate.rows import describe_checks
from synth_local.run.context import Context
from synth_local.run.external import external_fingerprint
from synth_local.run.splits import split_facts
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey

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
_NOT_IN_A_TEXT = OF_A_STRATEGY | {"budget_tokens"}  # which decides only how many are written


def generation_fingerprint(context: Context, key: CorpusKey) -> str:
    """Return the identity of a corpus's ledger: everything that decides a slot's text."""
    if key.is_external:
        return external_fingerprint(context, key)
    generator = context.models.generators[key.generator]
    task = context.tasks[key.task]
    strategy = context.strategies[key.strategy]
    settings = context.config.generate.fingerprint_fields()
    settings["seed"] = context.root_seed(key.strategy)  # of a repeat another one
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
            "pool": split_facts(context, task).pool_digest if strategy.shots else "",
            "prompts": context.prompts[key.task].digest,
            "generator": context.models.digest(generator).total,
            "card": [card.context_length, card.system_role, card.thinking],
            "engine": generator.engine,
        }
    )


def classify_fingerprint(context: Context, key: CorpusKey, seed: int) -> str:
    """Return the identity of what a generator itself says of a task's test texts.

    The seed draws exemplars and decides nothing else: without exemplars all seeds, and all
    strategies, are one.
    """
    generator = context.models.generators[key.generator]
    task = context.tasks[key.task]
    facts = split_facts(context, task)
    shots = context.strategies[key.strategy].shots
    card = generator.card
    return digest_json(
        {
            "version": CLASSIFY_VERSION,
            "task": task.spec.model_dump(mode="json", include=_IN_A_QUESTION),
            "prompt": context.prompts[key.task].classify_digest,
            "exemplars": [shots, seed, facts.pool_digest] if shots else [],
            "test": facts.test_digest,
            "generator": context.models.digest(generator).total,
            "card": [card.context_length, card.system_role, card.thinking],
            "engine": [generator.engine, context.config.generate.dtype],
        }
    )


def checks_fingerprint(context: Context, key: CorpusKey) -> str:
    """Return the identity of the row checks of a task: settings and reference texts."""
    task = context.tasks[key.task]
    curate = context.config.curate
    drops_near_test = curate.near_test_matches == "drop"
    checks = describe_checks(task.spec, curate.max_copy, drops_near_test=drops_near_test)
    return digest_json([checks, list(task.spec.clean), split_facts(context, task).data_digest])


def curation_fingerprint(context: Context, key: CorpusKey) -> str:
    """Return the identity of a corpus."""
    task = context.tasks[key.task]
    curate = context.config.curate.fingerprint_fields()
    budget = context.config.generate.budget_tokens
    if key.is_external:  # how many rounds, and what they may cost, is nothing to a file's rows
        curate, budget = {k: v for k, v in curate.items() if k != "max_rounds"}, None
    return digest_json(
        {
            "version": CURATE_VERSION,
            "generation": generation_fingerprint(context, key),
            "checks": checks_fingerprint(context, key),
            "curate": curate,
            "per_label": context.per_label(task),
            "budget_tokens": budget,
        }
    )


def measure_fingerprint(context: Context, key: CorpusKey, manifest: Manifest) -> str:
    """Return the identity of a corpus's measures."""
    embedder = context.models.embedder
    task = context.tasks[key.task]
    return digest_json(
        {
            "version": MEASURE_VERSION,
            "corpus": [manifest.fingerprint, manifest.corpus_digest],
            "real": split_facts(context, task).data_digest,
            "settings": context.config.measure.fingerprint_fields(),
            "near_duplicates": context.config.curate.near_duplicates,
            "embedder": context.models.digest(embedder).total if embedder else None,
        }
    )
