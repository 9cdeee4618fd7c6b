"""The interval behind a verdict, and the verdict itself, where the truth is known.

Two processes of training are drawn from: each training seed has a skill of its own, and each
corpus (or draw of the real rows) moves all of its seeds. Truth is that of the processes, not of
the students that happened to come out of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from synth_local.core.stats import FloatArray, IntArray, LabelTable
from synth_local.evaluate.components import DIFFERENCE_ENDS, bound_best
from synth_local.evaluate.groups import Group
from synth_local.evaluate.resampler import Resampler, Resampling, Side
from synth_local.evaluate.summary import Condition, Difference
from synth_local.evaluate.verdicts.verdict import MARGIN, answer
from tests.controls.record import Control
from tests.controls.students import SHARES, draw_tables, make_student, score_student

LABELS = ("a", "b", "c")
SKILL = 0.85
TRUE_LOSS = 0.03
SETTINGS = Resampling(num_draws=200, num_swaps=1)


@dataclass(frozen=True)
class Process:
    """How trainings come out.

    Attributes:
        num_items: test items.
        num_seeds: training seeds on each side.
        sd_seeds: standard deviation of skill between seeds.
        sd_corpora: between corpora of the same settings; real rows are drawn once per seed.
        num_corpora: corpora of the synthetic side.
    """

    num_items: int
    num_seeds: int = 3
    sd_seeds: float = 0.0
    sd_corpora: float = 0.0
    num_corpora: int = 1

    def describe(self) -> str:
        """Return the design in words."""
        corpora = f", {self.num_corpora} corpora (SD {self.sd_corpora})"
        return (
            f"{self.num_items:,} items, {self.num_seeds} seeds (SD {self.sd_seeds})"
            f"{corpora if self.sd_corpora or self.num_corpora > 1 else ''}"
        )


def draw_skills(rng: np.random.Generator, skill: float, process: Process) -> list[FloatArray]:
    """Return one student per seed of one corpus."""
    own = skill + process.sd_corpora * rng.standard_normal()
    skills = own + process.sd_seeds * rng.standard_normal(process.num_seeds)
    return [make_student(float(one)) for one in np.clip(skills, 0.05, 0.985)]


def draw_real(rng: np.random.Generator, skill: float, process: Process) -> list[FloatArray]:
    """Return one student per seed; each draws its own cut of the rows."""
    sd = float(np.hypot(process.sd_seeds, process.sd_corpora))
    skills = skill + sd * rng.standard_normal(process.num_seeds)
    return [make_student(float(one)) for one in np.clip(skills, 0.05, 0.985)]


def make_side(source: str, generator: str, tables: list[LabelTable]) -> Side:
    """Return a condition with its repeats from their tables."""
    groups = [
        Group(
            condition=Condition(
                task="t",
                source=source,
                generator=generator,
                strategy=f"z{number}",
                student="s",
                num_train=10,
            ),
            partners=(),
            labels=LABELS,
            seeds=tuple(range(len(table.predicted))),
            table=table,
            serves=(source,),
        )
        for number, table in enumerate(tables)
    ]
    return Side(groups[0], tuple(groups[1:]))


def compare_sides(real: LabelTable, made: list[LabelTable]) -> Difference:
    """Return what the tool says of macro-F1: synthetic minus real."""
    sides = (make_side("synthetic", "g", made), make_side("real", "-", [real]))
    return Resampler(SETTINGS).compare(*sides, "real")[0]


def draw_difference(rng: np.random.Generator, process: Process, skill: float) -> Difference:
    """Return the difference of one draw of a process with ``skill`` to one with ``SKILL``."""
    sides = [draw_real(rng, SKILL, process)]
    sides += [draw_skills(rng, skill, process) for _ in range(process.num_corpora)]
    real, *made = draw_tables(rng, process.num_items, sides)
    return compare_sides(real, made)


def find_skill(loss: float) -> float:
    """Return the skill whose macro-F1 lies ``loss`` below that of ``SKILL``."""
    base = score_student(make_student(SKILL))[0]
    return float(brentq(lambda one: base - score_student(make_student(one))[0] - loss, 0.4, SKILL))


def check_label(num: int, process: Process, skill: float = 0.8) -> Control:
    """Return how often the F1 difference of the rarest label holds the truth of the processes."""
    rng = np.random.default_rng(23)
    place = LABELS.index("c")
    always = _average_f1(rng, skill, process, place) - _average_f1(rng, SKILL, process, place)
    held = 0
    for _ in range(num):
        drawn = [draw_real(rng, one, process) for one in (skill, SKILL)]
        made, real = draw_tables(rng, process.num_items, drawn)
        sides = (make_side("synthetic", "g", [made]), make_side("real", "-", [real]))
        apart = Resampler(SETTINGS).measure_apart(*sides, place)
        found = apart.chance.bound(apart.point, DIFFERENCE_ENDS)
        held += found.low <= always <= found.high
    name = "difference of F1 of the rarest label"
    return Control(name, process.describe(), "covers", 0.95, held / num, num)


def _average_f1(rng: np.random.Generator, skill: float, process: Process, place: int) -> float:
    """Return the F1 of one label that a process gives on endlessly many items, on average."""
    found = []
    for _ in range(1000):
        for chances in draw_real(rng, skill, process):
            joint = SHARES[:, None] * chances
            found.append(2 * joint[place, place] / (SHARES[place] + joint[:, place].sum()))
    return float(np.mean(found))


def check_equal(num: int, process: Process) -> list[Control]:
    """Return how often two equal processes differ by the interval of the verdict."""
    rng = np.random.default_rng(21)
    found = [draw_difference(rng, process, SKILL) for _ in range(num)]
    both = np.mean([not one.interval.low <= 0 <= one.interval.high for one in found])
    alone = np.mean([not one.items_only.low <= 0 <= one.items_only.high for one in found])
    # of one corpus the verdict says that it is for this corpus: another one is not claimed
    is_claimed = process.num_corpora > 1 or not process.sd_corpora
    note = "not claimed: with one corpus the verdict is for this corpus"
    second = "second: about these very students and no others"
    return [
        Control(
            "equal processes differ, interval of the verdict",
            process.describe(),
            "alarms" if is_claimed else "not claimed",
            0.05,
            float(both),
            num,
            "" if is_claimed else note,
        ),
        Control(
            "equal processes differ, test items only",
            process.describe(),
            "not claimed",
            0.05,
            float(alone),
            num,
            second,
        ),
    ]


def check_as_good(num: int, process: Process) -> Control:
    """Return how often a process that loses more than the margin is called as good."""
    rng = np.random.default_rng(22)
    skill = find_skill(TRUE_LOSS)
    found = [draw_difference(rng, process, skill) for _ in range(num)]
    false = np.mean([says_as_good(one, 1) for one in found])
    name = f"as good within {MARGIN}, true loss {TRUE_LOSS}"
    return Control(name, process.describe(), "alarms", 0.05, float(false), num)


def check_best_of(num: int, process: Process, num_tried: int = 12) -> Control:
    """Return how often the best of many that all lose is called as good."""
    rng = np.random.default_rng(23)
    skill = find_skill(TRUE_LOSS)
    false = 0
    for _ in range(num):
        sides = [draw_real(rng, SKILL, process)]
        sides += [draw_skills(rng, skill, process) for _ in range(num_tried)]
        real, *made = draw_tables(rng, process.num_items, sides)
        found = [compare_sides(real, [one]) for one in made]
        best = max(found, key=lambda one: one.interval.point)
        false += says_as_good(best, num_tried)
    name = f"the best of {num_tried} is as good within {MARGIN}, true loss {TRUE_LOSS}"
    return Control(name, process.describe(), "alarms", 0.05, false / num, num)


def says_as_good(found: Difference, num_tried: int) -> bool:
    """Return whether the rule calls it as good."""
    gap = bound_best(-found.interval.point, found.error, found.df, 0.95, num_tried)
    return answer("instead_of_real", gap.low, gap.high, MARGIN) == "as_good"


def check_rare(num: int, num_items: int, num_rare: int) -> Control:
    """Return how often the interval holds the truth where one label is rare and hard."""
    rng = np.random.default_rng(24)
    rare = num_rare / num_items
    shares = np.array([0.6 - rare / 2, 0.4 - rare / 2, rare])
    sides = [_err_on_rare(0.9, 0.5, 0.004), _err_on_rare(0.85, 0.2, 0.002)]
    truth = _score(sides[1], shares) - _score(sides[0], shares)
    held, drawn = 0, 0
    while drawn < num:
        gold = rng.choice(3, num_items, p=shares)
        if not (gold == 2).any():
            continue
        drawn += 1
        real, made = (_draw_answers(rng, gold, one) for one in sides)
        found = compare_sides(real, [made]).interval
        held += found.low <= truth <= found.high
    design = f"{num_items:,} items, about {num_rare} of the rarest label, which one side misses"
    return Control("difference of macro-F1, interval", design, "covers", 0.95, held / num, num)


def _err_on_rare(skill: float, rare: float, lure: float) -> FloatArray:
    return np.array(
        [
            [skill, 1 - skill - lure, lure],
            [1 - skill - lure, skill, lure],
            [(1 - rare) / 2, (1 - rare) / 2, rare],
        ]
    )


def _score(chances: FloatArray, shares: FloatArray) -> float:
    joint = shares[:, None] * chances
    right = np.diag(joint)
    return float((2 * right / (shares + joint.sum(axis=0))).mean())


def _draw_answers(rng: np.random.Generator, gold: IntArray, chances: FloatArray) -> LabelTable:
    edges = np.cumsum(chances, axis=1)[gold]  # (items, labels)
    said = (rng.random((len(gold), 1)) >= edges).sum(axis=1).clip(0, 2)
    return LabelTable(gold, said[None], 3)
