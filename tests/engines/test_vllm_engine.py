"""What only the vLLM engine does; needs an installed vLLM, the CPU build will do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from synth_local.config import GenerateConfig
from synth_local.engines.choose import open_engine
from synth_local.errors import EngineError, MachineError
from synth_local.models import Card
from synth_local.records import Completion, Message, Request

pytestmark = [pytest.mark.vllm, pytest.mark.slow, pytest.mark.enable_socket]


def test_a_model_without_a_template_stops_and_nothing_is_left_behind(base_folder: Path) -> None:
    threads = set(threading.enumerate())
    settings = GenerateConfig(max_num_seqs=8)
    engine = open_engine("vllm", base_folder, Card(name="any"), settings, "float32")
    prompt = engine.render((Message("user", "Write."),))
    for i in range(30):
        engine.submit(Request(str(i), prompt, i, 24))
    done: list[Completion] = []
    while engine.num_in_flight:
        done += engine.step()
    assert len(done) == 30
    assert not any("\n### " in one.text for one in done)
    engine.close()
    left = [thread for thread in set(threading.enumerate()) - threads if not thread.daemon]
    assert left == []
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert children == []


def test_a_context_that_does_not_fit_is_an_error_of_the_machine_with_a_fix(
    base_folder: Path, tmp_path: Path
) -> None:
    code = f"""
import os
os.environ["VLLM_CPU_KVCACHE_SPACE"] = "0"
from pathlib import Path
from synth_local.models import Card
from synth_local.config import GenerateConfig
from synth_local.engines.choose import open_engine
from synth_local.errors import MachineError
try:
    open_engine("vllm", Path({str(base_folder)!r}), Card(name="x"), GenerateConfig(), "float32")
except MachineError as error:
    print("FIX", error.fix)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert "context_length" in done.stdout, done.stderr


def test_a_model_that_vllm_does_not_know_is_an_error_of_the_engine(
    base_folder: Path, tmp_path: Path
) -> None:
    for file in base_folder.iterdir():
        text = file.read_bytes()
        if file.name == "config.json":
            text = text.replace(b"LlamaForCausalLM", b"UnheardOfForCausalLM")
            text = text.replace(b'"llama"', b'"unheard-of"')
        (tmp_path / file.name).write_bytes(text)
    with pytest.raises((EngineError, MachineError)) as caught:
        open_engine("vllm", tmp_path, Card(name="x"), GenerateConfig(), "float32")
    assert caught.value.fix
    assert "--engine" not in caught.value.fix
