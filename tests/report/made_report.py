"""Made-up but plausible data for tests of the report, and for looking at it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from synth_local.evaluate.summary import (
    Condition,
    ConditionScore,
    Confusion,
    Difference,
    FailedTraining,
    Family,
    Floor,
    Summary,
)
from synth_local.evaluate.verdicts.against import Origin
from synth_local.evaluate.verdicts.rules import judge_run
from synth_local.models.card import Card, HasSeen
from synth_local.models.digest import ModelDigest
from synth_local.records import Interval, Result
from synth_local.report.data import (
    AFTER,
    BEFORE,
    CorpusPart,
    Line,
    ModelPart,
    ReportData,
    RunPart,
    Sample,
    TaskPart,
)
from synth_local.report.tables import Undefined
from synth_local.store.corpus import Manifest

EMOTIONS = [
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "neutral",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
]
HOSTILE = (
    "<script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} {% include '/etc/passwd' %}",
    "\\input{/etc/passwd} $x$ 100 % & # _",
    '=cmd|"/C calc"!A0',
    "]]> --> \u202e evil \x00\x1b \ud800",
)
TEXTS = {
    "ham": ("Ok lar, see u at the station in 10", "Can you pick up some milk on the way?"),
    "spam": ("WINNER! Claim ur prize now, call 09061701461", "Free entry 2 a weekly comp, txt WIN"),
}


def make_task(name: str = "sms_spam", labels: tuple[str, ...] = ("ham", "spam")) -> TaskPart:
    return TaskPart(
        name=name,
        digest="7c1f" * 16,
        labels=labels,
        num_train=2816,
        num_validation=156,
        num_pool=297,
        num_test=1000,
        num_test_matches=4,
        num_other_labels=0,
        kind="text message",
    )


def make_manifest(task: TaskPart, generator: str, strategy: str, **changes: Any) -> Manifest:
    dice = random.Random(ascii((task.name, generator, strategy)))
    planned = dict.fromkeys(task.labels, 300)
    drops = {
        label: {
            "duplicate": dice.randint(2, 30),
            "near_duplicate": dice.randint(5, 60),
            "verbatim_copy": dice.randint(0, 25),
            "near_copy": dice.randint(0, 9),
            "too_short": dice.randint(0, 5),
            "surplus": dice.randint(0, 40),
        }
        for label in task.labels
    }
    values: dict[str, Any] = {
        "task": task.name,
        "generator": generator,
        "strategy": strategy,
        "fingerprint": "1b22" * 16,
        "corpus_digest": "9e0d" * 16,
        "complete": True,
        "shortfall": "",
        "planned": planned,
        "admitted": {label: 300 + sum(drops[label].values()) for label in task.labels},
        "accepted": dict(planned),
        "drops": drops,
        "rounds": 2,
        "tokens": {"prompt": 182_340, "generated": 24_190},
        "seconds": 83.4,
        "engine": {
            "name": "vllm",
            "version": "0.32.0",
            "dtype": "float32",
            "device": "cpu",
            "grade": "exact",
            "context_length": 512,
            "notes": ["chunked prefill off"],
        },
        "grade": "exact",
        "generator_digest": dict.fromkeys(("weights", "tokenizer", "template", "total"), "ab" * 32),
        "has_seen": [],
        "near_test_matches": 3,
        "created": "2026-11-21T04:11:09+00:00",
        "version": "0.1.0",
    }
    return Manifest(**values | changes)


def make_interval(point: float, half: float = 0.018) -> Interval:
    return Interval(point, max(-1.0, point - half), min(1.0, point + half))


def make_score(
    condition: Condition, metric: str, mean: float, seeds: tuple[int, ...]
) -> ConditionScore:
    is_deterministic = condition.student == "tfidf-logreg"
    step = 0.0 if is_deterministic else 0.008
    by_seed = tuple(min(1.0, mean + step * (i - (len(seeds) - 1) / 2)) for i in range(len(seeds)))
    return ConditionScore(
        condition=condition,
        metric=metric,
        seeds=seeds,
        by_seed=by_seed,
        sd=None if is_deterministic or len(seeds) < 2 else 0.008,
        interval=make_interval(mean),
        items_only=make_interval(mean, 0.012),
        num_items=1000,
        is_deterministic=is_deterministic,
        serves=(condition.source,),
    )


def make_difference(
    condition: Condition,
    partner: Condition,
    family: Family,
    metric: str,
    seeds: tuple[int, ...],
    apart: float,
) -> Difference:
    is_real = family == "real"
    return Difference(
        condition=condition,
        partner=partner,
        family=family,
        metric=metric,
        seeds=seeds,
        interval=make_interval(apart, 0.022),
        items_only=make_interval(apart, 0.014),
        error=0.011,
        error_items=0.007,
        df=None,
        p=0.0004,
        p_holm=0.0016 if is_real else None,
    )


def make_floor(task: TaskPart) -> Floor:
    share = 1 / len(task.labels)
    return Floor(
        task=task.name,
        label=task.labels[0],
        num_items=1000,
        macro_f1=share / 2,
        accuracy=share,
        guessing=share,
        rarest_label=task.labels[-1],
        num_rarest=1000 // len(task.labels),
    )


def make_results(condition: Condition, labels: tuple[str, ...], mean: float) -> list[Result]:
    dice = random.Random(ascii(condition.name))
    generator, strategy = (
        "" if name == "-" else name for name in (condition.generator, condition.strategy)
    )
    rows = []
    for seed in (0, 1, 2):
        for label in labels:
            base = min(1.0, max(0.0, mean + dice.uniform(-0.1, 0.1)))
            rows += [
                Result(
                    condition.task,
                    condition.source,
                    generator,
                    strategy,
                    condition.student,
                    seed,
                    metric,
                    base,
                    condition.num_train,
                    label,
                )
                for metric in ("precision", "recall", "f1")
            ]
    return rows


def make_confusion(condition: Condition, labels: tuple[str, ...], mean: float) -> Confusion:
    dice = random.Random(ascii(condition.name))
    each = 3000 // len(labels)
    counts = []
    for gold in range(len(labels)):
        row = [0] * len(labels)
        row[gold] = int(each * mean)
        for _ in range(each - row[gold]):
            row[dice.randrange(len(labels))] += 1
        counts.append(tuple(row))
    return Confusion(condition, labels, tuple(counts))


def make_summary(
    tasks: tuple[TaskPart, ...],
    generators: tuple[str, ...],
    strategies: tuple[str, ...],
    students: tuple[str, ...],
    seeds: tuple[int, ...] = (0, 1, 2),
    failed: tuple[FailedTraining, ...] = (),
) -> tuple[Summary, tuple[Result, ...]]:
    scores, differences, confusions, results = [], [], [], []
    for task in tasks:
        top = 0.97 if len(task.labels) < 10 else 0.48
        for student in students:
            real = Condition(
                task=task.name,
                source="real",
                generator="-",
                strategy="-",
                student=student,
                num_train=600,
            )
            pool = replace(real, source="pool", num_train=297)
            means = {real: top, pool: top - 0.11}
            for i, generator in enumerate(generators):
                for j, strategy in enumerate(strategies):
                    gap = 0.19 - 0.06 * i - 0.05 * j
                    made = replace(real, source="synthetic", generator=generator, strategy=strategy)
                    means[made] = top - gap
                    added = replace(made, source="pool+synthetic", num_train=897)
                    means[added] = top - gap / 2
            partners = {"synthetic": real, "pool+synthetic": pool}
            for condition, mean in means.items():
                for metric in ("macro_f1", "accuracy"):
                    shown = mean if metric == "macro_f1" else mean + 0.01
                    scores.append(make_score(condition, metric, shown, seeds))
                    partner = partners.get(condition.source)
                    if partner is not None:
                        family: Family = "real" if partner is real else "pool"
                        apart = mean - means[partner]
                        differences.append(
                            make_difference(condition, partner, family, metric, seeds, apart)
                        )
                confusions.append(make_confusion(condition, task.labels, mean))
                results += make_results(condition, task.labels, mean)
    summary = Summary(
        scores=tuple(scores),
        differences=tuple(differences),
        confusions=tuple(confusions),
        omitted=(),
        failed=failed,
        floors=tuple(make_floor(task) for task in tasks),
        num_draws=2000,
        num_swaps=9999,
        smallest_p=0.0004,
        seed=0,
    )
    return summary, tuple(results)


def judge(
    data: ReportData, origins: dict[Condition, Origin] | None = None, **changes: Any
) -> ReportData:
    """Return the report with the verdicts of its summary, after changes to that summary."""
    assert data.summary is not None
    summary = replace(data.summary, **changes)
    made = {
        one.condition: Origin("no") for one in summary.scores if "synthetic" in one.condition.source
    }
    verdicts = judge_run(summary, made | (origins or {}))
    return replace(data, summary=summary, verdicts=verdicts)


def make_samples(labels: tuple[str, ...]) -> tuple[Sample, ...]:
    return tuple(
        Sample(label, text, exemplars=("a real exemplar",), nearest="a real neighbour")
        for label in labels
        for text in TEXTS.get(label, (f"So this is how {label} reads, I suppose.",))
    )


def make_data(
    tasks: tuple[TaskPart, ...] | None = None,
    generators: tuple[str, ...] = ("tiny-sms", "qwen2.5-7b-instruct"),
    strategies: tuple[str, ...] = ("zero_shot", "few_shot"),
    students: tuple[str, ...] = ("scratch-bert", "tfidf-logreg"),
) -> ReportData:
    if tasks is None:
        tasks = (make_task(), make_task("reddit_goemotions", tuple(EMOTIONS)))
    summary, results = make_summary(tasks, generators, strategies, students)
    corpora = []
    for task in tasks:
        for generator in generators:
            for strategy in strategies:
                changes: dict[str, Any] = {}
                if (generator, strategy) == (generators[0], "few_shot"):
                    changes = {
                        "complete": False,
                        "shortfall": f"{task.labels[-1]}: 284 of 300 rows after 5 rounds",
                    }
                manifest = make_manifest(task, generator, strategy, **changes)
                corpora.append(
                    CorpusPart(
                        manifest, make_lines(manifest, task.labels), make_samples(task.labels)
                    )
                )
    seen = tuple(HasSeen(task=task.name, split="train", num_rows=task.num_train) for task in tasks)
    tiny = Card(name=generators[0], license="apache-2.0", has_seen=seen, tiny=True)
    cards = [tiny, *(Card(name=name, license="apache-2.0") for name in generators[1:])]
    digest = ModelDigest("ab" * 32, "cd" * 32, "ef" * 32, "01" * 32)
    models = [ModelPart(card, digest) for card in cards]
    models += [ModelPart(Card(name=name, role="student")) for name in students]
    made = ReportData(
        run=RunPart(
            name="sms",
            fingerprint="5f3a" * 16,
            created="2026-11-21T04:30:00+00:00",
            yaml="tasks: [tasks/sms_spam.yaml]\ngenerators: [tiny-sms]\nper_label: 300\n",
            seconds={"generate": 83.4, "curate": 2.1, "measure": 9.8, "train": 412.0},
            versions={"synth-local": "0.1.0", "torch": "2.13.0", "vllm": "0.32.0"},
            embedder="hashed character n-grams (3 to 5), scikit-learn",
        ),
        tasks=tasks,
        corpora=tuple(corpora),
        models=tuple(models),
        results=results,
        summary=summary,
        missing=("cell sms_spam__real__-__-__scratch-bert__n600__s2 failed: out of memory",),
    )
    return judge(made)


def make_lines(manifest: Manifest, labels: tuple[str, ...]) -> tuple[Line, ...]:
    lines = []
    gap = 0.03 if manifest.strategy == "few_shot" else 0.07
    for metric, real in (
        ("remote_clique", 0.86),
        ("chamfer", 0.41),
        ("similarity_to_real", 0.52),
        ("distinct_2", 0.71),
        ("compression_ratio", 0.44),
    ):
        for stage, shift in ((BEFORE, -0.04), (AFTER, 0.0)):
            if metric == "similarity_to_real" and stage == BEFORE:
                continue
            for label in ("", *labels[:4]):
                value = make_interval(real - gap + shift, 0.012)
                names = (manifest.task, manifest.generator, manifest.strategy, stage, label, metric)
                lines.append(Line(*names, value, make_interval(real + shift / 4, 0.01), 600))
    undefined = Undefined("one text only")
    names = (manifest.task, manifest.generator, manifest.strategy, AFTER, labels[-1], "chamfer")
    return (*lines, Line(*names, undefined, None, 1))
