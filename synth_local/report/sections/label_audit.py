"""Do the labels of the synthetic texts hold: tables and a section.

Pure. Shows synthetic texts only; what cannot be said is one line, never a row of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from synth_local.measure.audit_records import AuditRow, DoubtedRow, LabelAudit
from synth_local.report import columns as col
from synth_local.report.data import CorpusPart, ReportData
from synth_local.report.html import heading, paragraph, terms
from synth_local.report.section import KB, Page, Section
from synth_local.report.tables import Column, Columns, Table, group_rows, make_table, select_columns

NOTHING = "No corpus was audited."
KEY = (
    "A classifier of words, trained on real texts, is the judge. A high share on synthetic texts "
    "beside a low one on real test texts: the synthetic ones are easier than real ones. A low "
    "share: wrong labels, or texts of another domain; or the judge is wrong, for it was trained "
    "on real rows alone, and few make a poor one."
)
SPELLED = {
    "synthetic": "Judge agrees, synthetic",
    "test": "Judge agrees, real test",
    "wrong": "Likely wrong, synthetic",
    "wrong_test": "Likely wrong, real test",
    "real": "Reverse: judge of synthetic, on real training",
}
MEANINGS = (
    ("judge agrees", "share of the rows of a label that the judge calls so, with Wilson's 95 % "
     "interval; over all labels the mean, each label counted the same, since corpora are balanced "
     "and test rows need not be"),
    ("likely wrong", "confident learning (Northcutt et al. 2021): of the rows for which the judge "
     "gives some label at least that label's threshold, the share whose likeliest such label is "
     "another one. A threshold is the mean probability that held-out real rows of a label "
     "(validation and test) get for it. Read it beside that of real test rows, which is what the "
     "judge finds where labels hold: only what goes beyond it tells of wrong labels, and a poor "
     "judge finds few of them"),
    ("reverse", "the judge is trained on the synthetic rows and asked about real training rows. "
     "Low beside a high share on synthetic texts: they are easier than the real ones, or cover a "
     "part of them"),
)  # fmt: skip
# the shares that rest on so many rows each
COUNTED = {
    "synthetic": "Synthetic rows",
    "test": "Test rows",
    "wrong": "Sure of, synthetic",
    "wrong_test": "Sure of, test",
    "real": "Training rows",
}
# what a page has room for; the files have every column
_SHOWN = (*col.CORPUS, "label", *SPELLED, "num_synthetic", "num_test", "num_real")


def list_audits(data: ReportData) -> Iterator[tuple[CorpusPart, LabelAudit]]:
    """Yield every corpus that was audited, with what was found."""
    for part in data.corpora:
        if part.audit is not None:
            yield part, part.audit


def make_audit_table(data: ReportData, *, by_label: bool | None = None) -> Table:
    """Return one row per corpus and label, the mean over labels first.

    Args:
        by_label: rows of labels alone, rows over all labels alone, or both.
    """
    rows = [
        (part, row)
        for part, audit in list_audits(data)
        for row in audit.rows
        if by_label in (None, bool(row.label)) and any(share.value for share in row.shares.values())
    ]
    columns: Columns[tuple[CorpusPart, AuditRow]] = (
        *col.names(col.CORPUS, lambda pair: pair[0].manifest),
        col.text("label", "Label", lambda pair: pair[1].label or None),
        *(_share_column(name, title) for name, title in SPELLED.items()),
        *(_count_column(f"num_{name}", title, name) for name, title in COUNTED.items()),
    )
    caption = (
        "Share of rows whose label a judge trained on real texts shares, and the reverse; "
        "intervals in brackets."
    )
    return make_table("label_audit", caption, columns, rows, num_headers=4)


def _share_column(name: str, title: str) -> Column[tuple[CorpusPart, AuditRow]]:
    return col.interval(name, title, lambda pair: pair[1].shares[name].value)


def _count_column(key: str, title: str, name: str) -> Column[tuple[CorpusPart, AuditRow]]:
    return col.count(key, title, lambda pair: pair[1].shares[name].num)


def make_doubted_table(data: ReportData) -> Table:
    """Return the synthetic rows that the judge believes least, for a person to read."""
    columns: Columns[tuple[CorpusPart, DoubtedRow]] = (
        *col.names(col.CORPUS, lambda pair: pair[0].manifest),
        col.text("id", "Row", lambda pair: pair[1].id),
        col.text("label", "Asked for", lambda pair: pair[1].label),
        col.text("judged", "Judge says", lambda pair: pair[1].judged),
        col.score("probability", "Probability of asked", lambda pair: pair[1].probability),
        col.text("text", "Synthetic text", lambda pair: pair[1].text),
    )
    caption = "Synthetic rows that the judge believes least: read them before you believe it."
    rows = [(part, row) for part, audit in list_audits(data) for row in audit.doubted]
    return make_table("doubted_rows", caption, columns, rows, num_headers=4, is_long=True)


def list_unsaid(data: ReportData, task: str) -> list[str]:
    """Return a line for every share of a task's corpora that has no value, and why."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for part, audit in list_audits(data):
        for row in audit.rows:
            for name, share in row.shares.items():
                if part.manifest.task == task and row.label and share.value is None:
                    lines.setdefault((part.name, SPELLED[name], share.why), []).append(row.label)
    return [
        f"{corpus}, {shorten_labels(labels)}: {name!r} cannot be said because {why}."
        for (corpus, name, why), labels in lines.items()
    ]


def shorten_labels(labels: list[str]) -> str:
    """Return labels on one line, the first few where there are many."""
    shown = ", ".join(labels[:5])
    more = f" and {len(labels) - 5} more" if len(labels) > 5 else ""
    return f"{'label' if len(labels) == 1 else 'labels'} {shown}{more}"


def list_acquainted(data: ReportData, task: str) -> list[str]:
    """Return a line for every corpus whose generator may have seen what the judge learned from."""
    known = next(one for one in data.tasks if one.name == task)
    lines = []
    for part in data.find_corpora(task):
        manifest = part.manifest
        if part.audit is None:
            continue
        shots = data.shots.get(manifest.strategy, 0)
        if manifest.brought:
            lines.append(f"{part.name}: brought along; nobody knows which real rows shaped it.")
        elif data.find_seen(known, manifest.generator):
            lines.append(f"{part.name}: the generator was trained on rows that the judge was.")
        elif shots:
            lines.append(
                f"{part.name}: prompts showed {shots} rows at a time of the pool of "
                f"{known.num_pool}, which the judge was trained on as well; agreement may be too "
                "high by that."
            )
    return lines


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return by task: its shares, what cannot be said, and the rows to read."""
    if not any(list_audits(data)):
        return [paragraph(NOTHING, "undefined")]
    over_all, by_label = (
        group_rows(select_columns(make_audit_table(data, by_label=is_by_label), _SHOWN))
        for is_by_label in (False, True)
    )
    doubted = group_rows(make_doubted_table(data))
    blocks = [paragraph(KEY, "key")]
    for task in dict.fromkeys(part.manifest.task for part, _ in list_audits(data)):
        blocks.append(heading(task))
        sizes = {audit.num_train for part, audit in list_audits(data) if part.manifest.task == task}
        rows = " or ".join(f"{size:,}" for size in sorted(sizes))
        blocks.append(paragraph(f"The judge was trained on {rows} real rows.", "key"))
        if task in over_all:
            blocks.append(page.show("audit", over_all[task]))
        blocks.append(page.blocks.caution("What cannot be said", list_unsaid(data, task)))
        blocks.append(page.blocks.caution("Judge and generator", list_acquainted(data, task)))
        if task in by_label:
            blocks.append(page.show("audit", by_label[task], fold="By label"))
        if task in doubted:
            title = "Rows that the judge believes least"
            blocks.append(page.show("audit", doubted[task], fold=title))
    return [*blocks, page.blocks.fold("How to read these shares", terms(MEANINGS))]


SECTION = Section(
    id="audit",
    title="Labels of the synthetic texts",
    lead="Do the labels hold?",
    render=render,
    tables=lambda data: [make_audit_table(data), make_doubted_table(data)],
    room={"audit": 150 * KB},
)
