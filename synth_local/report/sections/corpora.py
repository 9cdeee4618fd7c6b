"""The tables of what was made and with what: splits, corpora, drops, models, software.

Pure: manifests and cards in, tables out.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.models.digest import ModelDigest
from synth_local.report.data import NOTHING_KNOWN, CorpusPart, ReportData
from synth_local.report.tables import Column, Table, Undefined, Value
from synth_local.store.corpus import Manifest

CORPUS_NAMES = (
    Column("task", "Task"),
    Column("generator", "Generator"),
    Column("strategy", "Strategy"),
)
NOT_STATED = "the card states none"
NOT_MADE = "brought along: not made by this run"


def make_split_table(data: ReportData) -> Table:
    """Return the sizes of each task's splits and what was removed from them."""
    return Table(
        name="splits",
        caption="Real texts by split. The pool is part of the training rows; verbatim test "
        "matches and rows with other labels were removed from them before anything else.",
        columns=(
            Column("task", "Task"),
            Column("labels", "Labels", "count"),
            Column("train", "Training", "count"),
            Column("pool", "Pool", "count"),
            Column("validation", "Validation", "count"),
            Column("test", "Test", "count"),
            Column("test_matches_removed", "Test matches removed", "count"),
            Column("other_labels_removed", "Other labels removed", "count"),
            Column("digest", "Task digest", "code"),
        ),
        rows=tuple(
            (
                task.name,
                len(task.labels),
                task.num_train,
                task.num_pool,
                task.num_validation,
                task.num_test,
                task.num_test_matches,
                task.num_other_labels,
                task.digest,
            )
            for task in data.tasks
        ),
    )


def make_corpus_table(data: ReportData) -> Table:
    """Return one row per corpus: whether it is whole, what it cost, how it was made."""
    return Table(
        name="corpora",
        caption="Corpora: what was asked for, what came of it, and at what cost.",
        columns=(
            *CORPUS_NAMES,
            Column("planned", "Planned", "count"),
            Column("accepted", "Accepted", "count"),
            Column("accept_rate", "Accept rate", "score"),
            Column("status", "Status"),
            Column("rounds", "Rounds", "count"),
            Column("near_test_matches", "Near test matches", "count"),
            Column("tokens_prompt", "Prompt tokens", "count"),
            Column("tokens_generated", "Generated tokens", "count"),
            Column("seconds", "Seconds", "number"),
            Column("grade", "Reproducible"),
            Column("corpus_digest", "Corpus digest", "code"),
        ),
        rows=tuple(_corpus_row(part) for part in data.corpora),
        num_headers=3,
    )


def _corpus_row(part: CorpusPart) -> tuple[Value, ...]:
    manifest = part.manifest
    admitted, accepted = sum(manifest.admitted.values()), sum(manifest.accepted.values())
    return (
        *part.names,
        sum(manifest.planned.values()),
        accepted,
        accepted / admitted if admitted else Undefined("nothing was generated"),
        "complete" if manifest.complete else f"incomplete: {manifest.shortfall or 'rows missing'}",
        manifest.rounds,
        manifest.near_test_matches,
        *([Undefined(NOT_MADE)] * 3 if manifest.brought else _list_costs(manifest)),
        manifest.grade,
        manifest.corpus_digest,
    )


def _list_costs(manifest: Manifest) -> list[Value]:
    tokens = manifest.tokens
    return [tokens.get("prompt"), tokens.get("generated"), manifest.seconds]


def list_reasons(corpora: Sequence[CorpusPart]) -> tuple[str, ...]:
    """Return the drop reasons that occur, the most frequent first."""
    totals: dict[str, int] = {}
    for part in corpora:
        for counts in part.manifest.drops.values():
            for reason, count in counts.items():
                totals[reason] = totals.get(reason, 0) + count
    return tuple(sorted((r for r in totals if totals[r]), key=lambda r: (-totals[r], r)))


def make_curation_table(data: ReportData, *, by_label: bool = True) -> Table:
    """Return, per corpus and label or per corpus, admitted = accepted + drops by reason."""
    reasons = list_reasons(data.corpora)
    rows: list[tuple[Value, ...]] = []
    for part in data.corpora:
        labels = list(part.manifest.planned)
        groups = [[label] for label in labels] if by_label else [labels]
        rows += [_count_labels(part, group, reasons) for group in groups]
    return Table(
        name="curation",
        caption="Admitted texts = accepted texts + drops, by reason.",
        columns=(
            *CORPUS_NAMES,
            Column("label", "Label"),
            Column("planned", "Planned", "count"),
            Column("admitted", "Admitted", "count"),
            Column("accepted", "Accepted", "count"),
            *(Column(f"drop_{reason}", reason.replace("_", " "), "count") for reason in reasons),
        ),
        rows=tuple(rows),
        num_headers=4,
    )


def _count_labels(
    part: CorpusPart, labels: Sequence[str], reasons: Sequence[str]
) -> tuple[Value, ...]:
    """Return one row of counts, summed over ``labels``."""
    manifest = part.manifest
    drops = [manifest.drops.get(label, {}) for label in labels]
    return (
        manifest.task,
        manifest.generator,
        manifest.strategy,
        labels[0] if len(labels) == 1 else None,
        *(
            sum(counts.get(label, 0) for label in labels)
            for counts in (manifest.planned, manifest.admitted, manifest.accepted)
        ),
        *(sum(counts.get(reason, 0) for counts in drops) for reason in reasons),
    )


def find_imbalances(corpora: Sequence[CorpusPart]) -> tuple[str, ...]:
    """Return a line for every label whose counts in are not its counts out plus its drops."""
    lines = []
    for part in corpora:
        manifest = part.manifest
        for label, admitted in manifest.admitted.items():
            out = manifest.accepted.get(label, 0) + sum(manifest.drops.get(label, {}).values())
            if admitted != out:
                lines.append(
                    f"{manifest.task}, {part.name}, label {label}: {admitted} texts admitted, "
                    f"but {out} accepted or dropped"
                )
    return tuple(lines)


def make_seen_table(data: ReportData) -> Table:
    """Return what each generator has seen of each task, beside the pool's size."""
    pools = {task.name: task.num_pool for task in data.tasks}
    tasks = {task.name: task for task in data.tasks}
    rows: list[tuple[Value, ...]] = []
    for model in data.models:
        if model.card.role != "generator":
            continue
        seen = data.list_seen(model.name)
        for one in seen:
            count = Undefined("nobody counted") if one.num_rows is None else one.num_rows
            task = tasks.get(one.task)
            more = bool(task and one in data.find_seen(task, model.name))
            verdict = ("yes" if more else "no") if task else "not a task of this run"
            pool = pools.get(one.task)
            rows.append((model.name, one.task, one.split, count, pool, verdict, one.note or None))
        if not seen:
            unknown = Undefined(NOT_STATED)
            rows.append((model.name, None, None, unknown, None, "not known", None))
    for name in data.brought:
        unknown = Undefined("brought along")
        rows.append((name, None, None, unknown, None, "not known", NOTHING_KNOWN))
    return Table(
        name="has_seen",
        caption="Task data that the generators' training had, as their cards state it, and the "
        "corpora brought along, of which nobody states it.",
        columns=(
            Column("generator", "Generator"),
            Column("task", "Task"),
            Column("split", "Split"),
            Column("rows", "Rows seen", "count"),
            Column("pool", "Rows in the pool", "count"),
            Column("more_than_pool", "More than the pool"),
            Column("note", "Note"),
        ),
        rows=tuple(rows),
    )


def make_model_table(data: ReportData) -> Table:
    """Return every model with its licence and digests."""
    return Table(
        name="models",
        caption="Models and the digests of their files.",
        columns=(
            Column("model", "Model"),
            Column("role", "Role"),
            Column("license", "Licence"),
            Column("weights", "Weights", "code"),
            Column("tokenizer", "Tokenizer", "code"),
            Column("template", "Chat template", "code"),
            Column("total", "All files", "code"),
            Column("notes", "Notes"),
        ),
        rows=tuple(
            (
                model.name,
                model.card.role,
                model.license or Undefined(NOT_STATED),
                *_list_digests(model.digest),
                "; ".join((*(("a miniature",) if model.card.tiny else ()), *model.notes)) or None,
            )
            for model in data.models
        ),
    )


def _list_digests(digest: ModelDigest | None) -> tuple[str | None, ...]:
    if digest is None:
        return (None,) * 4
    found = (digest.weights, digest.tokenizer, digest.template, digest.total)
    return tuple(one or None for one in found)


def make_engine_table(data: ReportData) -> Table:
    """Return the engine behind every corpus."""
    return Table(
        name="engines",
        caption="Engines that generated the corpora.",
        columns=(
            *CORPUS_NAMES,
            Column("engine", "Engine"),
            Column("version", "Version"),
            Column("dtype", "Dtype"),
            Column("device", "Device"),
            Column("grade", "Reproducible"),
            Column("context_length", "Context", "count"),
            Column("generator_digest", "Generator digest", "code"),
            Column("fingerprint", "Corpus fingerprint", "code"),
            Column("created", "Finished"),
            Column("notes", "Notes"),
        ),
        rows=tuple(
            (
                *part.names,
                *(_text(part.manifest.engine.get(k)) for k in ("name", "version", "dtype")),
                _text(part.manifest.engine.get("device")),
                part.manifest.grade,
                part.manifest.engine.get("context_length"),
                part.manifest.generator_digest.get("total"),
                part.manifest.fingerprint,
                part.manifest.created,
                "; ".join(map(str, part.manifest.engine.get("notes") or ())) or None,
            )
            for part in data.corpora
        ),
        num_headers=3,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def make_software_table(data: ReportData) -> Table:
    """Return the versions of the software that ran."""
    columns = (Column("name", "Name"), Column("version", "Version"))
    rows = tuple((name, version) for name, version in sorted(data.run.versions.items()))
    return Table("software", "Software versions.", columns, rows)


def make_seconds_table(data: ReportData) -> Table:
    """Return the time that each stage took."""
    columns = (Column("stage", "Stage"), Column("seconds", "Seconds", "number"))
    return Table("seconds", "Time by stage.", columns, tuple(data.run.seconds.items()))
