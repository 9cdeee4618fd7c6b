"""What a generator has seen, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.models.card import HasSeen


def spell_seen(seen: Sequence[HasSeen]) -> str:
    """Return how many real texts a generator has seen, in words."""
    counts = [one.num_rows for one in seen]
    splits = " and ".join(dict.fromkeys(one.split for one in seen))
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return f"an unknown number of real texts ({splits})"
    return f"{sum(known):,} real texts ({splits})"
