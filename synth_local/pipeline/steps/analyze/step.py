"""``step analyze``: how much people agree about a task, and what the gap to real has to do with it.

Reads stored predictions and what single annotators said of the test items; computes nothing that
needs a model. What cannot be said is named, never left out in silence.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace

import numpy as np

from synth_local.analyze.agreement import ItemAgreement, measure_item, measure_task
from synth_local.analyze.ceiling import measure_ceiling
from synth_local.analyze.gaps import (
    PairedItems,
    compare_ties,
    measure_levels,
    number_levels,
)
from synth_local.analyze.panel_votes import consult_panel
from synth_local.analyze.rated_items import Rated
from synth_local.analyze.real_partners import pair_with_real
from synth_local.analyze.summary import Analysis, Level, TaskSubjectivity, Trend
from synth_local.analyze.thresholds import trace_curve
from synth_local.core.files import write_json
from synth_local.errors import UndefinedMetricError
from synth_local.evaluate.failed import find_failed
from synth_local.evaluate.groups import CellPredictions, Group, group_cells
from synth_local.evaluate.summary import Condition, Summary
from synth_local.pipeline.steps.analyze.task_level import average_tasks, fit_across, judge_tasks
from synth_local.pipeline.steps.analyze.templates import write_templates
from synth_local.pipeline.steps.evaluate.corpus_repeats import compare_repeats, find_repeats
from synth_local.pipeline.steps.evaluate.learning_curves import find_cuts, trace_learning
from synth_local.pipeline.steps.evaluate.step import load_cells
from synth_local.run.context import Context
from synth_local.run.human.files import HumanFiles
from synth_local.run.human.ratings import Ratings, collect_ratings
from synth_local.store.records import load
from synth_local.store.run_dir import RunDir
from synth_local.task import Task
from synth_local.train.students import BASELINE_STUDENTS

log = logging.getLogger(__name__)
VARYING_NOTE = (
    "items have unlike numbers of ratings, so the gap is set against the share of agreeing pairs "
    "of ratings: that of the most frequent label rises as annotators get fewer"
)
OWN_GOLD = 0.9  # from this share of the items on, gold looks like the annotators' own majority
NO_ANNOTATORS = "nobody says what single annotators called the texts (data.annotations)"


def run_analyze(context: Context) -> None:
    """Write what can be said of subjectivity."""
    run, tasks, files, state = context.run, context.tasks, context.human_files, context.look()
    cells = load_cells(state)
    cuts, repeats = find_cuts(state.cells), find_repeats(state.cells)
    full = [cell for cell in cells if Condition.of(cell.cell) not in cuts]
    whole = [cell for cell in full if Condition.of(cell.cell) not in repeats]
    analysis = Analysis()
    for task in tasks.values():
        mine = [cell for cell in whole if cell.cell.task == task.name]
        analysis = _join(analysis, analyze_task(run, files, task, mine))
    analysis = _join(analysis, judge_tasks(run, files))
    # only what the evaluate stage found of the present cells
    summary = load(run.summary, Summary, "summary") if state.is_evaluated else None
    over = average_tasks(len(tasks), summary)
    analysis = replace(
        analysis,
        across=fit_across(analysis, whole),
        over=over.rows,
        missing=(*analysis.missing, *over.missing),
        learning=trace_learning(group_cells(cells), cuts) if cuts and cells else (),
        cuts=tuple(sorted(one.name for one in cuts | repeats)),
        repeats=(
            compare_repeats(context.corpora.strategies, group_cells(full))
            if context.config.corpus_seeds
            else ()
        ),
    )
    write_templates(run, files)
    write_json(
        run.analysis,
        {
            "fingerprint": state.analyze_fingerprint,
            "said": files.digest(),
            "files": [asdict(one) for one in files.count_rows()],
            "analysis": asdict(analysis),
        },
    )
    log.info("%d trends over single items", len(analysis.trends))


def analyze_task(
    run: RunDir, files: HumanFiles, task: Task, cells: list[CellPredictions]
) -> Analysis:
    """Return what can be said of one task.

    Args:
        cells: those of the task that have predictions.
    """
    ratings = collect_ratings(files, task)
    panel = consult_panel(task.name, cells, ratings.by_item if ratings else {})
    if ratings is None:
        template = run.item_template(task.name).relative_to(run.root)
        ask = f"{task.name}: to ask annotators, fill in {template}: analyze.annotations reads it"
        num_items = sum(files.data.facts(task).test.values())
        nothing = TaskSubjectivity(task=task.name, num_items=num_items, reason=NO_ANNOTATORS)
        return Analysis(tasks=(nothing,), missing=(ask,), panel=panel)
    return replace(_analyze_people(task.name, cells, ratings), panel=panel)


def _analyze_people(task: str, cells: list[CellPredictions], ratings: Ratings) -> Analysis:
    try:
        subjectivity = measure_task(list(ratings.by_item.values()), task)
    except UndefinedMetricError as error:
        nothing = TaskSubjectivity(
            task=task,
            num_items=len(ratings.by_item),
            reason=error.what,
            origin=ratings.origin,
        )
        return Analysis(tasks=(nothing,), notes=ratings.notes)
    ceiling = measure_ceiling(list(ratings.by_item.values()))
    subjectivity = replace(
        subjectivity,
        origin=ratings.origin,
        ceiling=ceiling.accuracy if ceiling else None,
        ceiling_macro_f1=ceiling.macro_f1 if ceiling else None,
    )
    if not cells:
        missing = f"{task}: no student has predictions, so no gap can be looked at"
        return Analysis(tasks=(subjectivity,), missing=(missing,), notes=ratings.notes)
    items = {
        name: found
        for name, one in ratings.by_item.items()
        if (found := measure_item(one)) is not None
    }
    rated = Rated(items, tuple(row.id for row in cells[0].predictions), ratings.by_item)
    analysis = _analyze_groups(subjectivity, rated, group_cells(cells))
    gold = {row.id: row.gold for row in cells[0].predictions}
    notes = [*ratings.notes, *warn_of_own_gold(task, items, gold)]
    if rated.ratings_vary:
        notes.append(f"{task}: {VARYING_NOTE}")
    return replace(analysis, notes=tuple(notes))


def warn_of_own_gold(
    task: str, items: Mapping[str, ItemAgreement], gold: Mapping[str, str]
) -> Iterator[str]:
    """Yield a warning where the gold labels look like the majority of these very annotators.

    Args:
        items: agreement of the rated items by id.

    Yields:
        One sentence, from ``OWN_GOLD`` of the items with a majority on; else nothing.
    """
    votes = [one.majority == gold[name] for name, one in items.items() if one.majority]
    if votes and sum(votes) >= OWN_GOLD * len(votes):
        yield (
            f"{task}: on {sum(votes):,} of {len(votes):,} items with a majority "
            f"({sum(votes) / len(votes):.1%}) the gold label is that majority. If it was made from "
            "these annotators, it errs more often where they disagree, which makes the gap smaller "
            "there, whatever the texts are like; gold labels of other people do so too, if less"
        )


def _analyze_groups(subjectivity: TaskSubjectivity, rated: Rated, groups: list[Group]) -> Analysis:
    trends: list[Trend] = []
    levels: list[Level] = []
    missing: list[str] = []
    failed = {one.condition for one in find_failed(groups)}
    for group, partner, reason in pair_with_real(groups):
        name = group.condition.name
        if partner is None:
            missing.append(f"{name}: no gap, since {reason}")
            continue
        pair = PairedItems(
            agreement=rated.agreement,
            is_tie=np.array([one.is_tie for one in rated.found], dtype=bool),
            real=rated.correct(partner),
            synthetic=rated.correct(group),
            condition=name,
            partner=partner.condition.name,
        )
        trends += compare_ties(pair)
        bad = [one for one in (group, partner) if one.condition in failed]
        missing += [
            f"{name}: no share of annotators who agree, since a training of {one.condition.name} "
            "failed"
            for one in bad
        ]
        levels += _list_levels(rated, pair, () if bad else (partner, group))
    readers = [group for group in groups if group.condition.student not in BASELINE_STUDENTS]
    curves = [
        trace_curve(rated.shares, rated.correct(group), condition=group.condition.name)
        for group in readers
    ]
    return Analysis(
        tasks=(subjectivity,),
        trends=tuple(trends),
        levels=tuple(levels),
        curves=tuple(curves),
        missing=tuple(missing),
    )


def _list_levels(rated: Rated, pair: PairedItems, students: tuple[Group, ...]) -> Iterator[Level]:
    """Yield the levels of a pair, with what annotators do on the items of each.

    Args:
        pair: what both students get right on them.
        students: real, then the condition; none where a training failed.

    Yields:
        Level: from low to high agreement.
    """
    numbers = number_levels(pair.agreement)
    ceilings = rated.ceilings
    soft = [rated.soften(student) for student in students]
    for number, level in zip(np.unique(numbers), measure_levels(pair), strict=True):
        kept = numbers == number
        real_soft, synthetic_soft = [float(one[kept].mean()) for one in soft] or (None, None)
        yield replace(
            level,
            ceiling=float(ceilings[kept].mean()),
            real_soft=real_soft,
            synthetic_soft=synthetic_soft,
        )


def _join(one: Analysis, other: Analysis) -> Analysis:
    return Analysis(
        tasks=one.tasks + other.tasks,
        trends=one.trends + other.trends,
        levels=one.levels + other.levels,
        curves=one.curves + other.curves,
        missing=one.missing + other.missing,
        judged=one.judged or other.judged,
        notes=one.notes + other.notes,
        panel=one.panel + other.panel,
    )
