"""Put together on the other machine what ``gpu_folder.py`` prepared, one piece per call.

Needs nothing beside Python. Each piece's folder holds a copy of this file, the piece and a
``manifest.json``. Pieces may come in any order, all at once or one by one:

    python3 .gpu/p0/gpu_receive.py --to /tmp/gpu-site .gpu/p*

After the last piece the archive is checked, unpacked into the folder named and compiled. Call it
with the pieces that are there; it says what is missing and ends with 3 until all are there.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import json
import shutil
import sys
import tarfile
import time
from pathlib import Path

MISSING = 3


def main() -> int:
    """Keep the pieces named, and unpack when all are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pieces", type=Path, nargs="+", help="folders of pieces")
    parser.add_argument("--to", type=Path, required=True, help="folder for PYTHONPATH")
    arguments = parser.parse_args()
    start = time.perf_counter()
    waiting = arguments.to.with_name(f"{arguments.to.name}.pieces")
    waiting.mkdir(parents=True, exist_ok=True)
    digests: list[str] = []
    for folder in arguments.pieces:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        digests = manifest["pieces"]
        shutil.copyfile(folder / "piece", waiting / str(manifest["number"]))
    missing = [str(n) for n in range(len(digests)) if not (waiting / str(n)).is_file()]
    if missing:
        print(f"received; still missing: piece {', '.join(missing)} of {len(digests)}")
        return MISSING
    archive = waiting / "archive"
    join_pieces(waiting, digests, archive)
    with tarfile.open(archive) as tar:
        tar.extractall(arguments.to, filter="data")
    shutil.rmtree(waiting)
    compileall.compile_dir(str(arguments.to), quiet=2, workers=0)
    print(f"unpacked into {arguments.to} in {time.perf_counter() - start:.1f} s")
    return 0


def join_pieces(folder: Path, digests: list[str], archive: Path) -> None:
    """Write the archive, and stop where a piece is not what was sent."""
    with archive.open("wb") as whole:
        for number, digest in enumerate(digests):
            piece = (folder / str(number)).read_bytes()
            if hashlib.sha256(piece).hexdigest() != digest:
                raise SystemExit(f"piece {number} was damaged on its way: send it again")
            whole.write(piece)


if __name__ == "__main__":
    sys.exit(main())
