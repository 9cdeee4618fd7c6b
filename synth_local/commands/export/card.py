"""The card beside an export: what is in the table, from whom, and what a receiver should know.

Pure. Names come from outside: every one is escaped for Markdown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synth_local.commands.export.personal import KINDS
from synth_local.commands.export.rows import CLOSE, ExportRow, RealSide, count_close
from synth_local.models.card import UNKNOWN_LICENSE, Card
from synth_local.report.dataset_card import escape_markdown
from synth_local.store.corpus import Manifest

FOUND = {"email": "e-mail addresses", "phone": "phone numbers", "account": "account, card numbers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is handed out, and what it was made from.

    Attributes:
        file: name of the table's file.
        cards: of the generators, by name; ``None`` for a corpus that was brought along.
        real: by task; ``None`` where its real texts are not here.
    """

    file: str
    version: str
    rows: Sequence[ExportRow]
    manifests: Sequence[Manifest]
    cards: Mapping[str, Card | None]
    real: Mapping[str, RealSide | None]


def write_card(export: Export) -> str:
    """Return the card as Markdown."""
    blocks = [
        [f"# {escape_markdown(export.file)}"],
        [
            f"{len(export.rows):,} texts with labels, handed out by synth-local {export.version}. "
            "**They are synthetic**: a label is what the generator was asked for, not what a "
            "person saw in the text. No exemplar and no prompt is in the table."
        ],
        list(_note_brought(export)),
        list(_write_corpora(export)),
        list(_write_columns()),
        list(_write_licences(export)),
        list(_write_personal(export)),
        list(_write_closeness(export)),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _note_brought(export: Export) -> Iterator[str]:
    names = [escape_markdown(name) for name, card in export.cards.items() if card is None]
    if names:
        yield (
            f"**Brought along** from files, and not written here: {', '.join(names)}. Who or what "
            "wrote these texts, and how they got their labels, is not known."
        )


def _write_corpora(export: Export) -> Iterator[str]:
    yield "## Corpora\n"
    yield "| task | generator | strategy | label | texts | whole | corpus digest |"
    yield "| --- | --- | --- | --- | ---: | --- | --- |"
    for manifest in export.manifests:
        names = " | ".join(map(escape_markdown, (manifest.task, manifest.generator)))
        whole = "yes" if manifest.complete else f"no: {escape_markdown(manifest.shortfall)}"
        for label, count in manifest.accepted.items():
            yield (
                f"| {names} | {escape_markdown(manifest.strategy)} | {escape_markdown(label)} | "
                f"{count:,} | {whole} | {manifest.corpus_digest[:16]} |"
            )


def _write_columns() -> Iterator[str]:
    yield "## Columns\n"
    yield "| column | meaning |"
    yield "| --- | --- |"
    yield "| text, label | what a classifier needs |"
    yield "| task, generator, strategy | which corpus the row is from |"
    yield "| id | of the row; the run that made it knows it by this name |"
    yield "| looks_personal | kinds of what looks personal in the text, with `;` between |"
    yield "| personal_in_pool | the same address or number stands in a real text of the pool |"
    yield (
        "| closest_real | largest share of the text's 5-character pieces that one real text holds, "
        "0 to 1; empty where nobody can say |"
    )


def _write_licences(export: Export) -> Iterator[str]:
    yield "## Licences\n"
    yield "Conditions of **all** generators bind who uses the whole table.\n"
    yield "| texts of | licence | may its texts train other models? | real texts that it has seen |"
    yield "| --- | --- | --- | --- |"
    for name, card in export.cards.items():
        cells = (
            ("unknown: brought along from a file", "unknown", "unknown")
            if card is None
            else (_name_licence(card), _name_condition(card), _name_seen(card))
        )
        yield f"| {' | '.join(map(escape_markdown, (name, *cells)))} |"
    yield ""
    yield (
        "Where prompts showed real texts, or a generator was trained on them, the terms of those "
        "data may apply too. This card grants nothing."
    )


def _name_licence(card: Card) -> str:
    if card.license == UNKNOWN_LICENSE:
        return "unknown: its card states none"
    link = card.license_link or card.homepage
    return f"{card.license} ({link})" if link else card.license


def _name_condition(card: Card) -> str:
    """Return what the licence says of texts that train other models, in its own words."""
    outputs = card.outputs
    quote = f': "{outputs.quote}"' if outputs.quote else ""
    link = f" ({outputs.link})" if outputs.link else ""
    return f"{outputs.may_train.replace('_', ' ')}{quote}{link}"


def _name_seen(card: Card) -> str:
    """Return the task data that a generator's training had, as its card tells."""
    told = [
        f"{seen.task}, {seen.split}: "
        + ("rows not counted" if seen.num_rows is None else f"{seen.num_rows:,} rows")
        for seen in card.has_seen
    ]
    return "; ".join(told) or "unknown: its card lists none"


def _write_personal(export: Export) -> Iterator[str]:
    yield "## What looks personal\n"
    yield (
        "Found by patterns: e-mail addresses, numbers of 7 to 15 digits that are no dates, card "
        "and IBAN numbers with right check digits. A generator invents such numbers too. Names and "
        "addresses are not looked for.\n"
    )
    kinds = Counter(kind for row in export.rows for kind in row.looks_personal.split(";") if kind)
    yield "| kind | texts |"
    yield "| --- | ---: |"
    for kind in KINDS:
        yield f"| {FOUND[kind]} | {kinds[kind]:,} |"
    yield ""
    repeated = sum(1 for row in export.rows if row.personal_in_pool)
    for task, real in export.real.items():
        name = escape_markdown(task)
        if real is None:
            yield f"{name}: its real texts are not here, so nobody looked for the same in its pool."
        else:
            yield f"{name}: {real.num_pool_personal:,} texts of its pool hold such a thing."
    if any(export.real.values()):
        yield f"{repeated:,} texts of the table hold an address or number that **the pool has**."


def _write_closeness(export: Export) -> Iterator[str]:
    yield "## Closeness to real texts\n"
    yield f"| task | texts measured | median | 95 % below | largest | above {CLOSE} |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for task in export.real:
        shares = [
            row.closest_real
            for row in export.rows
            if row.task == task and row.closest_real is not None
        ]
        name = escape_markdown(task)
        if not shares:
            yield f"| {name} | 0 | | | | |"
            continue
        median, high = np.quantile(shares, [0.5, 0.95])
        yield (
            f"| {name} | {len(shares):,} | {median:.2f} | {high:.2f} | {max(shares):.2f} | "
            f"{count_close(shares):,} |"
        )
    yield ""
    yield (
        "A share counts the distinct 5-character pieces of a text that the nearest real text "
        f"holds; above {CLOSE} a reader would see that one is like the other. Texts of fewer than "
        "16 pieces, and tasks whose real texts are not here, are not measured. Closeness of "
        "letters says nothing of facts that are told in other words."
    )
