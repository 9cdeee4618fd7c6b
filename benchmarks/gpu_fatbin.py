"""Blank the device code of other GPUs in a compiled library, so that the library compresses well.

A CUDA library holds each kernel once for every architecture it was built for, in containers of
machine code and PTX. The driver picks the best entry by its header and reads no other, so the bytes
of the rest may be zeros. Sizes, headers and offsets stay.

References:
    H. Zhang and A. Ali-Eldin (2025), The hidden bloat in machine learning systems.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\x50\xed\x55\xba"
CONTAINER = struct.Struct("<IHHQ")  # magic, version, size of this header, size of the entries
ENTRY = struct.Struct("<HHIQ")  # kind, version, size of this header, size of the code
ARCHITECTURE_AT = 28  # bytes into an entry's header
PTX, MACHINE_CODE = 1, 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One kernel collection for one architecture.

    Attributes:
        kind: ``PTX`` or ``MACHINE_CODE``.
        architecture: 90 for an H100.
        start: first byte of the code in the library.
        size: of the code, in bytes.
    """

    kind: int
    architecture: int
    start: int
    size: int


def blank_other_architectures(library: bytearray, architecture: int) -> int:
    """Overwrite with zeros the code that a GPU of ``architecture`` never runs.

    PTX is kept where a container has no machine code for the architecture: the driver compiles it.

    Args:
        library: a shared library's bytes, changed in place.
        architecture: 90 for an H100.

    Returns:
        Number of bytes blanked.
    """
    blanked = 0
    for entries in _find_containers(library):
        has_own = any(e.kind == MACHINE_CODE and e.architecture == architecture for e in entries)
        for entry in entries:
            is_own = entry.kind == MACHINE_CODE and entry.architecture == architecture
            if is_own or (entry.kind == PTX and not has_own):
                continue
            library[entry.start : entry.start + entry.size] = bytes(entry.size)
            blanked += entry.size
    return blanked


def _find_containers(library: bytearray) -> Iterator[list[Entry]]:
    """Yield the entries of each container."""
    position = library.find(MAGIC)
    while position >= 0:
        following = position + len(MAGIC)
        if position + CONTAINER.size <= len(library):
            _, version, header, size = CONTAINER.unpack_from(library, position)
            end = position + header + size
            if version == 1 and header == CONTAINER.size and end <= len(library):
                yield _read_entries(library, position + header, end)
                following = end
        position = library.find(MAGIC, following)


def _read_entries(library: bytearray, start: int, end: int) -> list[Entry]:
    entries = []
    while start + ENTRY.size <= end:
        kind, _, header, size = ENTRY.unpack_from(library, start)
        (architecture,) = struct.unpack_from("<I", library, start + ARCHITECTURE_AT)
        entries.append(Entry(kind, architecture, start + header, size))
        start += header + size
    return entries
