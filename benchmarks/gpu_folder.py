"""Prepare all that ``gpu.py`` needs beside PyTorch, for a GPU machine without a network.

Run it where packages can be fetched. It fetches the wheels of ``gpu_packages.txt`` for Python 3.12
on x86-64 Linux, leaves out what one kind of GPU never runs, and writes one compressed archive in
pieces for a machine that takes files in pieces of limited size:

    python benchmarks/gpu_folder.py prepare --out .gpu --piece-mib 55

There, from the repository's root, once all pieces lie under ``.gpu`` (or after each that came):

    python3 .gpu/p0/gpu_receive.py --to /tmp/gpu-site .gpu/p*
    PYTHONPATH=/tmp/gpu-site:$PWD python3 benchmarks/gpu.py --minutes 12 --out /tmp/gpu-results
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import lzma
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gpu_fatbin import blank_other_architectures

HERE = Path(__file__).parent
PLATFORMS = ("1_x86_64", "2014_x86_64", *(f"_2_{n}_x86_64" for n in (17, 24, 26, 27, 28, 31, 34)))
ARCHITECTURE = 90
# what a dense model on an H100 with FlashAttention 3 never needs; vLLM goes on without each
LEFT_OUT = (
    "vllm/vllm-rs",
    "vllm/vllm_flash_attn/_vllm_fa2_C.abi3.so",
    "vllm/_moe_C_stable_libtorch.abi3.so",
    "vllm/_flashmla_C.abi3.so",
    "vllm/_flashmla_extension_C.abi3.so",
    "vllm/third_party/deep_gemm",
    "vllm/third_party/fmha_sm100",
    "vllm/entrypoints/serve/instrumentator/static",
    "mistral_common/data",
)


def main() -> int:
    """Make the folder and say what lies in it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["prepare"])
    parser.add_argument("--out", type=Path, default=Path(".gpu"))
    parser.add_argument("--piece-mib", type=int, default=55)
    parser.add_argument("--packages", type=Path, default=HERE / "gpu_packages.txt")
    parser.add_argument("--wheels", type=Path, help="folder of wheels fetched before; kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        wheels = arguments.wheels or Path(scratch)
        fetch_wheels(arguments.packages, wheels)
        archive = pack_wheels(sorted(wheels.glob("*.whl")))
    sizes = write_pieces(archive, arguments.out, arguments.piece_mib * 2**20)
    print(f"{arguments.out}: {len(sizes)} pieces, {[round(s / 2**20, 1) for s in sizes]} MiB")
    return 0


def fetch_wheels(packages: Path, folder: Path) -> None:
    """Fetch the wheels named for the GPU machine's Python, without their dependencies."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary"]
    command += [":all:", "--python-version", "3.12", "--implementation", "cp"]
    for platform in PLATFORMS:
        command += ["--platform", f"manylinux{platform}"]
    command += ["--find-links", str(folder), "--dest", str(folder), "--requirement", str(packages)]
    subprocess.run(command, check=True)


def pack_wheels(wheels: list[Path]) -> bytes:
    """Return one ``tar.xz`` of what the wheels install, less what is left out."""
    buffer = io.BytesIO()
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 64 * 2**20}]
    with (
        lzma.open(buffer, "wb", filters=filters) as compressed,
        tarfile.open(fileobj=compressed, mode="w|") as tar,
    ):
        for wheel in wheels:
            print(f"packing {wheel.name}", flush=True)
            for name, data in read_wheel(wheel):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o644
                tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def read_wheel(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Yield where each file of a wheel goes, and its bytes."""
    with zipfile.ZipFile(wheel) as archive:
        for info in sorted(archive.infolist(), key=lambda one: one.filename):
            name = place_file(info.filename)
            if name is None or info.is_dir():
                continue
            data = archive.read(info)
            if name.endswith(".so"):
                library = bytearray(data)
                blank_other_architectures(library, ARCHITECTURE)
                data = bytes(library)
            yield name, data


def place_file(name: str) -> str | None:
    """Return where a wheel's file goes below the target folder; ``None`` where it is left out."""
    first, _, rest = name.partition("/")
    if first.endswith(".data"):
        kind, _, inner = rest.partition("/")
        return inner if kind in ("purelib", "platlib") else None
    path = PurePosixPath(name)
    if any(path == PurePosixPath(one) or PurePosixPath(one) in path.parents for one in LEFT_OUT):
        return None
    return None if "tests" in path.parts or path.suffix in (".hpp", ".cuh") else name


def write_pieces(archive: bytes, folder: Path, size: int) -> list[int]:
    """Write the archive in pieces, each with what receives it; return their sizes."""
    if folder.exists():
        shutil.rmtree(folder)
    pieces = [archive[start : start + size] for start in range(0, len(archive), size)]
    digests = [hashlib.sha256(piece).hexdigest() for piece in pieces]
    for number, piece in enumerate(pieces):
        place = folder / f"p{number}"
        place.mkdir(parents=True)
        (place / "piece").write_bytes(piece)
        manifest = json.dumps({"number": number, "pieces": digests})
        (place / "manifest.json").write_text(manifest, encoding="utf-8")
        shutil.copyfile(HERE / "gpu_receive.py", place / "gpu_receive.py")
    return [len(piece) for piece in pieces]


if __name__ == "__main__":
    sys.exit(main())
