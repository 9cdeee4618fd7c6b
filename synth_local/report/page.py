"""What stands on the page, in which order, and what is left out where it would grow too large.

Pure: records in, one HTML document out. What is left out is named, with the file that has it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from markupsafe import Markup

from synth_local.curate.reasons import REASONS
from synth_local.report.conditions import Condition, group_conditions
from synth_local.report.data import CorpusPart, Line, ReportData, list_gaps
from synth_local.report.figures import Drawing
from synth_local.report.headline import write_headlines
from synth_local.report.html import (
    Blocks,
    Page,
    Section,
    heading,
    paragraph,
    preformatted,
    side_by_side,
    terms,
)
from synth_local.report.sections import corpora, generator_itself, results
from synth_local.report.sections.ablation import write_ablation
from synth_local.report.sections.answer import list_main_figures, write_answer
from synth_local.report.sections.corpus_repeats import write_repeats
from synth_local.report.sections.diversity import SURFACE_NOTE, list_meanings, make_diversity_matrix
from synth_local.report.sections.files_read import make_file_table
from synth_local.report.sections.label_audit import write_audit
from synth_local.report.sections.learning import write_learning
from synth_local.report.sections.likeness import write_likeness
from synth_local.report.sections.paired import write_labels, write_pairs
from synth_local.report.sections.study import make_study_table
from synth_local.report.sections.subjectivity.section import write_subjectivity
from synth_local.report.tables import Table, drop_empty_columns, group_rows, select_columns

KB = 1000
NO_POOL = "Nobody tried: that takes sources: [pool, pool+synthetic] in the run file."
# bytes of the figures of each kind: the many of one part leave room for those of the next
FIGURE_LIMITS = {
    "scores": 450 * KB,
    "gaps": 200 * KB,
    "curves": 120 * KB,
    "learning": 150 * KB,
    "diversity": 200 * KB,
    "curation": 130 * KB,
}
# bytes of each other kind of block; all together they stay under 5 MB
LIMITS = {
    "results": 740 * KB,
    "labels": 350 * KB,
    "confusions": 350 * KB,
    "diversity": 250 * KB,
    "subjectivity": 300 * KB,
    "learning": 150 * KB,
    "ablation": 200 * KB,
    "repeats": 150 * KB,
    "audit": 150 * KB,
    "likeness": 60 * KB,
    "curation": 350 * KB,
    "samples": 350 * KB,
    "provenance": 280 * KB,
}
MAX_SAMPLE = 1500
MAX_YAML = 100_000
DIVERSITY_FILE = "tables/diversity.csv"
DIVERSITY_KEY = (
    "Filled marks: after curation, with the same deduplication applied to the real texts; hollow "
    "marks: before it. Bars are intervals from subsampling without replacement; some have none."
)
TERMS = (
    ("macro-F1", "mean of the F1 over the task's labels: every label counts the same, however "
     "rare"),
    ("interval", "95 %, over other test items, other training seeds and, where there are repeats, "
     "other corpora; test items only: for these very students"),
    ("SD over seeds", "standard deviation over training seeds: how far chance in training alone "
     "moves the number; a deterministic student has none and is trained once"),
    ("failed training", "one that did not learn its own rows, calls all test items the same or "
     "lies far below its siblings; it stays in the mean, and conditions with one have no verdict"),
    ("Brier score", "how good the probabilities are: half the squared distance between them and "
     "the gold label, a mean over items; 0 is best, always 1/2 for each of two labels gives 0.25"),
    ("p (Holm)", "paired permutation test by test item, corrected over synthetic against real of "
     "this task, student and metric; about these very students"),
    ("pool", "the small real set that exemplars come from and that one might already have"),
)  # fmt: skip


STUDY = "Tasks from objective to subjective"


class Composer:
    """Builds the sections of one report; remembers how many bytes each kind has used."""

    def __init__(
        self,
        data: ReportData,
        conditions: Sequence[Condition],
        lines: Sequence[Line],
        drawings: Mapping[str, Sequence[Drawing]],
    ) -> None:
        self.data = data
        self.conditions = conditions
        self.groups = group_conditions(conditions)
        self.lines = lines
        self.drawings = drawings
        self.blocks = Blocks()
        self.headlines = write_headlines(data)
        self._left = dict(LIMITS)
        self._left_figures = dict(FIGURE_LIMITS)

    def fit(self, kind: str, body: Markup, where: str) -> Markup:
        """Return ``body``, or a line that names the file that has it where room has run out."""
        size = len(body.encode())
        if size > self._left[kind]:
            return paragraph(f"Left out to keep this page small: see {where}.", "undefined")
        self._left[kind] -= size
        return body

    def draw(self, kind: str, names: Collection[str] = ()) -> Markup:
        """Return the figures of one kind that fit: those with these names, or all others."""
        apart = list_main_figures(self.headlines)
        wanted = [
            one
            for one in self.drawings.get(kind, ())
            if (one.name in names if names else one.name not in apart)
        ]
        shown = []
        for drawing in wanted:
            size = len(drawing.fragment.encode())
            if size <= self._left_figures[kind]:
                self._left_figures[kind] -= size
                shown.append(drawing)
        rest = len(wanted) - len(shown)
        note = paragraph(f"{rest} more figures: see the folder figures.", "key") if rest else ""
        return self.blocks.figures(shown) + note

    # --------------------------------------------------------------------------- sections

    def write_answer(self) -> Section:
        """Return the first screen."""
        students = [student for _, student in self.groups]
        return write_answer(self.data, self.headlines, students, self.blocks, self.draw)

    def write_results(self) -> Section:
        """Return scores by task and student: figure, table, labels, confusions."""
        table = results.make_results_table(self.conditions, self.data.summary)
        shown = select_columns(table, results.SHOWN)
        blocks = [self.draw("scores")]
        study = make_study_table(self.conditions, self.data.analysis)
        if study.rows:
            body = self.blocks.table(drop_empty_columns(study))
            blocks += [heading(STUDY), self.fit("results", body, "tables/study.csv")]
        for task, of_task in group_rows(shown, 0):
            for student, rows in group_rows(of_task, 0):
                group = self.groups[task, student]
                blocks.append(heading(f"{task}, {generator_itself.spell_student(student)}"))
                blocks += self._write_seen(task, group)
                body = self.blocks.table(drop_empty_columns(rows))
                blocks.append(self.fit("results", body, "tables/results.csv"))
                blocks += self._write_confusions(task, group)
            blocks += write_labels(self.data.summary, task, self.blocks, self.fit)
        pool = results.make_pool_table(self.data, self.conditions)
        blocks.append(heading("Does synthetic text help a small real set?"))
        if pool.rows:
            blocks.append(self.fit("results", self.blocks.table(pool), "tables/pool.csv"))
        else:
            blocks.append(paragraph(NO_POOL, "undefined"))
        blocks += write_pairs(self.data.summary, self.blocks, self.fit)
        blocks.append(self.blocks.fold("How to read these numbers", terms(TERMS)))
        lead = "Every training condition on the same real test items."
        if not self.conditions:
            blocks = [paragraph("No results.")]
        return Section("results", "Results", lead, tuple(blocks))

    def _write_seen(self, task: str, group: Sequence[Condition]) -> list[Markup]:
        part = next((one for one in self.data.tasks if one.name == task), None)
        lines = generator_itself.list_cautions(self.data, part, group) if part else ()
        return [self.blocks.caution("What this generator has seen", lines)] if lines else []

    def _write_confusions(self, task: str, group: Sequence[Condition]) -> list[Markup]:
        blocks = []
        labels = next((part.labels for part in self.data.tasks if part.name == task), ())
        found = [one for one in group if one.confusion]
        bodies = [
            self.fit(
                "confusions",
                self.blocks.matrix(
                    f"{one.name}: items by gold and predicted label, "
                    f"{_name_trainings(len(one.seeds))}.", labels, one.confusion),
                "tables/confusions.csv",
            )
            for one in found
        ]  # fmt: skip
        if bodies:
            blocks.append(self.blocks.fold("Confusion matrices", side_by_side(bodies)))
        return blocks

    def write_analysis(self) -> tuple[Section, ...]:
        """Return the parts on agreement, rows, costs and further corpora."""
        found, blocks, fit = self.data.analysis, self.blocks, self.fit
        subjectivity = write_subjectivity(found, blocks, fit, self.draw)
        learning = write_learning(found, blocks, fit, self.draw)
        ablation = write_ablation(self.data, blocks, fit)
        return (subjectivity, learning, ablation, write_repeats(found, blocks, fit))

    def write_diversity(self) -> Section:
        """Return the measures of every corpus beside those of real texts."""
        if not self.lines:
            return Section("diversity", "Diversity beside real", "",
                           (paragraph("No corpus was measured."),))  # fmt: skip
        matrix = make_diversity_matrix([line for line in self.lines if not line.label])
        by_label = make_diversity_matrix([line for line in self.lines if line.label])
        each = dict(group_rows(by_label, 0))
        name = self.data.run.embedder
        blocks = [
            paragraph(f"Embedder: {name}." if name else "The embedder is not named.", "key"),
            *(
                [paragraph(SURFACE_NOTE, "key")]
                if any(one.is_surface for one in self.lines)
                else []
            ),
            self.draw("diversity"),
            paragraph(DIVERSITY_KEY, "key"),
        ]
        for task, rows in group_rows(matrix, 0):
            body = self.blocks.table(drop_empty_columns(rows))
            blocks += [heading(task), self.fit("diversity", body, DIVERSITY_FILE)]
            if task in each:
                table = self.blocks.table(drop_empty_columns(each[task]))
                folded = self.blocks.fold("By label", table)
                blocks.append(self.fit("diversity", folded, DIVERSITY_FILE))
        blocks.append(self.blocks.fold("What these measure", terms(list_meanings(self.lines))))
        return Section("diversity", "Diversity beside real",
                       "Are the synthetic texts as varied as real ones, and how close are they?",
                       tuple(blocks))  # fmt: skip

    def write_beside_real(self) -> tuple[Section, ...]:
        """Return whether labels hold, and what tells the texts from real ones."""
        audit = write_audit(self.data, self.blocks, self.fit)
        return audit, write_likeness(self.data, self.blocks, self.fit)

    def write_curation(self) -> Section:
        """Return what was dropped and why."""
        data = self.data
        if not data.corpora:
            return Section("curation", "Curation", "", (paragraph("No corpus was made."),))
        reasons = corpora.list_reasons(data.corpora)
        meanings = [(reason.replace("_", " "), REASONS.get(reason, "")) for reason in reasons]
        by_label = dict(group_rows(corpora.make_curation_table(data), 0))
        totals = corpora.make_curation_table(data, by_label=False)
        blocks = [
            self.blocks.caution("The counts do not add up", corpora.find_imbalances(data.corpora)),
            self.draw("curation"),
        ]
        for task, rows in group_rows(totals, 0):
            total = self.blocks.table(drop_empty_columns(drop_zero_columns(rows)))
            each = self.blocks.table(drop_zero_columns(by_label[task]))
            body = total + self.blocks.fold("By label", each)
            blocks += [heading(task), self.fit("curation", body, "tables/curation.csv")]
        if meanings:
            blocks.append(self.blocks.fold("What the reasons mean", terms(meanings)))
        made = self.blocks.table(corpora.make_corpus_table(data))
        blocks += [heading("Corpora"), self.fit("curation", made, "tables/corpora.csv")]
        blocks.append(paragraph(
            "Near test matches are accepted texts that share more than max_copy of their shingles "
            "with one test text; there are some only where these are kept.", "key"))  # fmt: skip
        blocks += [heading("Real texts"), self._table(corpora.make_split_table(data))]
        blocks += [heading("Data as read"), self._table(make_file_table(data))]
        return Section("curation", "Curation",
                       "Every generated text was accepted or dropped with a named reason.",
                       tuple(blocks))  # fmt: skip

    def write_seen(self) -> Section:
        """Return what the generators have seen."""
        return Section(
            "seen", "What the generators have seen",
            "Where a generator has seen more real texts than the pool holds, its texts carry them "
            "into the pool, and nothing is concluded from pool against pool + synthetic.",
            (self._table(drop_empty_columns(corpora.make_seen_table(self.data))),),
        )  # fmt: skip

    def write_samples(self, *, show_real: bool) -> Section:
        """Return a few texts of every corpus."""
        blocks = [
            self.fit("samples", self._write_corpus_samples(part, show_real), "the corpus itself")
            for part in self.data.corpora
            if part.samples
        ]
        return Section("samples", "Samples", "A few synthetic texts of every corpus and label.",
                       tuple(blocks) or (paragraph("No samples."),))  # fmt: skip

    def _write_corpus_samples(self, part: CorpusPart, show_real: bool) -> Markup:
        body = self.blocks.samples(part.samples, show_real=show_real, limit=MAX_SAMPLE)
        return self.blocks.fold(f"{part.manifest.task} · {part.name}", body)

    def write_provenance(self) -> Section:
        """Return what was run, with which digests."""
        data = self.data
        blocks = [
            paragraph(f"Run fingerprint: {data.run.fingerprint}", "key"),
            self._table(drop_empty_columns(corpora.make_model_table(data))),
        ]
        tables = (
            corpora.make_engine_table(data),
            corpora.make_seconds_table(data),
            corpora.make_software_table(data),
        )
        blocks += [self._table(drop_empty_columns(table)) for table in tables if table.rows]
        if data.run.yaml:
            blocks.append(
                self.blocks.fold("The resolved run file", preformatted(data.run.yaml, MAX_YAML))
            )
        return Section("provenance", "Provenance",
                       "Digests are shortened here and whole in the CSV files.",
                       tuple(blocks))  # fmt: skip

    def write_missing(self) -> Section:
        """Return everything that was planned or defined and is not there."""
        gaps = list_gaps(self.data)
        body = self.blocks.caution(f"Missing: {len(gaps)}", gaps)
        whole = paragraph("Everything that the run file asks for is in this report.")
        block = self.fit("provenance", body, "the run's log") if gaps else whole
        return Section("missing", "What is missing", "", (block,))

    def _table(self, table: Table) -> Markup:
        return self.fit("provenance", self.blocks.table(table), f"tables/{table.name}.csv")


def drop_zero_columns(table: Table) -> Table:
    """Return the table without the drop reasons that never occur in it."""
    kept = [
        column.key
        for place, column in enumerate(table.columns)
        if not column.key.startswith("drop_") or any(row[place] for row in table.rows)
    ]
    return select_columns(table, kept)


def render_report(composer: Composer, *, show_real: bool = False) -> str:
    """Put all sections together.

    Args:
        show_real: also show real texts beside the samples.

    Returns:
        One HTML document that needs no other file.
    """
    data = composer.data
    sections = (
        composer.write_answer(),
        composer.write_results(),
        *composer.write_analysis(),
        *composer.write_beside_real(),
        composer.write_diversity(),
        composer.write_curation(),
        composer.write_seen(),
        composer.write_samples(show_real=show_real),
        composer.write_provenance(),
        composer.write_missing(),
    )
    privacy = (
        "This report shows real texts: treat it like the data themselves."
        if show_real
        else "This report shows synthetic texts only; real texts are not shown."
    )
    if data.brought:
        privacy += f" Texts brought along ({', '.join(data.brought)}) are shown as they came."
    names = ", ".join(task.name for task in data.tasks)
    generators = [model.name for model in data.models if model.card.role == "generator"]
    students = dict.fromkeys(one.student for one in composer.conditions)
    scope = [f"Tasks: {names}"]
    scope += [f"generators: {', '.join(generators)}"] if generators else []
    scope += [f"corpora brought along: {', '.join(data.brought)}"] if data.brought else []
    scope += [f"students: {', '.join(students)}"] if students else []
    page = Page(
        title=f"{data.run.name}: synthetic against real training text",
        name=data.run.name,
        scope=" · ".join(scope),
        fingerprint=data.run.fingerprint,
        created=data.run.created,
        privacy=privacy,
        sections=sections,
    )
    return composer.blocks.page(page)


def _name_trainings(num_seeds: int) -> str:
    return "one training" if num_seeds == 1 else f"all {num_seeds} seeds together"
