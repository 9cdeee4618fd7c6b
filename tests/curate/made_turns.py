"""Slots, completions and turns with only what a test cares about spelled out."""

from __future__ import annotations

from synth_local.records import Completion, FinishReason, Slot, Turn, Verdict

LABELS = ("ham", "spam")


def make_slot(label: str = "ham", position: int = 0, exemplar_ids: tuple[str, ...] = ()) -> Slot:
    index = LABELS.index(label)
    slot_id = f"sms.few_shot.{index}.{position:06d}"
    return Slot(slot_id, "sms", "few_shot", label, position, position, 0, 7, exemplar_ids)


def make_completion(text: str, finish_reason: FinishReason = "stop") -> Completion:
    return Completion("any", text, 20, 10, finish_reason)


def make_turn(text: str, label: str = "ham", position: int = 0, reason: str = "") -> Turn:
    slot = make_slot(label, position)
    return Turn(slot, make_completion(text), "digest", Verdict(text, reason))
