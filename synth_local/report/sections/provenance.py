"""The section on what was run: models, engines, time, software, the run file.

Pure: cards and manifests in, tables out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from markupsafe import Markup

from synth_local.models.digest import ModelDigest
from synth_local.report import columns as col
from synth_local.report.data import ModelPart, ReportData
from synth_local.report.html import paragraph, preformatted
from synth_local.report.section import KB, Page, Section
from synth_local.report.tables import Columns, Table, Undefined, Value, make_table
from synth_local.store.corpus import Manifest

NOT_STATED = "the card states none"
MAX_YAML = 100_000


def make_model_table(data: ReportData) -> Table:
    """Return every model with its licence and digests."""
    columns: Columns[ModelPart] = (
        col.text("model", "Model", lambda model: model.name),
        col.text("role", "Role", lambda model: model.card.role),
        col.text("license", "Licence", lambda model: model.license or Undefined(NOT_STATED)),
        col.code("weights", "Weights", _digest(lambda digest: digest.weights)),
        col.code("tokenizer", "Tokenizer", _digest(lambda digest: digest.tokenizer)),
        col.code("template", "Chat template", _digest(lambda digest: digest.template)),
        col.code("total", "All files", _digest(lambda digest: digest.total)),
        col.text("notes", "Notes", _join_notes),
    )
    return make_table("models", "Models and the digests of their files.", columns, data.models)


def _digest(get: Callable[[ModelDigest], str | None]) -> Callable[[ModelPart], Value]:
    """Return what reads a digest of a model that has a folder."""
    return lambda model: (get(model.digest) or None) if model.digest else None


def _join_notes(model: ModelPart) -> str | None:
    return "; ".join((*(("a miniature",) if model.card.tiny else ()), *model.notes)) or None


def make_engine_table(data: ReportData) -> Table:
    """Return the engine behind every corpus."""
    columns: Columns[Manifest] = (
        *col.names(col.CORPUS),
        col.text("engine", "Engine", lambda one: _text(one.engine.get("name"))),
        col.text("version", "Version", lambda one: _text(one.engine.get("version"))),
        col.text("dtype", "Dtype", lambda one: _text(one.engine.get("dtype"))),
        col.text("device", "Device", lambda one: _text(one.engine.get("device"))),
        col.text("grade", "Reproducible", lambda one: one.grade),
        col.count("context_length", "Context", lambda one: one.engine.get("context_length")),
        col.code(
            "generator_digest", "Generator digest", lambda one: one.generator_digest.get("total")
        ),
        col.code("fingerprint", "Corpus fingerprint", lambda one: one.fingerprint),
        col.text("created", "Finished", lambda one: one.created),
        col.text(
            "notes", "Notes", lambda one: "; ".join(map(str, one.engine.get("notes") or ())) or None
        ),
    )
    manifests = [part.manifest for part in data.corpora]
    return make_table(
        "engines", "Engines that generated the corpora.", columns, manifests, num_headers=3
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def make_software_table(data: ReportData) -> Table:
    """Return the versions of the software that ran."""
    columns: Columns[tuple[str, str]] = (
        col.text("name", "Name", lambda pair: pair[0]),
        col.text("version", "Version", lambda pair: pair[1]),
    )
    versions = sorted(data.run.versions.items())
    return make_table("software", "Software versions.", columns, versions)


def make_seconds_table(data: ReportData) -> Table:
    """Return the time that each stage took."""
    columns: Columns[tuple[str, float]] = (
        col.text("stage", "Stage", lambda pair: pair[0]),
        col.number("seconds", "Seconds", lambda pair: pair[1]),
    )
    return make_table("seconds", "Time by stage.", columns, data.run.seconds.items())


def make_tables(data: ReportData) -> Iterator[Table]:
    """Yield the tables of models, engines, time and software."""
    yield make_model_table(data)
    yield make_engine_table(data)
    yield make_seconds_table(data)
    yield make_software_table(data)


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return what was run, with which digests."""
    models, *others = make_tables(data)
    blocks = [
        paragraph(f"Run fingerprint: {data.run.fingerprint}", "key"),
        page.show("provenance", models),
        *(page.show("provenance", table) for table in others if table.rows),
    ]
    if data.run.yaml:
        yaml = preformatted(data.run.yaml, MAX_YAML)
        blocks.append(page.blocks.fold("The resolved run file", yaml))
    return blocks


SECTION = Section(
    id="provenance",
    title="Provenance",
    lead="Digests are shortened here and whole in the CSV files.",
    render=render,
    tables=make_tables,
    room={"provenance": 280 * KB},
)
