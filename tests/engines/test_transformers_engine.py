"""What only the transformers engine does: rows that start and end on their own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from synth_local.config import GenerateConfig
from synth_local.engines.hf.engine import TransformersEngine
from synth_local.engines.hf.rows import Row, RowBatch
from synth_local.engines.hf.sampling import Sampler
from synth_local.errors import EngineError, MachineError
from synth_local.models import Card
from synth_local.records import Completion, Message, Request
from tests.engines.made_models import make_tokenizer

hf: Any = transformers
SMALL: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.3,
}


def open_engine(folder: Path, **settings: Any) -> TransformersEngine:
    config = GenerateConfig(**{"batch": 4, "max_tokens": 24, **settings})
    return TransformersEngine(folder, Card(name="any"), config, "float32")


def drain(engine: TransformersEngine) -> list[Completion]:
    done: list[Completion] = []
    while engine.num_in_flight:
        done += engine.step()
    return done


def make_model(name: str) -> Any:
    torch.manual_seed(1)
    if name == "mistral":  # a window shorter than the texts
        config = hf.MistralConfig(**SMALL, num_key_value_heads=1, sliding_window=8)
        return hf.MistralForCausalLM(config).eval()
    if name == "qwen3":
        return hf.Qwen3ForCausalLM(
            hf.Qwen3Config(**SMALL, num_key_value_heads=1, head_dim=16)
        ).eval()
    return hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(**SMALL)).eval()


@pytest.mark.parametrize("name", ["mistral", "qwen3", "gpt-neox"])
@torch.inference_mode()
def test_rows_that_come_and_go_read_as_the_model_alone_writes_them(name: str) -> None:
    model = make_model(name)
    generator = torch.Generator().manual_seed(0)
    lengths = [3, 40, 7, 1, 25, 12, 60, 5, 9, 30]
    wanted = [5, 20, 3, 30, 1, 12, 8, 40, 2, 25]
    prompts = [torch.randint(1, 300, (n,), generator=generator).tolist() for n in lengths]
    batch = RowBatch(model, Sampler(0.0, 1.0))
    rows = [Row(prompt, seed=i) for i, prompt in enumerate(prompts)]
    waiting = list(rows)
    while waiting or batch.active:
        if len(batch.active) <= 2 and waiting:
            batch.admit(waiting[:3])
            waiting = waiting[3:]
        batch.advance()
        for row in batch.active:
            if len(row.tokens) >= wanted[row.seed]:
                batch.drop(row)
    for row, prompt, length in zip(rows, prompts, wanted, strict=True):
        alone = list(prompt)
        for _ in range(length):
            logits = model(input_ids=torch.tensor([alone]), use_cache=False).logits[0, -1]
            alone.append(int(logits.argmax()))
        assert row.tokens[:length] == alone[len(prompt) :]


def test_the_oldest_prompts_go_first_and_long_ones_do_not_starve(llama_folder: Path) -> None:
    engine = open_engine(llama_folder)
    prompt = engine.render((Message("user", "Write."),))
    engine.submit(Request("long", (prompt * 20)[:200], 0, 24))
    for i in range(40):
        engine.submit(Request(f"short{i}", prompt, i, 24))
    order = [one.id for one in drain(engine)]
    assert order.index("long") < 8


def test_the_cache_never_holds_more_than_fits_into_memory(llama_folder: Path) -> None:
    engine = open_engine(llama_folder, batch=16)
    prompt = engine.render((Message("user", "Write."),))
    engine._most_cells = 3 * (len(prompt) + 24)
    for i in range(20):
        engine.submit(Request(str(i), prompt, i, 24))
    most = 0
    done = []
    while engine.num_in_flight:
        done += engine.step()
        most = max(most, len(engine._running))
    assert len(done) == 20
    assert most <= 3


def test_a_request_larger_than_the_memory_runs_alone(llama_folder: Path) -> None:
    engine = open_engine(llama_folder)
    engine._most_cells = 1
    prompt = engine.render((Message("user", "Write."),))
    for i in range(3):
        engine.submit(Request(str(i), prompt, i, 5))
    assert len(drain(engine)) == 3


def test_a_model_without_a_template_stops_at_its_own_marks(base_folder: Path) -> None:
    engine = open_engine(base_folder, batch=32)
    prompt = engine.render((Message("user", "Write."),))
    for i in range(30):
        engine.submit(Request(str(i), prompt, i, 24))
    done = drain(engine)
    assert {one.finish_reason for one in done} == {"stop", "length"}
    assert not any("\n### " in one.text for one in done)


def test_bfloat16_is_served_and_graded_lower(llama_folder: Path) -> None:
    engine = TransformersEngine(llama_folder, Card(name="any"), GenerateConfig(), "bfloat16")
    assert engine.info.grade == "seeded"
    engine.submit(Request("a", engine.render((Message("user", "Write."),)), 0, 8))
    assert len(drain(engine)) == 1


def test_a_recurrent_model_is_refused_with_a_fix(tmp_path: Path) -> None:
    tokenizer = make_tokenizer("{{ messages[0].content }}")
    tokenizer.save_pretrained(tmp_path)
    config = hf.MambaConfig(vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1)
    hf.MambaForCausalLM(config).save_pretrained(tmp_path)
    with pytest.raises(EngineError, match="plain attention") as caught:
        open_engine(tmp_path)
    assert "--engine vllm" in caught.value.fix


@pytest.mark.parametrize("broken", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_broken_folder_is_an_error_of_the_machine(
    tmp_path: Path, llama_folder: Path, broken: str
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(llama_folder, folder)
    (folder / broken).write_bytes(b"{")
    with pytest.raises(MachineError) as caught:
        open_engine(folder)
    assert caught.value.fix


def test_pickled_weights_are_never_loaded(tmp_path: Path, llama_folder: Path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(llama_folder, folder)
    model = hf.AutoModelForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(MachineError):
        open_engine(folder)


def test_a_tiny_model_runs_on_one_thread_and_gives_the_others_back(llama_folder: Path) -> None:
    torch.set_num_threads(2)
    engine = open_engine(llama_folder)
    assert torch.get_num_threads() == 1
    engine.close()
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
