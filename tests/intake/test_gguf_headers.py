from __future__ import annotations

import struct
from pathlib import Path

import pytest

from synth_local.errors import BrokenModelError
from synth_local.models import is_gguf, read_gguf
from tests.intake.made_files import make_gguf


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_gguf(tmp_path_factory.mktemp("gguf") / "made.gguf")


def test_a_header_says_what_the_writer_put_in(whole: Path) -> None:
    header = read_gguf(whole)
    assert is_gguf(whole)
    assert header.architecture == "llama"
    assert header.text("general.license") == "apache-2.0"
    assert header.metadata["llama.context_length"] == 128
    assert header.main_type == "Q8_0"
    assert header.num_by_type == {"Q8_0": 16, "F32": 5}
    assert header.num_parameters > 50_000


def test_no_cut_is_missed_and_none_ends_otherwise(whole: Path, tmp_path: Path) -> None:
    content = whole.read_bytes()
    cut = tmp_path / "cut.gguf"
    lengths = [4, 8, 20, *range(24, 3000, 97), len(content) // 2, len(content) - 1]
    for length in lengths:
        cut.write_bytes(content[:length])
        with pytest.raises(BrokenModelError, match=r"cut short|claims|no GGUF"):
            read_gguf(cut)


def spell(num_tensors: int, num_keys: int, *rest: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, num_tensors, num_keys) + b"".join(rest)


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\3\4" + bytes(100), "no GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
        (spell(2**62, 0), "claims to hold"),
        (spell(0, 2**62), "claims to hold"),
        (spell(0, 0), "holds no tensors"),
        (spell(1, 1, struct.pack("<Q", 2**60)), "a text of"),
        (spell(1, 1, text(b"k"), struct.pack("<I", 99)), "unknown type 99"),
        # a list that the package gguf would walk through for ever
        (spell(1, 1, text(b"k"), struct.pack("<IIQ", 9, 0, 2**60)), "cut short"),
        (spell(1, 1, text(b"k"), struct.pack("<IIQ", 9, 8, 2**60)), "cut short"),
        (spell(1, 1, text(b"k"), struct.pack("<IIQ", 9, 9, 2**60)), "list of the unknown type"),
        (spell(1, 0, text(b"t"), struct.pack("<I", 2**31)), "stated wrongly"),
        (
            spell(1, 0, text(b"t"), struct.pack("<IQQIQ", 2, 2**40, 2**40, 0, 0), bytes(64)),
            "cut short",
        ),
        (
            spell(
                *(1, 1, text(b"general.alignment"), struct.pack("<II", 4, 0)),
                *(text(b"t"), struct.pack("<IQIQ", 1, 1, 0, 0), bytes(64)),
            ),
            "alignment",
        ),
    ],
)
def test_a_made_header_is_refused_at_once(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "made.gguf"
    path.write_bytes(content)
    with pytest.raises(BrokenModelError, match=said):
        read_gguf(path)


def test_one_part_of_several_says_how_to_join_them(tmp_path: Path) -> None:
    path = tmp_path / "part.gguf"
    count = struct.pack("<IH", 2, 3)
    path.write_bytes(
        spell(1, 1, text(b"split.count"), count, text(b"t"), struct.pack("<IQIQ", 1, 1, 0, 0))
        + bytes(64)
    )
    with pytest.raises(BrokenModelError, match="one of 3 parts") as caught:
        read_gguf(path)
    assert "llama-gguf-split --merge" in caught.value.fix
