"""What a verdict is: the answer to one question for one task and student, as a record.

The form of ``verdicts.json``; the report, the terminal and ``advise`` are printed from it. Holds
data and the rule from interval and margin to answer; chooses no condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal

Question = Literal["instead_of_real", "instead_of_all_real", "with_all_real", "with_pool"]
Answer = Literal["as_good", "worse", "helps", "harms", "open", "none"]

#: A loss of macro-F1 that is small enough to live with, where a run file names no other.
MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question compares.

    Attributes:
        source: of the condition that is judged.
        partners: sources that it is judged against.
        is_addition: synthetic texts are added to the partner's rows instead of replacing them.
    """

    source: str
    partners: tuple[str, ...]
    is_addition: bool


QUESTIONS: Mapping[Question, Asked] = MappingProxyType(
    {
        "instead_of_real": Asked("synthetic", ("real",), is_addition=False),
        "instead_of_all_real": Asked("synthetic_all", ("real_all",), is_addition=False),
        "with_all_real": Asked("real+synthetic", ("real_all",), is_addition=True),
        "with_pool": Asked("pool+synthetic", ("pool", "pool_balanced"), is_addition=True),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to one question for one task and student.

    A gap is the partner's macro-F1 minus the condition's: above 0 the condition loses.

    Attributes:
        question: what was asked.
        verdict: ``as_good``, ``worse`` or ``open`` for synthetic in place of real texts; ``helps``,
            ``harms`` or ``open`` for texts added to real ones; ``none`` where no answer is drawn.
        condition: the cell without its seed that is judged; empty where there is none.
        partner: the cell without its seed that it is judged against; empty where there is none.
        gap: of the two; ``None`` where they were not compared.
        low: lower end of the interval that the verdict was taken from.
        high: its upper end.
        reasons: why there is no verdict, then what limits it, a sentence each.
        settles: what would settle an open question, a sentence each.
        margin: the largest gap that is small enough.
        level: coverage that the interval aims at, for all that was tried together.
        num_tried: conditions that the best one was picked from; the interval is widened for it.
        num_corpora: corpora behind the condition: with 1 the answer is for this corpus.
        items_low: lower end of the interval over test items only, not widened.
        items_high: its upper end.
        score: macro-F1 of the condition.
        partner_score: macro-F1 of the partner.
        floor: macro-F1 of one that has learnt nothing.
        error: standard error of the gap; ``None`` where there is no gap.
        df: degrees of freedom behind the interval; ``None`` where nothing was estimated.
        seen: whether the generator has seen more of the task than the pool holds: ``no``,
            ``yes`` or ``unknown``; empty without a condition.
        partner_validation: macro-F1 of the partner's trainings on the validation texts, which no
            verdict looks at; ``None`` where the task has none.
    """

    task: str
    student: str
    question: Question
    verdict: Answer
    condition: str = ""
    partner: str = ""
    gap: float | None = None
    low: float | None = None
    high: float | None = None
    reasons: tuple[str, ...] = ()
    settles: tuple[str, ...] = ()
    margin: float = MARGIN
    level: float = 0.95
    num_tried: int = 0
    num_corpora: int = 1
    items_low: float | None = None
    items_high: float | None = None
    num_train: int | None = None
    partner_num_train: int | None = None
    num_test: int | None = None
    score: float | None = None
    partner_score: float | None = None
    floor: float | None = None
    error: float | None = None
    df: float | None = None
    seen: str = ""
    partner_validation: float | None = None

    @property
    def is_flattered(self) -> bool:
        """Return whether a good answer would rest on texts that the generator has seen.

        Beside all real texts it has nothing left to carry over.
        """
        is_good = self.verdict in ("as_good", "helps")
        return is_good and self.seen == "yes" and self.question != "with_all_real"

    @property
    def share_of_lift(self) -> float | None:
        """Return the gap as a share of the partner's lift over the floor."""
        if self.gap is None or self.partner_score is None or self.floor is None:
            return None
        lift = self.partner_score - self.floor
        return self.gap / lift if lift > 0 else None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready value: the fields, and what follows from them."""
        return asdict(self) | {"share_of_lift": self.share_of_lift}


def pick_main(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict that stands for a task.

    Neither scores nor answers choose it: that would favour what came out well.

    Args:
        verdicts: of one task, at least one, in the run file's order.

    Returns:
        The first that is about a trained condition, else the first.
    """
    return next((verdict for verdict in verdicts if verdict.condition), verdicts[0])


def answer(question: Question, low: float, high: float, margin: float) -> Answer:
    """Return what an interval of the gap says.

    Args:
        question: that was asked.
        low: lower end of the gap.
        high: upper end.
        margin: the largest gap that is small enough, at least 0.

    Returns:
        For a replacement: as good where the whole interval is at most the margin, worse where it
        is above it. For an addition: helps where it is below 0, harms where it is above 0.
    """
    if QUESTIONS[question].is_addition:
        if high < 0:
            return "helps"
        return "harms" if low > 0 else "open"
    if high <= margin:
        return "as_good"
    return "worse" if low > margin else "open"
