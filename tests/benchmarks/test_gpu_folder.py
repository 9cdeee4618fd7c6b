"""The folder for a machine without a network: made smaller, cut in pieces, put together again."""

from __future__ import annotations

import struct
import sys
import zipfile
from pathlib import Path

import gpu_folder
import gpu_receive
import pytest
from gpu_fatbin import MACHINE_CODE, MAGIC, PTX, blank_other_architectures


def make_container(*entries: tuple[int, int, bytes]) -> bytes:
    body = b""
    for kind, architecture, code in entries:
        header = struct.pack("<HHIQ", kind, 1, 64, len(code)).ljust(28, b"\0")
        body += (header + struct.pack("<I", architecture)).ljust(64, b"\0") + code
    return struct.pack("<4sHHQ", MAGIC, 1, 16, len(body)) + body


def test_code_of_other_gpus_is_blanked_and_nothing_moves() -> None:
    full = make_container((MACHINE_CODE, 80, b"old"), (MACHINE_CODE, 90, b"own"), (PTX, 80, b"ptx"))
    only_ptx = make_container((MACHINE_CODE, 100, b"new"), (PTX, 80, b"kept"))
    library = bytearray(b"ELF" + full + MAGIC + b"no container" + only_ptx + b"end")
    before = bytes(library)
    assert blank_other_architectures(library, 90) == len(b"old" + b"ptx" + b"new")
    assert len(library) == len(before)
    for gone in (b"old", b"ptx", b"new"):
        assert gone not in library
    for kept in (b"ELF", b"own", b"kept", b"no container", b"end"):
        assert kept in library


def test_a_wheels_files_go_where_an_installation_puts_them() -> None:
    assert gpu_folder.place_file("vllm/envs.py") == "vllm/envs.py"
    assert gpu_folder.place_file("a-1.data/purelib/a/b.py") == "a/b.py"
    assert gpu_folder.place_file("a-1.data/scripts/a") is None
    assert gpu_folder.place_file("vllm/third_party/deep_gemm/x.py") is None
    assert gpu_folder.place_file("vllm/vllm-rs") is None
    assert gpu_folder.place_file("pydantic/__init__.py") == "pydantic/__init__.py"


@pytest.fixture
def pieces(tmp_path: Path) -> list[Path]:
    wheel = tmp_path / "made-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("made/__init__.py", "VALUE = 7\n")
        archive.writestr("made-1.0.dist-info/METADATA", "Name: made\nVersion: 1.0\n")
    archive_bytes = gpu_folder.pack_wheels([wheel])
    gpu_folder.write_pieces(archive_bytes, tmp_path / "folder", len(archive_bytes) // 3 + 1)
    return sorted((tmp_path / "folder").iterdir())


def receive(monkeypatch: pytest.MonkeyPatch, target: Path, *folders: Path) -> int:
    monkeypatch.setattr(sys, "argv", ["receive", "--to", str(target), *map(str, folders)])
    return gpu_receive.main()


def test_pieces_may_come_one_by_one_in_any_order(
    pieces: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(pieces) == 3
    target = tmp_path / "site"
    assert receive(monkeypatch, target, pieces[2]) == gpu_receive.MISSING
    assert receive(monkeypatch, target, pieces[0]) == gpu_receive.MISSING
    assert receive(monkeypatch, target, pieces[1]) == 0
    assert (target / "made" / "__init__.py").read_text() == "VALUE = 7\n"
    assert (target / "made-1.0.dist-info" / "METADATA").is_file()
    assert (pieces[0] / "gpu_receive.py").is_file()


def test_a_damaged_piece_is_refused(
    pieces: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pieces[1] / "piece").write_bytes(b"damaged")
    with pytest.raises(SystemExit, match="piece 1 was damaged"):
        receive(monkeypatch, tmp_path / "site", *pieces)
