r"""From the bytes of a text file to its lines: gzip, encodings, and what is not a text at all.

A file is UTF-8, with or without a byte order mark, unless the task file says otherwise. No other
encoding is ever assumed: where bytes do not fit, the likely encoding is named and offered. Only
``\n`` ends a line: texts may hold other characters that Unicode counts as line ends.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from synth_local.errors import DataError, quote
from synth_local.task.first_bytes import GZIP, find_utf16, refuse_packed

BOM = b"\xef\xbb\xbf"
DAMAGES = (OSError, EOFError, zlib.error)  # what a file that was cut short or changed raises
SAMPLE = 200_000  # bytes that an encoding is guessed from
# by how often they are met; others are hardly told apart in a short sample
GUESSES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932"),
    *("gb18030", "big5", "cp949", "euc_jp", "koi8_r", "cp437", "cp850", "mac_roman", "utf_16"),
)
# what stands in English texts beside ASCII, one byte each in Windows' own encoding
WINDOWS_MARKS = frozenset(
    "\u20ac\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u2026\u2122"  # euro, quotes, dashes, dots
    "\u00a0\u00a1\u00a3\u00a7\u00a9\u00ab\u00ad\u00ae\u00b0\u00b4\u00b7\u00bb\u00bc\u00bd\u00be\u00bf"
)
# names that other tools know, iconv among them
IANA = {f"cp{number}": f"windows-{number}" for number in range(1250, 1259)}


def decode_lines(path: Path, encoding: str = "") -> Iterator[str]:
    r"""Yield the lines of a text file with their line ends, gzipped or not.

    Args:
        encoding: as the task file states it; empty is UTF-8.

    Yields:
        str: line by line, without the byte order mark.

    Raises:
        DataError: the file cannot be read, is no text, or has bytes that the encoding does not
            know; with file and line.
    """
    number = 0
    try:
        with open_unpacked(path) as handle:
            head = handle.peek(4096)[:4096]
            refuse_packed(head, path)
            _check_marks(head, path, encoding)
            if is_utf8(encoding):
                for raw in handle:
                    number += 1
                    yield _decode(raw.removeprefix(BOM) if number == 1 else raw, path, number)
            else:
                text = io.TextIOWrapper(handle, encoding=encoding, newline="\n")
                for line in text:
                    number += 1
                    yield line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeError as error:
        raise DataError(
            f"the bytes are not {encoding}: {_explain(error)}",
            where=f"{path}:{_find_line(path, encoding)}",
            fix="correct data.encoding in the task file, or take the key out if the file is UTF-8",
        ) from error
    except DAMAGES as error:
        raise DataError(
            f"cannot read on: {error}",
            where=f"{path}:{number + 1}",
            fix="the file may be damaged or cut short; copy it again",
        ) from error


def open_unpacked(path: Path) -> io.BufferedReader | gzip.GzipFile:
    """Return a file opened for reading bytes, unpacked where its first bytes are those of gzip.

    Args:
        path: of the file; one that is named ``.gz`` has to be gzipped.

    Raises:
        OSError: it cannot be read.
    """
    plain = path.open("rb")
    if plain.peek(2)[:2] == GZIP or path.suffix.lower() == ".gz":
        plain.close()
        return gzip.GzipFile(path, "rb")
    return plain


def is_utf8(encoding: str) -> bool:
    """Return whether an encoding of the task file is UTF-8, which is what no encoding means."""
    return not encoding or codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def check_encoding(name: str) -> str:
    """Return the name of an encoding that texts can be read with.

    Args:
        name: as a task file spells it.

    Raises:
        ValueError: nobody knows it, or it turns bytes into something else than text.
    """
    fix = "write one such as windows-1252, utf-16 or shift_jis"
    try:
        codec = codecs.lookup(name).name
        "a".encode(codec).decode(codec)
    except (LookupError, ValueError) as error:  # a LookupError too where it is not about text
        msg = f"{quote(name)} is no encoding that is known here: {fix}"
        raise ValueError(msg) from error
    if codec.replace("_", "-") in ("idna", "punycode", "unicode-escape", "raw-unicode-escape"):
        msg = f"{quote(name)} is no encoding of text files: {fix}"
        raise ValueError(msg)
    return name


def _check_marks(head: bytes, path: Path, encoding: str) -> None:
    """Refuse a file whose first bytes say another encoding than the one it would be read in."""
    found = find_utf16(head)
    if found and is_utf8(encoding):
        raise DataError(
            f"the file is {found.upper()}, not UTF-8",
            where=f"{path}:1",
            fix=_offer(found),
        )
    says_utf8 = head.startswith(BOM) and not is_utf8(encoding)
    if says_utf8 or (found and not _is_wide(encoding)):
        raise DataError(
            f"the file begins as {'UTF-8' if says_utf8 else found.upper()} does, "
            f"and data.encoding says {encoding}",
            where=f"{path}:1",
            fix="take the key out" if says_utf8 else _offer(found),
        )


def _is_wide(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def _decode(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        guess = guess_encoding(path)
        named = f"; the file looks like {guess}" if guess else ""
        raise DataError(
            f"byte {raw[error.start]:#04x} is not UTF-8{named}",
            where=f"{path}:{number}",
            fix=_offer(guess or "windows-1252", is_guess=True),
        ) from error


def _offer(encoding: str, *, is_guess: bool = False) -> str:
    check = ", if that is right" if is_guess else ""
    return (
        f"write `encoding: {encoding}` under data: in the task file{check}; a corpus brought along "
        "or a file of annotations has to be saved as UTF-8 "
        f"(iconv -f {encoding.upper()} -t UTF-8 OLD > NEW, in Excel 'CSV UTF-8')"
    )


def guess_encoding(path: Path) -> str:
    """Return the likely encoding of a text file that is not UTF-8; empty where nothing fits.

    Returns:
        A name that Python and iconv know. It is a guess from the lines that are not ASCII: for
        messages, never for reading.
    """
    from charset_normalizer import from_bytes  # noqa: PLC0415 - on the way to an error only

    sample = _sample_lines(path)
    marks = sample.decode("cp1252", errors="replace")
    if all(mark.isascii() or mark in WINDOWS_MARKS for mark in marks):
        return IANA["cp1252"]
    matches = list(from_bytes(sample, cp_isolation=list(GUESSES)))
    if not matches:
        return ""
    best = matches[0]
    for match in matches:  # Windows' own encoding is by far the most frequent of those alike
        if match.encoding == "cp1252" and match.chaos <= best.chaos + 0.06:
            best = match if match.coherence >= best.coherence - 0.05 else best
    if str(best) == marks:
        return IANA["cp1252"]
    return IANA.get(best.encoding, best.encoding.replace("_", "-"))


def _sample_lines(path: Path) -> bytes:
    """Return the lines of a file that are not ASCII: the others say nothing of its encoding."""
    sample = b""
    with suppress(*DAMAGES), open_unpacked(path) as handle:
        for raw in handle:
            sample += b"" if raw.isascii() else raw[:SAMPLE]
            if len(sample) > SAMPLE:
                break
    return sample[:SAMPLE]


def _explain(error: UnicodeError) -> str:
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error)


def _find_line(path: Path, encoding: str) -> int:
    """Return the line (from 1) on which decoding fails."""
    decoder = codecs.getincrementaldecoder(encoding)()
    number = 1
    with suppress(UnicodeError, *DAMAGES), open_unpacked(path) as handle:
        while chunk := handle.read(1 << 16):
            try:
                number += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                good = error.object[: error.start]
                return number + good.decode(encoding, errors="ignore").count("\n")
    return number
