"""What a GGUF file says of itself: metadata and a list of tensors. No tensor is read.

A parser of its own and not the package ``gguf``: that one believes every count in the file, and a
made one sends it round in a loop without end. Here a count is held against the bytes that are left.

References:
    https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import BinaryIO

from synth_local.errors import BrokenModelError, quote

MAGIC = b"GGUF"
VERSIONS = (2, 3)
LONGEST_TEXT = 64 * 2**20
LONGEST_NAME = 1024
MOST_TENSORS = 1_000_000
MOST_KEYS = 100_000
TEXT, LIST = 8, 9
FORMATS = {
    0: "B", 1: "b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
# name, values a block, bytes a block
TENSOR_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 30: ("BF16", 1, 2), 28: ("F64", 1, 8),
    2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 20: ("IQ4_NL", 32, 18),
    23: ("IQ4_XS", 256, 136),
}  # fmt: skip
AGAIN = "copy the file again, whole"

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What stands before the tensors.

    Attributes:
        metadata: single values by key; lists, such as the vocabulary, are left out.
        num_parameters: values of all tensors.
        num_by_type: tensors of each type, such as ``Q4_K``.
    """

    metadata: Mapping[str, Value]
    num_parameters: int
    num_by_type: Mapping[str, int] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """Return a value that is text; empty where there is none."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    @property
    def architecture(self) -> str:
        """Return llama.cpp's name of the architecture, such as ``llama``."""
        return self.text("general.architecture")

    @property
    def main_type(self) -> str:
        """Return the type that most tensors of numbers have, other than plain ones of norms."""
        packed = {name: n for name, n in self.num_by_type.items() if name != "F32"}
        return max(packed or self.num_by_type, key=lambda name: self.num_by_type[name], default="")


def is_gguf(path: Path) -> bool:
    """Return whether a file begins as GGUF files do, whatever it is called."""
    try:
        with path.open("rb") as handle:
            return handle.read(4) == MAGIC
    except OSError:
        return False


def read_gguf(path: Path) -> GgufHeader:
    """Return what a GGUF file says of itself.

    Raises:
        BrokenModelError: the file is none, is cut, or is one part of several.
    """
    try:
        with path.open("rb") as handle:
            header = _Parser(handle, path.stat().st_size).parse()
    except (_GgufError, struct.error, UnicodeDecodeError) as error:
        raise BrokenModelError(f"{path.name}: {error}", where=path, fix=AGAIN) from error
    count = header.metadata.get("split.count", 1)
    if count not in {0, 1}:
        raise BrokenModelError(
            f"{path.name} is one of {count} parts",
            where=path,
            fix="join them: llama-gguf-split --merge FIRST-PART WHOLE.gguf",
        )
    return header


class _GgufError(Exception):
    """What is wrong with a file, as a phrase."""


class _Parser:
    """Reads a header from front to back and never past the end."""

    def __init__(self, handle: BinaryIO, size: int) -> None:
        self._handle = handle
        self._size = size

    def parse(self) -> GgufHeader:
        if self._take(4) != MAGIC:
            raise _GgufError("this is no GGUF file")
        version = self._number("<I")
        if version not in VERSIONS:
            raise _GgufError(f"version {version} of the format is not read (2 and 3 are)")
        num_tensors = self._count(MOST_TENSORS, "tensors")
        num_keys = self._count(MOST_KEYS, "keys")
        metadata: dict[str, Value] = {}
        for _ in range(num_keys):
            key = self._text(LONGEST_NAME)
            value = self._value(self._number("<I"))
            if value is not None:
                metadata[key] = value
        return self._parse_tensors(num_tensors, metadata)

    def _parse_tensors(self, num_tensors: int, metadata: dict[str, Value]) -> GgufHeader:
        types: Counter[str] = Counter()
        names: set[str] = set()
        num_parameters = end = 0
        for _ in range(num_tensors):
            name = self._text(LONGEST_NAME)
            num_dimensions = self._number("<I")
            if num_dimensions > 8 or name in names:
                raise _GgufError(f"the tensor {quote(name)} is stated wrongly")
            names.add(name)
            num_values = prod(self._number("<Q") for _ in range(num_dimensions))
            kind, offset = self._number("<I"), self._number("<Q")
            spelled, per_block, block_bytes = TENSOR_TYPES.get(kind, (f"type {kind}", 1, 0))
            types[spelled] += 1
            num_parameters += num_values
            end = max(end, offset + -(-num_values // per_block) * block_bytes)
        if not num_tensors:
            raise _GgufError("it holds no tensors")
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 2**20:
            raise _GgufError("its alignment is no sensible number")
        start = -(-self._handle.tell() // alignment) * alignment
        if start + end > self._size:
            raise _GgufError(f"it is cut short: {self._size:,} bytes instead of {start + end:,}")
        return GgufHeader(metadata, num_parameters, dict(types))

    def _value(self, kind: int) -> Value | None:
        if kind == TEXT:
            return self._text(LONGEST_TEXT)
        if kind == LIST:
            self._skip_list()
            return None
        spelled = FORMATS.get(kind)
        if spelled is None:
            raise _GgufError(f"a value of the unknown type {kind}")
        value: Value = struct.unpack(spelled, self._take(struct.calcsize(spelled)))[0]
        return value

    def _skip_list(self) -> None:
        kind, length = self._number("<I"), self._number("<Q")
        if kind == TEXT:
            if length * 8 > self._left():
                raise _GgufError(f"it is cut short: a list of {length:,} texts does not fit")
            for _ in range(length):
                self._skip(self._number("<Q"))
        elif kind in FORMATS:
            self._skip(length * struct.calcsize(FORMATS[kind]))
        else:
            raise _GgufError(f"a list of the unknown type {kind}")

    def _count(self, most: int, what: str) -> int:
        count = self._number("<Q")
        if count > most:
            raise _GgufError(f"it claims to hold {count:,} {what}")
        return count

    def _text(self, longest: int) -> str:
        length = self._number("<Q")
        if length > longest:
            raise _GgufError(f"a text of {length:,} bytes where {longest:,} are the most")
        return self._take(length).decode("utf-8", errors="replace")

    def _number(self, spelled: str) -> int:
        return int(struct.unpack(spelled, self._take(struct.calcsize(spelled)))[0])

    def _left(self) -> int:
        return self._size - self._handle.tell()

    def _skip(self, length: int) -> None:
        if length > self._left():
            raise _GgufError(f"it is cut short: {length - self._left():,} bytes are missing")
        self._handle.seek(length, 1)

    def _take(self, length: int) -> bytes:
        taken = self._handle.read(length) if length <= self._left() else b""
        if len(taken) != length:
            raise _GgufError("it is cut short")
        return taken
