"""The section on curation: what was accepted, what was dropped and why.

Pure: manifests in; tables, bars and blocks out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from synth_local.curate.reasons import REASONS
from synth_local.report import columns as col
from synth_local.report.data import CorpusPart, ReportData, list_reasons
from synth_local.report.html import heading, paragraph, terms
from synth_local.report.panels import MAX_BARS, Bar, BarPanel, Panel
from synth_local.report.section import KB, Page, Section
from synth_local.report.sections.real_texts import make_file_table, make_split_table
from synth_local.report.table_text import slugify
from synth_local.report.tables import (
    Column,
    Columns,
    Table,
    Undefined,
    Value,
    drop_empty_columns,
    group_rows,
    make_table,
    select_columns,
)
from synth_local.store.corpus import Manifest

NOT_MADE = "brought along: not made by this run"
NEAR_NOTE = (
    "Near test matches are accepted texts that share more than max_copy of their shingles "
    "with one test text; there are some only where these are kept."
)


@dataclass(frozen=True, slots=True)
class Group:
    """Labels of one corpus that are counted together: one of them, or all."""

    manifest: Manifest
    labels: tuple[str, ...]

    def count(self, counts: Mapping[str, int]) -> int:
        """Return the sum over these labels."""
        return sum(counts.get(label, 0) for label in self.labels)

    def count_drops(self, reason: str) -> int:
        """Return how many texts of these labels were dropped for one reason."""
        return sum(self.manifest.drops.get(label, {}).get(reason, 0) for label in self.labels)


def make_curation_table(data: ReportData, *, by_label: bool = True) -> Table:
    """Return, per corpus and label or per corpus, admitted = accepted + drops by reason."""
    columns: Columns[Group] = (
        *col.names(col.CORPUS, lambda group: group.manifest),
        col.text(
            "label", "Label", lambda group: group.labels[0] if len(group.labels) == 1 else None
        ),
        col.count("planned", "Planned", lambda group: group.count(group.manifest.planned)),
        col.count("admitted", "Admitted", lambda group: group.count(group.manifest.admitted)),
        col.count("accepted", "Accepted", lambda group: group.count(group.manifest.accepted)),
        *(_drop_column(reason) for reason in list_reasons(data.corpora)),
    )
    groups = [group for part in data.corpora for group in _group_labels(part, by_label=by_label)]
    caption = "Admitted texts = accepted texts + drops, by reason."
    return make_table("curation", caption, columns, groups, num_headers=4)


def _group_labels(part: CorpusPart, *, by_label: bool) -> list[Group]:
    labels = tuple(part.manifest.planned)
    groups = [(label,) for label in labels] if by_label else [labels]
    return [Group(part.manifest, group) for group in groups]


def _drop_column(reason: str) -> Column[Group]:
    title = reason.replace("_", " ")
    return col.count(f"drop_{reason}", title, lambda group: group.count_drops(reason))


def _drop_zero_columns(table: Table) -> Table:
    """Return the table without the drop reasons that never occur in it."""
    kept = [
        column.key
        for place, column in enumerate(table.columns)
        if not column.key.startswith("drop_") or any(row[place] for row in table.rows)
    ]
    return select_columns(table, kept)


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


def make_corpus_table(data: ReportData) -> Table:
    """Return one row per corpus: whether it is whole, what it cost, how it was made."""
    columns: Columns[Manifest] = (
        *col.names(col.CORPUS),
        col.count("planned", "Planned", lambda one: sum(one.planned.values())),
        col.count("accepted", "Accepted", lambda one: sum(one.accepted.values())),
        col.score("accept_rate", "Accept rate", _accept_rate),
        col.text("status", "Status", _format_status),
        col.count("rounds", "Rounds", lambda one: one.rounds),
        col.count("near_test_matches", "Near test matches", lambda one: one.near_test_matches),
        col.count("tokens_prompt", "Prompt tokens", _cost(lambda one: one.tokens.get("prompt"))),
        col.count(
            "tokens_generated", "Generated tokens", _cost(lambda one: one.tokens.get("generated"))
        ),
        col.number("seconds", "Seconds", _cost(lambda one: one.seconds)),
        col.text("grade", "Reproducible", lambda one: one.grade),
        col.code("corpus_digest", "Corpus digest", lambda one: one.corpus_digest),
    )
    caption = "Corpora: what was asked for, what came of it, and at what cost."
    manifests = [part.manifest for part in data.corpora]
    return make_table("corpora", caption, columns, manifests, num_headers=3)


def _accept_rate(one: Manifest) -> Value:
    admitted = sum(one.admitted.values())
    return sum(one.accepted.values()) / admitted if admitted else Undefined("nothing was generated")


def _format_status(one: Manifest) -> str:
    return "complete" if one.complete else f"incomplete: {one.shortfall or 'rows missing'}"


def _cost(get: Callable[[Manifest], Value]) -> Callable[[Manifest], Value]:
    """Return what reads a cost of a corpus that this run made."""
    return lambda manifest: Undefined(NOT_MADE) if manifest.brought else get(manifest)


def make_curation_panel(task: str, corpora: Sequence[CorpusPart]) -> BarPanel:
    """Return one bar per corpus and label, or per corpus where those would be too many."""
    reasons = list_reasons(corpora)
    by_label = sum(len(part.manifest.planned) for part in corpora) <= MAX_BARS
    bars = []
    for part in corpora:
        for group in _group_labels(part, by_label=by_label):
            name = f"{part.name} · {group.labels[0]}" if by_label else part.name
            dropped = (group.count_drops(reason) for reason in reasons)
            bars.append(Bar(name, (group.count(part.manifest.accepted), *dropped)))
    return BarPanel(
        name=f"curation__{slugify(task)}",
        title=f"Accepted and dropped texts: {task}",
        x_label="admitted texts",
        parts=("accepted", *(reason.replace("_", " ") for reason in reasons)),
        bars=tuple(bars),
    )


def make_panels(data: ReportData) -> Mapping[str, Sequence[Panel]]:
    """Return one figure per task with a corpus."""
    parts = {task.name: data.find_corpora(task.name) for task in data.tasks}
    panels = [make_curation_panel(task, found) for task, found in parts.items() if found]
    return {"curation": panels}


def make_tables(data: ReportData) -> Iterator[Table]:
    """Yield the tables of drops and corpora, and of the real texts."""
    yield make_curation_table(data)
    yield make_corpus_table(data)
    yield make_split_table(data)
    yield make_file_table(data)


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return what was dropped and why, then the corpora and the real texts."""
    if not data.corpora:
        return []
    blocks = [
        page.blocks.caution("The counts do not add up", find_imbalances(data.corpora)),
        page.draw("curation"),
    ]
    by_label = group_rows(make_curation_table(data))
    for task, rows in group_rows(make_curation_table(data, by_label=False)).items():
        total = page.blocks.table(drop_empty_columns(_drop_zero_columns(rows)))
        each = page.blocks.table(_drop_zero_columns(by_label[task]))
        body = total + page.blocks.fold("By label", each)
        blocks += [heading(task), page.fit("curation", body, "tables/curation.csv")]
    meanings = [
        (reason.replace("_", " "), REASONS.get(reason, "")) for reason in list_reasons(data.corpora)
    ]
    if meanings:
        blocks.append(page.blocks.fold("What the reasons mean", terms(meanings)))
    for title, kind, table, note in (
        ("Corpora", "curation", make_corpus_table(data), NEAR_NOTE),
        ("Real texts", "provenance", make_split_table(data), ""),
        ("Data as read", "provenance", make_file_table(data), ""),
    ):
        blocks += [heading(title), page.show(kind, table, has_empty_columns=True)]
        blocks += [paragraph(note, "key")] if note else []
    return blocks


SECTION = Section(
    id="curation",
    title="Curation",
    lead="Every generated text was accepted or dropped with a named reason.",
    render=render,
    nothing="No corpus was made.",
    tables=make_tables,
    panels=make_panels,
    room={"curation": 350 * KB},
    figure_room={"curation": 130 * KB},
)
