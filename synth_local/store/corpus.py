"""A corpus on disk: accepted rows, drops, manifest.

``manifest.json`` is written last; its existence means done. Both tables are plain Parquet that
``datasets`` opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from synth_local.core.files import read_json, write_json, write_text
from synth_local.core.hashing import digest_file, digest_texts
from synth_local.core.tables import read_parquet, write_parquet
from synth_local.records import Example, Outcome

ROW_FIELDS: list[tuple[str, pa.DataType]] = [
    ("id", pa.string()),
    ("text", pa.string()),
    ("label", pa.string()),
    ("task", pa.string()),
    ("generator", pa.string()),
    ("strategy", pa.string()),
    ("generator_digest", pa.string()),
    ("prompt_digest", pa.string()),
    ("seed", pa.int64()),
    ("round", pa.int32()),
    ("chain", pa.int64()),
    ("turn", pa.int32()),
    ("exemplar_ids", pa.list_(pa.string())),
    ("num_prompt_tokens", pa.int32()),
    ("num_tokens", pa.int32()),
    ("finish_reason", pa.string()),
]
DROP_FIELDS = [
    *ROW_FIELDS,
    ("reason", pa.string()),
    ("culprit_kind", pa.string()),
    ("culprit_id", pa.string()),
]
TABLES = {"train.parquet": ROW_FIELDS, "drops.parquet": DROP_FIELDS}


@dataclass(frozen=True)
class Manifest:
    """What a finished corpus says of itself; see ``docs/run-directory.md``.

    Attributes:
        fingerprint: identity of what decided the corpus.
        corpus_digest: identity of the accepted rows.
        complete: every label has its number of rows.
        shortfall: why not, or empty.
        planned: rows asked for, by label.
        drops: reason to count, by label.
        rounds: rounds that were used, round 0 included.
        tokens: ``prompt`` and ``generated``.
        seconds: spent in generation, summed over shards.
        engine: of the last segment; several are named in its notes.
        grade: reproducibility: ``exact``, ``seeded`` or ``unseeded``.
        generator_digest: ``weights``, ``tokenizer``, ``template``, ``total``.
        has_seen: which task data the generator's training had.
        near_test_matches: accepted rows of which a test text holds more than ``max_copy``.
        files: SHA-256 of each table.
        created: ISO 8601, UTC.
        brought: ``file`` (its name), ``digest`` and ``rows`` of a corpus brought along, else
            ``None``.
    """

    task: str
    generator: str
    strategy: str
    fingerprint: str
    corpus_digest: str
    complete: bool
    shortfall: str
    planned: dict[str, int]
    admitted: dict[str, int]
    accepted: dict[str, int]
    drops: dict[str, dict[str, int]]
    rounds: int
    tokens: dict[str, int]
    seconds: float
    engine: dict[str, Any]
    grade: str
    generator_digest: dict[str, str]
    has_seen: list[dict[str, Any]]
    near_test_matches: int
    created: str
    version: str
    files: dict[str, str] = field(default_factory=dict)
    brought: dict[str, Any] | None = None


def write_corpus(
    folder: Path,
    accepted: Sequence[Outcome],
    drops: Sequence[Outcome],
    manifest: Manifest,
    card: str,
) -> Manifest:
    """Write both tables and the card, then the manifest with checksums; return that manifest."""
    extra = {
        "generator": manifest.generator,
        "generator_digest": manifest.generator_digest["total"],
    }
    for name, outcomes in (("train.parquet", accepted), ("drops.parquet", drops)):
        rows = [_row(outcome, extra) for outcome in outcomes]
        write_parquet(folder / name, rows, pa.schema(TABLES[name]))
    write_text(folder / "README.md", card)
    files = {name: digest_file(folder / name) for name in TABLES}
    final = Manifest(**{**asdict(manifest), "files": files})
    write_json(folder / "manifest.json", asdict(final))
    return final


def _row(outcome: Outcome, extra: dict[str, str]) -> dict[str, Any]:
    turn, verdict = outcome.turn, outcome.verdict
    slot, completion = turn.slot, turn.completion
    return {
        "id": slot.id,
        # a lone surrogate cannot be UTF-8; what the model wrote stays in the ledger
        "text": verdict.text.encode("utf-8", "replace").decode(),
        "label": slot.label,
        "task": slot.task,
        **extra,
        "strategy": slot.strategy,
        "prompt_digest": turn.prompt_digest,
        "seed": slot.seed,
        "round": outcome.round,
        "chain": slot.chain,
        "turn": slot.turn,
        "exemplar_ids": list(slot.exemplar_ids),
        "num_prompt_tokens": completion.num_prompt_tokens,
        "num_tokens": completion.num_tokens,
        "finish_reason": completion.finish_reason,
        "reason": verdict.reason,
        "culprit_kind": verdict.culprit_kind,
        "culprit_id": verdict.culprit_id,
    }


def read_manifest(folder: Path) -> Manifest | None:
    """Return the corpus's manifest, or ``None`` where the corpus is not finished."""
    value = read_json(folder / "manifest.json")
    return None if value is None else Manifest(**value)


def read_accepted(folder: Path) -> list[Example]:
    """Return the accepted rows as labelled texts, in plan order."""
    rows = read_parquet(folder / "train.parquet", ["id", "text", "label"])
    return [Example(row["id"], row["text"], row["label"]) for row in rows]


def digest_examples(examples: Sequence[Example]) -> str:
    """Return the identity of labelled texts: ids, labels, texts and their order."""
    return digest_texts(
        part for example in examples for part in (example.id, example.label, example.text)
    )
