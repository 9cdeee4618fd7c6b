"""What vLLM does on a GPU, with a miniature made on the spot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from synth_local.engines.choose import has_gpu, resolve_dtype, resolve_engine

pytestmark = [pytest.mark.gpu, pytest.mark.vllm, pytest.mark.slow, pytest.mark.enable_socket]
ROOT = Path(__file__).parents[2]

# an engine keeps its memory as long as its process lives: each test has one of its own
PROGRAM = """
import sys
from pathlib import Path
from synth_local.models import Card
from synth_local.config import GenerateConfig
from synth_local.engines.choose import open_engine
from synth_local.records import Continuation, Message, Request

if __name__ == "__main__":
    settings = GenerateConfig(gpu_memory=0.1, max_num_seqs=32)
    engine = open_engine("vllm", Path(sys.argv[1]), Card(name="any"), settings, "bfloat16")
    info = engine.info
    prompts = [engine.render((Message("user", f"Write number {i}."),)) for i in range(40)]

    def draw(round):
        for i, prompt in enumerate(prompts):
            engine.submit(Request(f"{round}-{i:03d}", prompt, 2**62 + i, 24))
        done = []
        while engine.num_in_flight:
            done += engine.step()
        return [one.text for one in sorted(done, key=lambda one: one.id)]

    first, second = draw(0), draw(1)
    answers = [engine.render_answer("yes"), engine.render_answer("no")]
    scores = engine.score([Continuation(prompts[0], one) for one in answers])
    print("INFO", info.device, info.dtype, info.grade)
    print("COUNT", len(first), len(set(first)))
    print("SAME", sum(a == b for a, b in zip(first, second, strict=True)))
    print("FINITE", all(-1000 < one < 0 for one in scores))
    engine.close()
"""


@pytest.fixture(scope="module")
def answer(llama_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    program = tmp_path_factory.mktemp("program") / "draw.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(program), str(llama_folder)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line.split(" ", 1) for line in done.stdout.splitlines() if line[:1].isupper()]
    return {line[0]: line[1] for line in lines if len(line) == 2}


def test_vllm_is_chosen_where_there_is_a_gpu(llama_folder: Path) -> None:
    assert has_gpu()
    assert resolve_dtype("auto") == "bfloat16"
    assert resolve_engine("auto", llama_folder) == "vllm"


def test_every_seeded_row_is_written_once(answer: dict[str, str]) -> None:
    assert answer["INFO"] == "cuda bfloat16 seeded"
    count, distinct = map(int, answer["COUNT"].split())
    assert count == 40
    assert distinct > 20


def test_the_same_order_and_batch_give_the_same_texts(answer: dict[str, str]) -> None:
    assert answer["SAME"] == "40"


def test_answers_are_scored(answer: dict[str, str]) -> None:
    assert answer["FINITE"] == "True"
