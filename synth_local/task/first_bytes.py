"""What a file is by its first bytes, whatever its name says; and refusing what is no data.

Knows signatures and fixes. Knows nothing about columns or labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from synth_local.errors import DataError

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
ARROW_FILE = b"ARROW1"
ARROW_STREAM = b"\xff\xff\xff\xff"
LFS_POINTER = b"version https://git-lfs.github.com/"
# signature, what it is, what to do
REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (LFS_POINTER, "a Git LFS pointer: the rows themselves were not fetched", "run `git lfs pull`"),
    (
        b"PK\x03\x04",
        "a zip archive or a workbook (.xlsx, .ods)",
        "unzip it, or save it as CSV UTF-8",
    ),
    (b"PK\x05\x06", "an empty zip archive", "copy the file again"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel", "save it as CSV UTF-8"),
    (b"BZh91AY&SY", "packed with bzip2", "unpack it with bunzip2"),
    (b"\xfd7zXZ\x00", "packed with xz", "unpack it with unxz"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it with unzstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"Rar!\x1a\x07", "a rar archive", "unpack it"),
    (b"%PDF-", "a PDF", "save the rows as CSV or JSON Lines"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (GZIP, "gzipped twice", "unpack it with gunzip"),
)
Binary = Literal["parquet", "arrow_file", "arrow_stream", ""]
_WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def tell_binary(path: Path) -> Binary:
    """Return which binary format of tables a file has by its first bytes; empty for others.

    Returns:
        ``parquet``, ``arrow_file``, ``arrow_stream`` or nothing.

    Raises:
        DataError: the file cannot be read, or is something that holds no rows as it stands.
    """
    try:
        with path.open("rb") as handle:
            head = handle.read(512)
    except OSError as error:
        raise DataError(f"cannot read: {error.strerror}", where=path) from error
    if head.startswith(GZIP):
        return ""
    refuse_packed(head, path)
    if head.startswith(PARQUET):
        return "parquet"
    if head.startswith(ARROW_FILE):
        return "arrow_file"
    return "arrow_stream" if head.startswith(ARROW_STREAM) else ""


def refuse_packed(head: bytes, path: Path) -> None:
    """Refuse a file that holds no rows as it stands.

    Args:
        head: its first bytes, unpacked where it was gzipped.

    Raises:
        DataError: with what it is and what to do.
    """
    for signature, what, fix in REFUSED:
        if head.startswith(signature):
            raise DataError(f"the file is {what}", where=path, fix=fix)


def find_utf16(head: bytes) -> str:
    """Return the encoding of two or four bytes a character that a text file begins in, or nothing.

    Args:
        head: the first bytes.

    Returns:
        ``utf-16`` or ``utf-32`` by its mark; ``utf-16-le`` or ``utf-16-be`` where every other
        byte of the beginning is zero, as in a header of ASCII letters.
    """
    for mark, name in _WIDE_MARKS:
        if head.startswith(mark):
            return name
    start = head[:16]
    even, odd = start[::2], start[1::2]
    if len(start) < 8:
        return ""
    if not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if not any(even) and all(odd) else ""
