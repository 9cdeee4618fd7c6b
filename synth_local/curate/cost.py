"""What a corpus cost: slots, refusals, tokens and seconds, from its manifest.

Pure. ``compare`` and the report show the same figures, since both ask here.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_local.curate.reasons import SURPLUS
from synth_local.store.corpus import Manifest


@dataclass(frozen=True, slots=True)
class Cost:
    """What a corpus cost.

    Attributes:
        complete: every label has its number of rows.
        surplus: good texts that came after their label had its number.
        refused_share: of the admitted slots, surplus not counted; ``None`` without slots.
        tokens: generated, of refused texts too; ``None`` where the corpus was brought along.
        device: ``cpu`` or ``cuda``; empty where the corpus was brought along.
        seconds: spent in generation, summed over shards and GPUs; on a CPU those of the whole
            machine. ``None`` where the corpus was brought along.
        seconds_per_row: per accepted row; ``None`` without rows, and likewise.
    """

    accepted: int
    complete: bool
    admitted: int
    surplus: int
    refused_share: float | None
    tokens: int | None
    device: str
    seconds: float | None
    seconds_per_row: float | None


def cost_of(manifest: Manifest) -> Cost:
    """Return what the corpus of ``manifest`` cost."""
    accepted, admitted = sum(manifest.accepted.values()), sum(manifest.admitted.values())
    drops = [count for by_label in manifest.drops.values() for count in by_label.items()]
    surplus = sum(count for reason, count in drops if reason == SURPLUS)
    refused = sum(count for _, count in drops) - surplus
    is_made = manifest.brought is None
    seconds = manifest.seconds * manifest.engine.get("num_devices", 1)
    return Cost(
        accepted=accepted,
        complete=manifest.complete,
        admitted=admitted,
        surplus=surplus,
        refused_share=refused / admitted if admitted else None,
        tokens=manifest.tokens["generated"] if is_made else None,
        device=manifest.engine.get("device", "") if is_made else "",
        seconds=seconds if is_made else None,
        seconds_per_row=seconds / accepted if accepted and is_made else None,
    )
