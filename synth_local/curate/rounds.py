"""How many slots the next round takes, so that every label gets its number.

Pure arithmetic on counts; whether another round may be run at all is the caller's to know.
"""

from __future__ import annotations

from collections.abc import Mapping

#: The lowest accept rate that is believed: at most 50 slots are asked for per missing row, also
#: where none was accepted yet. A label that is worse off takes its rows over several rounds.
MIN_ACCEPT_RATE = 0.02


def next_round(
    admitted: Mapping[str, int],
    accepted: Mapping[str, int],
    per_label: Mapping[str, int],
    *,
    mean_tokens: float = 0.0,
    budget_left: float | None = None,
) -> dict[str, int] | None:
    """Return how many more slots each label should take.

    A label takes ceil(missing / accept rate), its accept rate being accepted / admitted so far and
    at least ``MIN_ACCEPT_RATE``; 1 where nothing was admitted, so that the first round is the
    first N slots. Where the expected tokens exceed what is left of the budget, all labels are
    cut in proportion to what they need.

    Args:
        admitted: slots per label so far.
        accepted: rows per label so far.
        mean_tokens: generated tokens per slot so far, or an estimate; 0 is unknown.
        budget_left: tokens that may still be generated; ``None`` is no bound.

    Returns:
        Slots of each label that needs some, in the order of ``per_label``; ``None`` where nothing
        is missing or the budget does not reach for one slot.
    """
    wanted = {
        label: count
        for label, goal in per_label.items()
        if (count := _want(goal, admitted.get(label, 0), accepted.get(label, 0)))
    }
    if budget_left is not None:
        if budget_left <= 0:
            return None
        if mean_tokens > 0:
            wanted = _cut(wanted, int(budget_left / mean_tokens))
    return wanted or None


def _want(goal: int, num_admitted: int, num_accepted: int) -> int:
    missing = max(0, goal - num_accepted)
    if not num_admitted:
        return missing
    most = round(missing / MIN_ACCEPT_RATE)
    return min(most, -(-missing * num_admitted // num_accepted)) if num_accepted else most


def _cut(wanted: Mapping[str, int], affordable: int) -> dict[str, int]:
    """Return ``wanted`` scaled down to a sum of ``affordable``; the largest remainders round up."""
    total = sum(wanted.values())
    if total <= affordable:
        return dict(wanted)
    shares = {label: divmod(count * affordable, total) for label, count in wanted.items()}
    spare = affordable - sum(whole for whole, _ in shares.values())
    by_remainder = sorted(shares, key=lambda label: -shares[label][1])  # stable: label order
    cut = {
        label: whole + (by_remainder.index(label) < spare) for label, (whole, _) in shares.items()
    }
    return {label: count for label, count in cut.items() if count}
