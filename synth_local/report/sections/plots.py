"""Which figures a report has, as panels; ``figures`` draws them.

Pure: conditions, diversity lines and manifests in, panels out.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.records import Interval
from synth_local.report.conditions import Condition
from synth_local.report.data import AFTER, BEFORE, CorpusPart, Line
from synth_local.report.panels import MAX_BARS, Bar, BarPanel, Dot, DotPanel
from synth_local.report.sections.corpora import list_reasons
from synth_local.report.sections.diversity import METRICS, spell_metric
from synth_local.report.sections.generator_itself import spell_student
from synth_local.report.tables import Undefined, slugify

# metrics that have a figure of their own
DRAWN = ("remote_clique", "chamfer", "similarity_to_real")


def name_score_panel(task: str, student: str) -> str:
    """Return the name of the figure of one task and student."""
    return f"macro_f1__{slugify(task)}__{slugify(student)}"


def make_score_panel(
    task: str, student: str, conditions: Sequence[Condition], floor: float | None = None
) -> DotPanel:
    """Return macro-F1 per condition of one task and student, real as the dashed line.

    Args:
        floor: macro-F1 of one that has learnt nothing.

    Returns:
        A dot and an interval for each condition, with its single trainings.
    """
    real = [one.macro_f1.value for one in conditions if one.source == "real"]
    names = [one.name for one in conditions]
    dots = tuple(
        Dot(
            label=_label(one, is_single=names.count(one.name) == 1),
            group=one.source,
            value=one.macro_f1.value,
            seeds=_list_trained(one),
            failed=_list_failed(one),
        )
        for one in conditions
    )
    return DotPanel(
        name=name_score_panel(task, student),
        title=f"Macro-F1: {task}, {spell_student(student).removeprefix('student ')}",
        x_label="macro-F1 on real test items",
        dots=dots,
        reference=real[0].point if real and real[0] else None,
        floor=floor,
    )


def _label(one: Condition, *, is_single: bool) -> str:
    """Return a row's name, with all sources that its training set is."""
    also = "".join(f" = {source}" for source in one.serves if source != one.source)
    # several real sets of different size can stand beside each other
    return f"{one.name}{also}" + ("" if is_single else f" · {one.num_train:,}")


def _list_trained(one: Condition) -> tuple[float, ...]:
    """Return the scores of the trainings that did not fail; none where there is one alone."""
    if one.num_trainings < 2:
        return ()
    failed = {training.seed for training in one.failed}
    pairs = zip(one.seeds, one.macro_f1.by_seed, strict=False)  # repeats: those of the first corpus
    return tuple(value for seed, value in pairs if seed not in failed)


def _list_failed(one: Condition) -> tuple[tuple[int, float], ...]:
    failed = {training.seed for training in one.failed}
    pairs = zip(one.seeds, one.macro_f1.by_seed, strict=False)
    return tuple((seed, value) for seed, value in pairs if seed in failed)


def make_diversity_panels(task: str, lines: Sequence[Line]) -> tuple[DotPanel, ...]:
    """Return one panel per drawn metric: real texts and every corpus, over all labels."""
    panels = []
    for metric in DRAWN:
        mine = [line for line in lines if line.metric == metric and not line.label]
        dots = _pair_lines(mine)
        if dots:
            name = spell_metric(metric, is_surface=mine[0].is_surface)
            panels.append(
                DotPanel(
                    name=f"{metric}__{slugify(task)}",
                    title=f"{name}: {task}",
                    x_label=f"{name} ({METRICS[metric].short})",
                    dots=dots,
                )
            )
    return tuple(panels)


def _pair_lines(lines: Sequence[Line]) -> tuple[Dot, ...]:
    """Return one row per corpus, and the real texts that stand beside it."""
    dots = []
    for name in dict.fromkeys(line.name for line in lines):
        found = {line.stage: line for line in lines if line.name == name}
        shown = found.get(AFTER) or found.get(BEFORE)
        if shown is None:
            continue
        before = found[BEFORE] if AFTER in found and BEFORE in found else None
        for group, label, attribute in (("real", f"real, beside {name}", "real"),
                                        ("synthetic", name, "value")):  # fmt: skip
            value = getattr(shown, attribute)
            earlier = getattr(before, attribute) if before else None
            if value is None:
                continue
            note = str(value) if isinstance(value, Undefined) else ""
            dots.append(Dot(label, group, _mark(value), before=_mark(earlier), note=note))
    return tuple(dots)


def _mark(value: Interval | float | Undefined | None) -> Interval | None:
    """Return what is drawn: a value without an interval is a mark without a bar."""
    if value is None or isinstance(value, Undefined):
        return None
    return value if isinstance(value, Interval) else Interval(value, value, value)


def make_curation_panel(task: str, corpora: Sequence[CorpusPart]) -> BarPanel:
    """Return one bar per corpus and label, or per corpus where those would be too many."""
    reasons = list_reasons(corpora)
    by_label = sum(len(part.manifest.planned) for part in corpora) <= MAX_BARS
    bars = []
    for part in corpora:
        manifest = part.manifest
        groups = [[label] for label in manifest.planned] if by_label else [list(manifest.planned)]
        for labels in groups:
            counts = [sum(manifest.accepted.get(label, 0) for label in labels)]
            counts += [
                sum(manifest.drops.get(label, {}).get(reason, 0) for label in labels)
                for reason in reasons
            ]
            name = f"{part.name} · {labels[0]}" if by_label else part.name
            bars.append(Bar(name, tuple(counts)))
    return BarPanel(
        name=f"curation__{slugify(task)}",
        title=f"Accepted and dropped texts: {task}",
        x_label="admitted texts",
        parts=("accepted", *(reason.replace("_", " ") for reason in reasons)),
        bars=tuple(bars),
    )
