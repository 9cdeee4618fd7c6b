"""Broken folders of models: every door refuses them alike, before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synth_local.cli.main import main
from synth_local.config import GenerateConfig
from synth_local.engines.choose import open_engine
from synth_local.errors import ConfigError, MachineError
from synth_local.models import Card
from synth_local.train.cell import prepare_student
from synth_local.train.students import StudentRef
from tests.engines import broken_models as broken
from tests.pipeline.conftest import make_small_run
from tests.train.made_students import QUICK, make_data, make_encoder

Break = Callable[[Path], None]
BREAKS: dict[str, tuple[Break, tuple[str, ...]]] = {
    "one weight of one layer": (broken.lose("2.mlp.up_proj"), ("2.mlp.up_proj.weight", "lack")),
    "one weight of every layer": (broken.lose("q_proj"), ("q_proj", "lack")),
    "the last norm": (broken.lose("model.norm"), ("norm.weight", "lack")),
    "the embedding": (broken.lose("embed_tokens"), ("embed_tokens.weight", "lack")),
    "a whole layer": (broken.lose("layers.1."), ("layer 1", "4 layers")),
    "the last layers": (broken.lose("layers.2.", "layers.3."), ("layer 2", "2 of the 4")),
    "fewer layers in the configuration": (
        broken.configure(num_hidden_layers=2), ("more layers", "layers.2."),
    ),
    "another width": (broken.configure(intermediate_size=96), ("another shape", "mlp")),
    "broken config.json": (broken.write("config.json", b"{"), ("config.json",)),
    "broken generation_config.json": (
        broken.write("generation_config.json", b"<html>"), ("generation_config.json",),
    ),
    "a list as generation_config.json": (
        broken.write("generation_config.json", b"[]"), ("generation_config.json", "list"),
    ),
    "broken tokenizer_config.json": (
        broken.write("tokenizer_config.json", b'{"a": '), ("tokenizer_config.json",),
    ),
    "broken tokenizer.json": (broken.write("tokenizer.json", b""), ("tokenizer.json",)),
    "broken special_tokens_map.json": (
        broken.write("special_tokens_map.json", b"\xff"), ("special_tokens_map.json",),
    ),
    "parts without an index": (broken.lose_index, ("one of 2 parts", broken.INDEX)),
    "an index of other files": (broken.misplace, (broken.INDEX, "does not")),
    "an index that leaves a tensor out": (broken.forget, (broken.INDEX, "does not name")),
    "an index that leads out of the folder": (broken.point_outside, (broken.INDEX, "elsewhere")),
    "a missing shard": (broken.lose_shard, ("1 of the weights' shards missing",)),
    "weights behind a dead link": (broken.hang(broken.WEIGHTS), ("is a link to", "cp -rL")),
    "a tokenizer behind a dead link": (broken.hang("tokenizer.json"), ("is a link to", "cp -rL")),
    "settings behind a dead link": (broken.hang("config.json"), ("is a link to", "cp -rL")),
    "an adapter": (broken.adapt, ("adapter of org/base-7b", "merge_and_unload")),
    "an adapter with its base's settings": (
        broken.adapt_beside, ("adapter of org/base-7b", "merge_and_unload"),
    ),
    "an adapter without its settings": (broken.lose_adapter_config, ("adapter of", "merge")),
    "cut weights": (broken.cut, (broken.WEIGHTS, "copy the file again")),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), ("no tokenizer",)),
    "more tokens than rows": (broken.add_tokens, ("3 tokens more", "[new0]")),
    "a quantisation without its groups": (
        broken.quantise({"quant_method": "compressed-tensors"}), ("config_groups",),
    ),
    "a quantisation without a method": (broken.quantise({"bits": 4}), ("quant_method",)),
    "a quantisation that is no section": (broken.quantise("awq"), ("quantization_config",)),
    "an unheard-of kind": (broken.configure(model_type="unheard-of"), ("unheard-of",)),
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)


def refuse_at_doors(folder: Path) -> dict[str, str]:
    """Return what each door says; every door has to refuse with exit code 4."""
    said: dict[str, str] = {}
    card, settings = Card(name=folder.name), GenerateConfig()
    doors: dict[str, Callable[[], Any]] = {
        "transformers": lambda: open_engine("transformers", folder, card, settings, "float32"),
        "vllm": lambda: open_engine("vllm", folder, card, settings, "float32"),
        "training": lambda: prepare_student(StudentRef(folder.name, folder), make_data(), QUICK),
    }
    for name, knock in doors.items():
        with pytest.raises(MachineError) as caught:
            knock()
        assert caught.value.exit_code == 4
        assert caught.value.fix
        said[name] = str(caught.value)
    return said


@pytest.mark.parametrize("kind", BREAKS)
def test_a_broken_folder_is_refused_alike_by_engines_training_check_and_plan(
    kind: str, tmp_path: Path, llama_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, words = BREAKS[kind]
    small = make_small_run(tmp_path)
    folder = broken.copy_model(llama_folder, tmp_path / "models" / "mine")
    change(folder)
    said = {} if kind == "an unheard-of kind" else refuse_at_doors(folder)
    small.change(generators=["mine"], engine="transformers")
    for arguments, code in ((["plan", "run.yaml"], 4), (["run", "run.yaml", "--out", "out"], 4)):
        assert main(arguments) == code
        said[arguments[0]] = capsys.readouterr().err
    is_known = kind != "an unheard-of kind"
    assert main(["models", "check", "mine"]) == (1 if is_known else 0)
    said["check"] = capsys.readouterr().out
    assert "is a bug" not in str(said)
    assert not (small.out / "corpora").exists()
    for door, text in said.items():
        for word in words:
            assert word in text, (door, text)


def test_a_generator_without_its_head_is_refused_and_may_still_be_a_student(
    tmp_path: Path, llama_folder: Path
) -> None:
    folder = broken.copy_model(llama_folder, tmp_path / "headless")
    broken.lose("lm_head")(folder)
    for engine in ("transformers", "vllm"):
        with pytest.raises(MachineError, match="lm_head"):
            open_engine(engine, folder, Card(name="x"), GenerateConfig(), "float32")
    prepare_student(StudentRef("headless", folder), make_data(), QUICK)


def share_embedding(folder: Path) -> None:
    broken.lose("lm_head")(folder)
    broken.configure(tie_word_embeddings=True)(folder)


def add_surplus(folder: Path) -> None:
    import torch  # noqa: PLC0415

    broken.change_weights(folder, lambda held: {**held, "extra.weight": torch.zeros(3)})


def name_pictures(folder: Path) -> None:
    """Add a mark of pictures without a row, as text models of such families come."""
    broken.add_tokens(folder)
    path = folder / "tokenizer_config.json"
    marks = {"image_token": "[new0]", "boi_token": "[new1]", "eoi_token": {"content": "[new2]"}}
    broken.change_json(path, **marks)


@pytest.mark.parametrize("change", [share_embedding, add_surplus, broken.split, name_pictures])
def test_what_is_whole_is_served_whatever_its_form(
    change: Break, tmp_path: Path, llama_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = broken.copy_model(llama_folder, tmp_path / "models" / "mine")
    change(folder)
    open_engine("transformers", folder, Card(name="x"), GenerateConfig(), "float32").close()
    assert main(["models", "check", "mine"]) == 0
    shown = capsys.readouterr().out
    assert ("extra.weight" in shown) == (change is add_surplus)


def be_encoder(folder: Path) -> None:
    broken.configure(architectures=["BertForMaskedLM"], model_type="bert")(folder)


@pytest.mark.parametrize(
    "change",
    [
        broken.configure(architectures=["BertForMaskedLM"]),
        broken.configure(architectures=["BertLMHeadModel"]),
        broken.configure(architectures=None),
        broken.configure(architectures=["Whatever"], model_type="t5", is_encoder_decoder=True),
        broken.configure(architectures=["LlamaForSequenceClassification"], model_type="llama"),
        broken.configure(architectures=["Qwen2Model"], model_type="qwen2"),
        broken.write("README.md", b"---\nsynth_local:\n  role: student\n---\n"),
        broken.write("README.md", b"---\nsynth_local:\n  role: embedder\n---\n"),
    ],
)
def test_what_is_no_causal_language_model_is_no_generator_in_plan_preview_run_and_submit(
    change: Break, tmp_path: Path, llama_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = make_small_run(tmp_path)
    folder = tmp_path / "models" / "mine"
    is_card = change.__closure__ and "README.md" in [c.cell_contents for c in change.__closure__]
    if is_card:
        broken.copy_model(llama_folder, folder)
    else:
        make_encoder(folder)
    change(folder)
    small.change(generators=["mine"], engine="transformers")
    site = str(Path(__file__).parents[2] / "slurm" / "site.test.yaml")
    submit = ["submit", "run.yaml", "--site", site, "--dry-run"]
    for arguments in (["plan", "run.yaml"], ["preview", "run.yaml"], ["run", "run.yaml"], submit):
        assert main(arguments) == 2
        shown = capsys.readouterr().err
        assert "mine is named as a generator" in shown
        assert "role:" in shown or "is no causal LM" in shown
    if not is_card:
        with pytest.raises(ConfigError, match="no causal LM"):
            open_engine("vllm", folder, Card(name="mine"), GenerateConfig(), "float32")


def test_the_list_of_models_names_a_broken_folder_and_lists_the_others(
    tmp_path: Path, llama_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken.copy_model(llama_folder, tmp_path / "models" / "whole")
    broken.hang(broken.WEIGHTS)(broken.copy_model(llama_folder, tmp_path / "models" / "dead"))
    broken.hang("config.json")(broken.copy_model(llama_folder, tmp_path / "models" / "dead-too"))
    (tmp_path / "models" / "gone").symlink_to("/nowhere/at/all")
    assert main(["models", "list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "WRONG" not in lines["whole"]
    for name in ("dead", "dead-too", "gone"):
        assert "is a link to" in lines[name]
    assert main(["models", "check", "gone"]) == 4
    assert "is a link to" in capsys.readouterr().err


def test_a_check_needs_no_second_look_at_the_architecture_and_notices_a_change(
    tmp_path: Path, llama_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synth_local.engines import blueprint, fit  # noqa: PLC0415 - brings torch

    folder = broken.copy_model(llama_folder, tmp_path / "mine")
    first = fit.find_misfits(folder, "generator")
    compare = blueprint.compare_with_architecture
    monkeypatch.setattr(blueprint, "compare_with_architecture", lambda *_: pytest.fail("asked"))
    assert fit.find_misfits(folder, "generator") == first
    monkeypatch.setattr(blueprint, "compare_with_architecture", compare)
    broken.lose("o_proj")(folder)
    assert len(fit.find_misfits(folder, "generator").missing) == 4
    for path in (tmp_path / "cache").rglob("*.json"):
        path.write_text("[]")
    assert len(fit.find_misfits(folder, "generator").missing) == 4
