"""Miniature generators end to end: folders that load, the same weights twice, nothing half made."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from synth_local.config import GenerateConfig
from synth_local.core.hashing import digest_file
from synth_local.engines.choose import open_engine
from synth_local.errors import ConfigError, DataError, MachineError
from synth_local.models import Card
from synth_local.records import Completion, Conversation, Message, Request
from synth_local.tiny.settings import TinyProgress, TinyReport, TinySettings
from synth_local.tiny.train import check_replaceable, train_tiny
from tests.engines.tiny_corpus import ASK, SYSTEM, make_conversations

hf: Any = transformers  # its classes are untyped
TRAIN = make_conversations(160)
HELDOUT = make_conversations(24, seed=1)
SHORT = TinySettings(size="xs", tokens=40_000, seed=3)


def be_silent(_progress: TinyProgress) -> None:
    """Ignore progress."""


def train(
    folder: Path,
    settings: TinySettings = SHORT,
    on_progress: Callable[[TinyProgress], None] = be_silent,
) -> TinyReport:
    return train_tiny(TRAIN, HELDOUT, folder, settings, on_progress)


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, TinyReport, list[TinyProgress]]:
    folder = tmp_path_factory.mktemp("models") / "tiny-made"
    signs: list[TinyProgress] = []
    return folder, train(folder, on_progress=signs.append), signs


def ask(engine_name: str, folder: Path, conversation: Conversation) -> list[Completion]:
    settings = GenerateConfig(max_num_seqs=8)
    engine = open_engine(engine_name, folder, Card(name="tiny-made"), settings, "float32")
    prompt = engine.render(conversation)
    for seed in range(8):
        engine.submit(Request(str(seed), prompt, seed, 40))
    done: list[Completion] = []
    while engine.num_in_flight:
        done += engine.step()
    engine.close()
    return sorted(done, key=lambda one: one.id)


@pytest.mark.slow
def test_held_out_loss_falls_and_the_lowest_is_kept(
    trained: tuple[Path, TinyReport, list[TinyProgress]],
) -> None:
    _, report, signs = trained
    losses = [look.heldout_loss for look in report.evaluations]
    assert report.best.heldout_loss == min(losses) < losses[0]
    assert report.tokens >= 40_000
    assert signs[-1].tokens == report.tokens
    assert signs[-1].best_loss == report.best.heldout_loss
    assert all(sign.seconds_left >= 0 for sign in signs)


def measure_loss(folder: Path, conversations: list[Conversation]) -> float:
    """Return nats per token of the assistants' texts, in float32, one conversation at a time."""
    model = hf.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    tokenizer = hf.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    total, count = 0.0, 0
    for conversation in conversations:
        turns = [{"role": m.role, "content": m.content} for m in conversation]
        ids = torch.tensor([tokenizer.apply_chat_template(turns)["input_ids"]])
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        speaks = False
        for token, loss in zip(ids[0].tolist(), [0.0, *losses.tolist()], strict=True):
            total, count = (total + loss, count + 1) if speaks else (total, count)
            mark = tokenizer.convert_ids_to_tokens(token)
            speaks = mark == "<|assistant|>" or (speaks and mark != "<|end|>")
    return total / count


@pytest.mark.slow
def test_the_saved_weights_are_those_of_the_best_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth_local.tiny.loop.PATIENCE", 99)  # learn it all by heart
    settings = TinySettings(size="xs", tokens=30_000)
    report = train_tiny(TRAIN[:3], HELDOUT[:4], tmp_path / "model", settings, be_silent)
    assert report.best.heldout_loss < report.evaluations[-1].heldout_loss - 0.2
    measured = measure_loss(tmp_path / "model", HELDOUT[:4])
    assert measured == pytest.approx(report.best.heldout_loss, rel=2e-2)  # bf16 while training


@pytest.mark.slow
def test_the_folder_says_how_to_stop_and_nothing_about_sampling(
    trained: tuple[Path, TinyReport, list[TinyProgress]],
) -> None:
    folder, report, _ = trained
    generation = json.loads((folder / "generation_config.json").read_text())
    tokenizer = hf.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert generation.keys() <= {"eos_token_id", "pad_token_id", "transformers_version",
                                 "_from_model_config"}  # fmt: skip
    assert tokenizer.convert_ids_to_tokens(generation["eos_token_id"]) == "<|end|>"
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["max_position_embeddings"] == 2048
    log = json.loads((folder / "tiny_training.json").read_text())
    assert log == json.loads(json.dumps(report.to_json()))
    assert {path.suffix for path in folder.iterdir()} == {".json", ".jinja", ".safetensors"}


@pytest.mark.slow
def test_the_same_seed_and_tokens_give_the_same_weights_and_another_seed_does_not(
    tmp_path: Path, trained: tuple[Path, TinyReport, list[TinyProgress]]
) -> None:
    train(tmp_path / "again")
    torch.manual_seed(77)
    train(tmp_path / "other", TinySettings(size="xs", tokens=40_000, seed=4))
    one, two, three = (
        digest_file(folder / "model.safetensors")
        for folder in (trained[0], tmp_path / "again", tmp_path / "other")
    )
    assert one == two != three


@pytest.mark.slow
def test_training_leaves_torchs_global_state_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    train(tmp_path / "model", TinySettings(size="xs", tokens=500))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads


@pytest.mark.slow
def test_minutes_are_a_ceiling(tmp_path: Path) -> None:
    report = train(tmp_path / "model", TinySettings(size="xs", minutes=0.1))
    assert report.seconds < 9
    assert report.best in report.evaluations


@pytest.mark.slow
def test_an_early_end_comes_where_held_out_texts_gain_no_more(tmp_path: Path) -> None:
    few = TRAIN[:3]  # is learnt by heart at once
    settings = TinySettings(size="xs", tokens=10_000_000)
    report = train_tiny(few, HELDOUT[:4], tmp_path / "model", settings, be_silent)
    assert report.stopped == "no more gain"
    assert report.tokens < 200_000


@pytest.mark.slow
def test_an_interrupt_leaves_nothing_and_an_older_miniature_stays(
    tmp_path: Path, trained: tuple[Path, TinyReport, list[TinyProgress]]
) -> None:
    def interrupt(_progress: TinyProgress) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "models" / "tiny"
    with pytest.raises(KeyboardInterrupt):
        train(folder, on_progress=interrupt)
    assert list(folder.parent.iterdir()) == []
    folder.mkdir()
    for path in trained[0].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(KeyboardInterrupt):
        train(folder, on_progress=interrupt)
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    assert digest_file(folder / "model.safetensors") == digest_file(
        trained[0] / "model.safetensors"
    )
    train(folder, TinySettings(size="xs", tokens=500))  # a miniature may be made anew
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    assert digest_file(folder / "model.safetensors") != digest_file(
        trained[0] / "model.safetensors"
    )


def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path: Path) -> None:
    check_replaceable(tmp_path / "missing")
    check_replaceable(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"config\.json") as error:
        train(tmp_path)
    assert error.value.fix
    (tmp_path / "tiny_training.json").write_text("{}")
    check_replaceable(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"notes\.txt"):
        train(tmp_path)
    with pytest.raises(ConfigError, match="file"):
        train(tmp_path / "notes.txt")


def test_a_place_that_cannot_be_written_is_the_machines_problem_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(MachineError, match="Read-only") as error:
        train(tmp_path / "tiny")
    assert error.value.fix


@pytest.mark.parametrize("missing", ["to learn", "held out"])
def test_no_texts_are_a_problem_of_the_data(tmp_path: Path, missing: str) -> None:
    nothing: list[Conversation] = [(Message("user", "Write."),)]
    pair = (nothing, HELDOUT) if missing == "to learn" else (TRAIN, nothing)
    with pytest.raises(DataError, match=missing):
        train_tiny(*pair, tmp_path / "model", SHORT, be_silent)
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_the_transformers_engine_serves_it(
    trained: tuple[Path, TinyReport, list[TinyProgress]],
) -> None:
    done = ask("transformers", trained[0], (SYSTEM, Message("user", ASK.format(label="plans"))))
    assert {one.num_prompt_tokens for one in done} == {9}  # five marks, four phrases
    assert len({one.text for one in done}) > 1
    assert not any("<|" in one.text for one in done)


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.enable_socket
@pytest.mark.parametrize("size", ["xs", "s", "m"])
def test_vllm_serves_every_size(tmp_path: Path, size: Any) -> None:
    train(tmp_path / "tiny", TinySettings(size=size, tokens=2000))
    prompt = (SYSTEM, Message("user", ASK.format(label="prizes")))
    done = ask("vllm", tmp_path / "tiny", prompt)
    assert {one.num_prompt_tokens for one in done} == {9}
    assert len({one.text for one in done}) > 1
