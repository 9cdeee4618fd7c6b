"""A GGUF file into a folder in the making, with the words of its card about that."""

from __future__ import annotations

from pathlib import Path

from synth_local.commands.intake.own_card import Provenance, describe_gguf
from synth_local.commands.intake.place import require_space
from synth_local.engines.hf.from_gguf import choose_dtype, convert_gguf, require_gguf_package
from synth_local.models import read_gguf

BYTES = {"float32": 4, "bfloat16": 2}


def is_gguf_name(name: str) -> bool:
    """Return whether a path in a card names a GGUF file, and not a folder."""
    return name.lower().endswith(".gguf")


def take_gguf(path: Path, target: Path, named: str) -> Provenance:
    """Write a folder from a GGUF file.

    Args:
        named: the file in words, with its digest or that of what it lay in.

    Returns:
        What the folder's card says of it.

    Raises:
        MachineError: the package ``gguf`` or room on the disk is missing.
        BrokenModelError: the file is cut, or transformers does not know what is in it.
    """
    header = read_gguf(path)
    require_gguf_package()
    require_space(target, header.num_parameters * BYTES[choose_dtype(header)])
    made = convert_gguf(path, target, header)
    return describe_gguf(header, named, f"to {made.dtype} by {made.versions}")
