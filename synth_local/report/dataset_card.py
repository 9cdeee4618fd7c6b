"""The card of a corpus: a README.md with the front matter that Hugging Face tools read.

Pure. The front matter is written by a YAML library and the text is escaped for Markdown: names and
notes come from outside and must neither add a key nor a tag.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from synth_local.curate.reasons import REASONS
from synth_local.report.data import (
    CorpusPart,
    ModelPart,
    ReportData,
    TaskPart,
    format_seen,
    list_reasons,
)
from synth_local.report.table_text import clean_text
from synth_local.store.corpus import Manifest

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$&]|:(?=//)|(?<=www)\.)")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def write_dataset_card(data: ReportData, part: CorpusPart) -> str:
    """Write the dataset card of one corpus."""
    task = next((task for task in data.tasks if task.name == part.manifest.task), None)
    model = next((model for model in data.models if model.name == part.manifest.generator), None)
    values = _make_front_matter(part.manifest, task, model)
    front = yaml.safe_dump(_fold_lines(values), sort_keys=False, allow_unicode=True)
    environment = Environment(
        loader=PackageLoader("synth_local.report"),
        autoescape=False,  # noqa: S701 - Markdown: every value goes through escape_markdown
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    body = environment.get_template("dataset_card.md.j2").render(
        **_list_facts(data, part, task, model)
    )
    return f"---\n{front}---\n\n" + re.sub(r"\n{3,}", "\n\n", body)


class _Code(str):
    """Text of a code span, where a backslash would be shown."""

    __slots__ = ()


def _as_code(name: str) -> _Code:
    return _Code(re.sub(r"[^A-Za-z0-9._+-]", "?", name))


def _finalize(value: Any) -> Any:
    is_text = isinstance(value, str) and not isinstance(value, _Code)
    return escape_markdown(value) if is_text else value


def escape_markdown(text: str) -> str:
    """Return ``text`` on one line, so that Markdown shows it as it is."""
    return _MARKS.sub(r"\\\1", " ".join(clean_text(text).split()))


def _make_front_matter(
    manifest: Manifest, task: TaskPart | None, model: ModelPart | None
) -> dict[str, Any]:
    language = task.language if task else ""
    front: dict[str, Any] = {
        "pretty_name": f"{manifest.task}, {manifest.generator}, {manifest.strategy}",
        "license": "other",
        "license_name": "see-generator",
        "task_categories": ["text-classification"],
        "size_categories": [_name_size(sum(manifest.accepted.values()))],
        "source_datasets": [],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "tags": ["synthetic", "synth-local"],
        "configs": [{"config_name": "default", "data_files": "train.parquet"}],
        "synth_local": {
            "task": manifest.task,
            "generator": manifest.generator,
            "generator_license": model.license if model else "",
            "strategy": manifest.strategy,
            "corpus_digest": manifest.corpus_digest,
            "fingerprint": manifest.fingerprint,
            "complete": manifest.complete,
            "grade": manifest.grade,
        },
    }
    if manifest.brought:
        front |= _describe_brought(manifest)
    if _LANGUAGE.fullmatch(language):
        front["language"] = [language]
    return front


def _describe_brought(manifest: Manifest) -> dict[str, Any]:
    """Return what takes the place of facts that only a generator has."""
    brought = manifest.brought or {}
    return {
        "license_name": "unknown",
        "annotations_creators": ["other"],
        "language_creators": ["other"],
        "tags": ["brought-along", "synth-local"],
        "synth_local": {
            "task": manifest.task,
            "corpus": manifest.generator,
            "strategy": manifest.strategy,
            "file": str(brought.get("file", "")),
            "file_digest": str(brought.get("digest", "")),
            "corpus_digest": manifest.corpus_digest,
            "fingerprint": manifest.fingerprint,
            "complete": manifest.complete,
            "grade": manifest.grade,
        },
    }


def _fold_lines(value: Any) -> Any:
    """Return a value with every string on one line, so that none can look like the block's end."""
    if isinstance(value, dict):
        return {key: _fold_lines(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_fold_lines(one) for one in value]
    return " ".join(clean_text(value).split()) if isinstance(value, str) else value


def _name_size(count: int) -> str:
    return next((name for bound, name in SIZES if count < bound), "1M<n<10M")


def _list_facts(
    data: ReportData, part: CorpusPart, task: TaskPart | None, model: ModelPart | None
) -> dict[str, Any]:
    manifest = part.manifest
    more = data.find_seen(task, manifest.generator) if task else ()
    return {
        "title": f"{'Brought along' if manifest.brought else 'Synthetic'} {manifest.task}",
        "brought": manifest.brought,
        "count": f"{sum(manifest.accepted.values()):,}",
        "task": _as_code(manifest.task),
        "generator": _as_code(manifest.generator),
        "strategy": _as_code(manifest.strategy),
        "version": manifest.version,
        "complete": manifest.complete,
        "shortfall": manifest.shortfall or "Rows are missing.",
        "rows": _list_rows(manifest),
        "drops": _list_drops(part),
        "seen": [
            {
                "task": one.task,
                "split": one.split,
                "rows": "not counted" if one.num_rows is None else f"{one.num_rows:,}",
                "note": one.note,
            }
            for one in data.list_seen(manifest.generator)
        ],
        "seen_more": format_seen(more) if more else "",
        "num_pool": f"{task.num_pool:,}" if task else "",
        "near_test_matches": f"{manifest.near_test_matches:,}",
        "provenance": _list_provenance(manifest),
        "license_note": _note_license(manifest, model),
    }


def _list_rows(manifest: Manifest) -> list[dict[str, str]]:
    return [
        {
            "label": label,
            "planned": f"{planned:,}",
            "admitted": f"{manifest.admitted.get(label, 0):,}",
            "accepted": f"{manifest.accepted.get(label, 0):,}",
            "dropped": f"{sum(manifest.drops.get(label, {}).values()):,}",
        }
        for label, planned in manifest.planned.items()
    ]


def _list_drops(part: CorpusPart) -> list[dict[str, str]]:
    counts = part.manifest.drops.values()
    return [
        {
            "reason": reason,
            "count": f"{sum(by_reason.get(reason, 0) for by_reason in counts):,}",
            "meaning": REASONS.get(reason, ""),
        }
        for reason in list_reasons([part])
    ]


def _list_provenance(manifest: Manifest) -> list[tuple[str, str]]:
    engine, digest, tokens = manifest.engine, manifest.generator_digest, manifest.tokens
    if manifest.brought:
        return [
            ("brought along from", str(manifest.brought.get("file", ""))),
            ("file digest", str(manifest.brought.get("digest", ""))),
            ("rows in the file", f"{manifest.brought.get('rows', 0):,}"),
            ("corpus digest", manifest.corpus_digest),
            ("fingerprint", manifest.fingerprint),
            ("created", manifest.created),
        ]
    return [
        ("generator weights", digest.get("weights", "")),
        ("generator tokenizer", digest.get("tokenizer", "")),
        ("chat template", digest.get("template", "")),
        ("engine", " ".join(str(engine.get(k, "")) for k in ("name", "version"))),
        ("dtype, device", f"{engine.get('dtype', '')}, {engine.get('device', '')}"),
        ("reproducibility", manifest.grade),
        ("rounds", str(manifest.rounds)),
        ("tokens", f"{tokens.get('prompt', 0):,} read, {tokens.get('generated', 0):,} written"),
        ("corpus digest", manifest.corpus_digest),
        ("fingerprint", manifest.fingerprint),
        ("created", manifest.created),
    ]


def _note_license(manifest: Manifest, model: ModelPart | None) -> str:
    if manifest.brought:
        return (
            "Nobody stated a licence for the texts that were brought along. This card grants "
            "nothing: ask where they come from before passing the corpus on."
        )
    stated = f'"{model.license}"' if model and model.license else "not stated on its card"
    return (
        f"The licence of the generator {manifest.generator} is {stated}; it may bind what may be "
        "done with its texts. Where prompts showed real texts, or the generator was trained on "
        "them, the terms of those data may apply too. This card grants nothing: check both before "
        "passing the corpus on."
    )
