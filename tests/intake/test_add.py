from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from synth_local.cli.main import main
from synth_local.commands.intake.add import suggest_name
from synth_local.engines.hf import from_gguf
from synth_local.models import check_model, load_card, read_own_card
from tests.engines.made_models import save_llama
from tests.intake.made_files import make_gguf

pytestmark = pytest.mark.slow
hf: Any = transformers  # its classes are untyped


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_llama(tmp_path_factory.mktemp("carried") / "Made-Llama")


@pytest.fixture
def carried(llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(llama, tmp_path / "usb" / "Made-Llama"))


def test_a_folder_becomes_a_model_under_a_name_that_can_be_one(
    carried: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (carried / "README.md").write_text("---\nlicense: mit\nlanguage: en\n---\n# Theirs\n")
    (carried / "modeling_made.py").write_text("raise SystemExit")
    (carried / "pytorch_model.bin").write_bytes(b"pickle")
    assert main(["models", "add", str(carried)]) == 0
    folder = Path("models/made-llama")
    names = {path.name for path in folder.iterdir()}
    assert {"model.safetensors", "config.json", "README.publisher.md"} <= names
    assert not {"modeling_made.py", "pytorch_model.bin"} & names
    card = load_card("made-llama", folder)
    assert (card.license, card.role, card.architecture) == ("mit", "generator", "LlamaForCausalLM")
    assert card.context_length == 256
    assert card.weight_bytes == (folder / "model.safetensors").stat().st_size
    assert check_model(folder) == []
    assert [path.name for path in Path("models").iterdir()] == ["made-llama"]
    assert str(folder.absolute()) in capsys.readouterr().out


def test_without_a_stated_licence_the_card_says_unknown(carried: Path) -> None:
    assert main(["models", "add", str(carried), "--name", "x", "--out", "store"]) == 0
    assert load_card("x", Path("store/x")).license == "unknown"
    assert "license:" not in Path("store/x/README.md").read_text()


def test_a_publishers_card_that_would_fill_the_memory_is_left_out(carried: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    head = "\n".join([*lines, "license: *a11", "language: *a11", "base_model: org/base"])
    (carried / "README.md").write_text(f"---\n{head}\n---\n# Bomb\n")
    assert main(["models", "add", str(carried), "--name", "x"]) == 0
    card = Path("models/x/README.md").read_text()
    assert load_card("x", Path("models/x")).license == "unknown"
    assert "base_model: org/base" in card
    assert len(card) < 2000


def test_one_changed_byte_is_found_later(carried: Path) -> None:
    assert main(["models", "add", str(carried), "--name", "x"]) == 0
    weights = Path("models/x/model.safetensors")
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    assert "or modified" in " ".join(check_model(Path("models/x")))
    assert main(["models", "check", "x"]) == 1


def test_links_leave_the_carried_folder_as_it_is(carried: Path) -> None:
    before = sorted(path.name for path in carried.iterdir())
    (carried / "README.md").write_text("---\nlicense: mit\n---\n")
    assert main(["models", "add", str(carried), "--link", "--name", "x"]) == 0
    folder = Path("models/x")
    assert (folder / "model.safetensors").readlink() == carried / "model.safetensors"
    assert not (folder / "README.md").is_symlink()
    assert sorted(path.name for path in carried.iterdir()) == sorted([*before, "README.md"])
    assert (carried / "README.md").read_text() == "---\nlicense: mit\n---\n"
    assert check_model(folder) == []


def test_a_hubs_cache_is_copied_with_what_its_links_lead_to(carried: Path, tmp_path: Path) -> None:
    blobs = tmp_path / "hub/models--Org--Made/blobs"
    snapshot = tmp_path / "hub/models--Org--Made/snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    shutil.copytree(carried, blobs)
    for path in blobs.iterdir():
        (snapshot / path.name).symlink_to(path)
    assert main(["models", "add", str(snapshot)]) == 0
    assert not (tmp_path / "models/made/model.safetensors").is_symlink()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Qwen2.5-7B-Instruct", "qwen2.5-7b-instruct"),
        ("dir/SmolLM2 (135M).Q4_1.gguf", "smollm2-135m-.q4_1"),
        ("hub/models--Org--Some-Model/snapshots/0123", "some-model"),
    ],
)
def test_names_are_made_from_paths(path: str, name: str) -> None:
    assert suggest_name(Path(path)) == name


def poison(folder: Path, name: str, **values: object) -> None:
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def ask_for_code(folder: Path) -> None:
    poison(folder, "config.json", auto_map={"AutoModel": "modeling_evil.Evil"})
    (folder / "modeling_evil.py").write_text("import os; os.system('touch evil')")


def ask_for_code_in_tokenizer(folder: Path) -> None:
    poison(folder, "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil--evil.T", None]})


def leave_pickles(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def lead_outside(folder: Path) -> None:
    index = {"weight_map": {"model.embed_tokens.weight": "../../evil.safetensors"}}
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def nest_deeply(folder: Path) -> None:
    (folder / "config.json").write_text('{"a":' * 100_000)


def claim_another_size(folder: Path) -> None:
    poison(folder, "config.json", num_hidden_layers=40)


def cut_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (ask_for_code, "auto_map"),
        (ask_for_code_in_tokenizer, "auto_map"),
        (leave_pickles, "pickled"),
        (lead_outside, "no file of this folder"),
        (nest_deeply, "config.json cannot be read"),
        (claim_another_size, "layer"),
        (cut_weights, "instead of"),
    ],
)
def test_a_hostile_folder_is_refused_and_nothing_is_left(
    carried: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], said: str
) -> None:
    spoil(carried)
    assert main(["models", "add", str(carried), "--name", "x"]) == 4
    error = capsys.readouterr().err
    assert said in error
    assert "fix:" in error
    assert not Path("models").exists() or not list(Path("models").iterdir())
    assert not Path("evil").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "is not there"),
        (["file.txt"], "is no GGUF file"),
        (["{carried}", "--name", "A B"], "cannot be a model's name"),
        (["{carried}", "--name", "tfidf-logreg"], "built-in"),
        (["{carried}", "--name", "taken"], "something else stands"),
        (["made.gguf", "--link"], "cannot be linked"),
    ],
)
def test_wrong_use_ends_with_2(
    carried: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    Path("file.txt").write_text("hello")
    Path("made.gguf").write_bytes(b"GGUF")
    Path("models/taken").mkdir(parents=True)
    given = [argument.replace("{carried}", str(carried)) for argument in arguments]
    assert main(["models", "add", *given]) == 2
    assert said in capsys.readouterr().err


@pytest.fixture(scope="module")
def gguf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_gguf(tmp_path_factory.mktemp("gguf") / "Made.Q8_0.gguf")


def test_a_gguf_file_becomes_a_folder_that_says_what_it_was_made_from(
    gguf_file: Path, tmp_path: Path
) -> None:
    blob = tmp_path / "sha256-0123"  # as Ollama keeps them: no suffix
    shutil.copyfile(gguf_file, blob)
    assert main(["models", "add", str(blob), "--name", "made"]) == 0
    folder = Path("models/made")
    assert check_model(folder) == []
    assert "quantization_config" not in json.loads((folder / "config.json").read_text())
    card = read_own_card(folder)
    assert card is not None
    assert (card.license, card.context_length, card.role) == ("apache-2.0", 128, "generator")
    body = (folder / "README.md").read_text()
    assert "quantised as Q8_0" in body
    assert "<b>" not in body
    assert "](http" not in body
    assert (folder / "model.safetensors").stat().st_mode & 0o044


def test_dequantised_weights_are_those_that_transformers_computes(gguf_file: Path) -> None:
    assert main(["models", "add", str(gguf_file), "--name", "made"]) == 0
    there = hf.AutoModelForCausalLM.from_pretrained("models/made")
    direct = hf.AutoModelForCausalLM.from_pretrained(
        gguf_file.parent, gguf_file=gguf_file.name, dtype=torch.float32
    )
    tokenizer = hf.AutoTokenizer.from_pretrained("models/made")
    ids = tokenizer("The film was long and the music was wonderful.", return_tensors="pt")
    with torch.no_grad():
        assert torch.equal(there(**ids).logits, direct(**ids).logits)
    assert tokenizer.model_max_length == 128
    assert tokenizer.chat_template
    assert len(tokenizer) == there.get_input_embeddings().weight.shape[0]


def test_a_gguf_file_cut_short_is_refused(
    gguf_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(gguf_file.read_bytes()[:-500])
    assert main(["models", "add", str(cut)]) == 4
    assert "cut short" in capsys.readouterr().err
    assert not list(Path("models").iterdir())


def test_a_gguf_file_with_values_that_are_no_numbers_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_gguf(tmp_path / "bad.gguf", bad_value=True)
    assert main(["models", "add", str(path)]) == 4
    assert "no numbers" in capsys.readouterr().err


def test_without_the_package_the_error_names_it(
    gguf_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(from_gguf, "find_spec", lambda _name: None)
    assert main(["models", "add", str(gguf_file), "--name", "made"]) == 4
    assert "pip install gguf" in capsys.readouterr().err
