"""What stands in the header of a Safetensors file: names, types and shapes. Tensors are not read.

Knows the format; nothing about models.

References:
    https://huggingface.co/docs/safetensors/index#format
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.errors import BrokenModelError

LARGEST_HEADER = 100_000_000  # bytes; the bound of the format itself
METADATA = "__metadata__"
AGAIN = "copy the file again"


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """One tensor of a file.

    Attributes:
        dtype: as the format spells it, such as ``BF16``.
        file: name of the file that holds it.
    """

    dtype: str
    shape: tuple[int, ...]
    file: str


class _HeaderError(Exception):
    """What is wrong with the frame of a file, as a phrase."""


def check_safetensors(path: Path) -> str:
    """Return what is wrong with the frame of a Safetensors file.

    Returns:
        A phrase; empty where the header can be read and the file is as long as it says.
    """
    try:
        _read_frame(path)
    except _HeaderError as error:
        return str(error)
    return ""


def read_header(path: Path) -> dict[str, TensorHeader]:
    """Return the tensors of a Safetensors file by name.

    Raises:
        BrokenModelError: the file is cut, or has no such header.
    """
    try:
        header = _read_frame(path)
    except _HeaderError as error:
        raise BrokenModelError(f"{path.name}: {error}", where=path, fix=AGAIN) from error
    return {
        name: TensorHeader(str(entry.get("dtype")), tuple(entry["shape"]), path.name)
        for name, entry in header.items()
    }


def _read_frame(path: Path) -> dict[str, dict[str, Any]]:
    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            length = int.from_bytes(handle.read(8), "little")
            if size < 8 or length > min(size - 8, LARGEST_HEADER):
                raise _HeaderError(f"no Safetensors header in {size:,} bytes")
            text = handle.read(length)
    except OSError as error:
        raise _HeaderError(f"it cannot be read ({error.strerror})") from error
    try:
        header = {k: entry for k, entry in json.loads(text).items() if k != METADATA}
        ends = [int(entry["data_offsets"][1]) for entry in header.values()]
        if not all(isinstance(n, int) for entry in header.values() for n in entry["shape"]):
            raise TypeError("a shape is no list of numbers")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        phrase = f"the Safetensors header cannot be read ({error})"
        raise _HeaderError(phrase) from error
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        raise _HeaderError(f"{size:,} bytes instead of {expected:,}")
    return header
