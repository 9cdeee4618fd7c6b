from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.errors import ConfigError, MachineError
from synth_local.models import (
    check_model,
    digest_model,
    find_model,
    has_weights,
    list_models,
    require_weights,
    write_card,
)
from synth_local.models.check import check_safetensors


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNTH_LOCAL_MODELS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def safetensors(values: bytes = b"\0\0\0\0") -> bytes:
    header = {
        "__metadata__": {"format": "pt"},
        "w": {"dtype": "U8", "shape": [len(values)], "data_offsets": [0, len(values)]},
    }
    spelled = json.dumps(header).encode()
    return len(spelled).to_bytes(8, "little") + spelled + values


def make_model(folder: Path, **files: str | bytes) -> Path:
    """Write a whole model; keyword ``a__b`` stands for the file ``a.b``, empty text for no file."""
    contents: dict[str, str | bytes] = {
        "config.json": '{"architectures": ["LlamaForCausalLM"]}',
        "model.safetensors": safetensors(),
        "tokenizer.json": "{}",
        "tokenizer_config.json": '{"chat_template": "hello"}',
    }
    contents |= {name.replace("__", "."): content for name, content in files.items()}
    folder.mkdir(parents=True)
    for name, content in contents.items():
        if content:
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)
    return folder


def test_models_are_found_in_the_promised_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = tmp_path / "elsewhere"
    places = [variable, tmp_path / "data/synth-local/models", tmp_path / "extra"]
    for place in (*places, tmp_path / "models"):
        make_model(place / "x")
    assert find_model("x", extra=tmp_path / "extra") == tmp_path / "models/x"
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(variable))
    for place in places:
        assert find_model("x", extra=tmp_path / "extra") == place / "x"
        shutil.rmtree(place)
    with pytest.raises(MachineError) as caught:
        find_model("x", extra=tmp_path / "extra")
    assert caught.value.exit_code == 4
    assert all(str(place / "x") in caught.value.fix for place in places)
    assert "models tiny" in caught.value.fix


def test_a_missing_model_offers_what_may_be_meant(tmp_path: Path) -> None:
    make_model(tmp_path / "models/Qwen3-8B")
    with pytest.raises(MachineError, match=r"rename .*Qwen3-8B to qwen3-8b"):
        find_model("qwen3-8b")
    make_model(tmp_path / "models/tiny-sms")
    with pytest.raises(MachineError, match="did you mean 'tiny-sms'"):
        find_model("tiny-smss")


@pytest.mark.parametrize("name", ["../x", "a/b", "X", "", ".hidden", "scratch-bert"])
def test_a_name_that_cannot_be_a_folder_is_a_configuration_error(name: str) -> None:
    with pytest.raises(ConfigError):
        find_model(name)


def test_without_a_home_directory_the_other_places_are_looked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setattr(Path, "home", refuse)
    make_model(tmp_path / "models/x")
    assert find_model("x") == tmp_path / "models/x"


INDEX = json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param({"model__safetensors": ""}, "no weights", id="nothing"),
        pytest.param({"config__json": ""}, "no config.json", id="no config"),
        pytest.param({"config__json": "{"}, "cannot be read", id="broken config"),
        pytest.param({"config__json": "[]"}, "describes no model", id="config of nothing"),
        pytest.param(
            {"model__safetensors": "", "pytorch_model__bin": b"x"}, "pickled", id="pickle"
        ),
        pytest.param({"model__safetensors": "", "m__gguf": b"x"}, "not served", id="gguf"),
        pytest.param(
            {"model__safetensors__index__json": INDEX, "model-1__safetensors": safetensors()},
            "1 of the weights' shards missing: model-2.safetensors", id="a shard is missing",
        ),
        pytest.param({"model__safetensors__index__json": "{}"}, "index", id="broken index"),
        pytest.param({"model__safetensors": POINTER}, "Git LFS pointer", id="pointer"),
    ],
)  # fmt: skip
def test_a_folder_without_usable_weights_is_refused(
    tmp_path: Path, files: dict[str, str | bytes], said: str
) -> None:
    folder = make_model(tmp_path / "x", **files)
    with pytest.raises(MachineError, match=said) as caught:
        require_weights(folder)
    assert caught.value.fix
    assert not has_weights(folder)
    assert any(said in problem for problem in check_model(folder))
    with pytest.raises(MachineError):
        digest_model(folder)


def test_the_fake_needs_no_weights(tmp_path: Path) -> None:
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake/config.json").write_text('{"model_type": "synth-local-fake"}')
    assert has_weights(tmp_path / "fake")
    assert check_model(tmp_path / "fake") == []
    assert digest_model(tmp_path / "fake").template == ""


def test_a_whole_folder_has_no_problem(tmp_path: Path) -> None:
    assert check_model(make_model(tmp_path / "x")) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"tokenizer__json": ""}, "no tokenizer"),
        ({"modeling_x__py": "import os"}, "modeling_x.py is code"),
        ({"config__json": '{"auto_map": {"AutoModel": "m.X"}}'}, "auto_map"),
        ({"tokenizer_config__json": "{"}, "tokenizer_config.json cannot be read"),
        ({"model__safetensors": safetensors()[:-1]}, "bytes instead of"),
        ({"model__safetensors": safetensors() + b"x"}, "bytes instead of"),
        ({"README__md": "---\nsynth_local:\n  rolle: x\n---\n"}, "card at"),
    ],
)
def test_everything_wrong_with_a_folder_is_listed(
    tmp_path: Path, files: dict[str, str | bytes], said: str
) -> None:
    problems = check_model(make_model(tmp_path / "x", **files))
    assert len(problems) == 1
    assert said in problems[0]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_check_of_weights(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("w") / "model.safetensors"
    path.write_bytes(data)
    assert check_safetensors(path)
    path.write_bytes(len(data).to_bytes(8, "little") + data)
    check_safetensors(path)


@given(st.binary(max_size=64), st.integers(0, 63))
def test_cut_weights_are_noticed(
    tmp_path_factory: pytest.TempPathFactory, values: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("w") / "model.safetensors"
    path.write_bytes(safetensors(values))
    assert check_safetensors(path) == ""
    path.write_bytes(safetensors(values)[: -1 - cut])
    assert check_safetensors(path)


def test_a_card_fixes_the_version_by_its_digest(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "x")
    total = digest_model(folder).total
    write_card(folder / "README.md", {"synth_local": {"digest": total}}, "body")
    assert check_model(folder) == []
    (folder / "model.safetensors").write_bytes(safetensors(b"\0\0\0\1"))
    assert "another version, or modified" in check_model(folder)[0]


def test_a_digest_is_of_content_not_of_name_or_card(tmp_path: Path) -> None:
    digest = digest_model(make_model(tmp_path / "x"))
    shutil.copytree(tmp_path / "x", tmp_path / "other")
    (tmp_path / "other/README.md").write_text("words")
    assert digest_model(tmp_path / "other") == digest


@pytest.mark.parametrize(
    ("name", "content", "changed"),
    [
        ("model.safetensors", safetensors(b"\0\0\0\1"), {"weights"}),
        ("config.json", b'{"architectures": ["X"]}', {"weights"}),
        ("generation_config.json", b'{"eos_token_id": 3}', {"weights"}),
        ("tokenizer.json", b"[]", {"tokenizer"}),
        ("vocab.txt", b"a", {"tokenizer"}),
        ("chat_template.jinja", b"bye", {"template"}),
        ("tokenizer_config.json", b'{"chat_template": "bye"}', {"tokenizer", "template"}),
    ],
)
def test_each_file_changes_its_own_digest(
    tmp_path: Path, name: str, content: bytes, changed: set[str]
) -> None:
    folder = make_model(tmp_path / "x")
    before = digest_model(folder)
    (folder / name).write_bytes(content)
    after = digest_model(folder)
    parts = ("weights", "tokenizer", "template", "total")
    different = {part for part in parts if getattr(before, part) != getattr(after, part)}
    assert different == changed | {"total"}


def test_the_cache_saves_reading_and_notices_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, cache = make_model(tmp_path / "x"), tmp_path / "digests.json"
    first = digest_model(folder, cache)
    with monkeypatch.context() as patch:
        patch.setattr("synth_local.models.digest.digest_file", lambda _: pytest.fail("was read"))
        assert digest_model(folder, cache) == first
    (folder / "model.safetensors").write_bytes(safetensors(b"\0\0\0\1"))
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert digest_model(folder, cache) == digest_model(folder) != first


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}'])
def test_a_broken_cache_is_an_empty_one(tmp_path: Path, content: str) -> None:
    folder, cache = make_model(tmp_path / "x"), tmp_path / "digests.json"
    cache.write_text(content)
    assert digest_model(folder, cache) == digest_model(folder)
    assert len(json.loads(cache.read_text())) >= 4


def test_every_card_and_every_folder_is_listed(tmp_path: Path) -> None:
    make_model(tmp_path / "models/qwen3-8b")
    make_model(tmp_path / "models/own", model__safetensors="")
    make_model(tmp_path / "models/bad", README__md="---\nsynth_local:\n  rolle: x\n---\n")
    write_card(Path("model_cards/mine.md"), {"synth_local": {"role": "embedder"}}, "body")
    found = {model.name: model for model in list_models()}
    assert found["qwen3-8b"].problem == ""
    assert found["qwen3-8b"].folder == tmp_path / "models/qwen3-8b"
    assert found["gemma-2-9b-it"].problem == "no folder"
    assert (found["mine"].role, found["mine"].folder) == ("embedder", None)
    assert "no weights" in found["own"].problem
    assert "card is wrong" in found["bad"].problem
    assert (found["bad"].role, found["bad"].license) == ("", "")
    assert found["scratch-bert"].problem == found["tfidf-logreg"].problem == ""
