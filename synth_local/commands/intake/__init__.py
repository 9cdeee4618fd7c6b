"""``models get`` and ``models add``: how weights come to this machine and into their place."""

from synth_local.commands.intake.add import add_model
from synth_local.commands.intake.get import get_models

__all__ = ["add_model", "get_models"]
