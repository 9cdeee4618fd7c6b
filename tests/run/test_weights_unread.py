"""What looks at a run reads no weights: only ``run``, ``step`` and ``verify`` do."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
import yaml

from synth_local.commands.plan import make_overview
from synth_local.commands.status import read_status
from synth_local.config import load_run_file
from synth_local.core.files import write_json
from synth_local.core.hashing import digest_file
from synth_local.models import ModelDigest, digest
from synth_local.pipeline.slurm.submit import preview_submission
from synth_local.run.context import Context, open_context
from synth_local.run.models import UNKNOWN, Models
from synth_local.run.sources.made_from import KeptModel, MadeFrom
from tests.engines.made_models import CHATML, make_tokenizer
from tests.pipeline.conftest import SmallRun, make_small_run
from tests.pipeline.made_cluster import make_request

hf: Any = transformers  # its classes are untyped
GIGABYTES = 1e9
EMPTY = MadeFrom(0, {}, {}, {}, {}, {}, {}, None, {}, {})
NAMES = ("first", "second", "third", "fourth", "fifth")


def save_sparse(folder: Path) -> Path:
    """Write a model of 14 GB whose weights take no room: a header, and a hole behind it."""
    tokenizer = make_tokenizer(CHATML)
    tokenizer.save_pretrained(folder)
    config = hf.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=4096, intermediate_size=14336, num_hidden_layers=32,
        num_attention_heads=32, tie_word_embeddings=False, dtype="bfloat16",
    )  # fmt: skip
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(folder)
    with torch.device("meta"):
        tensors = hf.LlamaForCausalLM(config).state_dict()
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + 2 * tensor.numel()
        header[name] = {
            "dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [start, end],
        }  # fmt: skip
    text = json.dumps(header).encode()
    path = folder / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    os.truncate(path, 8 + len(text) + end)
    return path


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    """A run of five generators whose weights may not be read."""
    small = make_small_run(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(small.folder / "models"))
    first = save_sparse(small.folder / "models" / NAMES[0])
    assert first.stat().st_size > 13 * GIGABYTES
    for name in NAMES[1:]:
        folder = small.folder / "models" / name
        folder.mkdir()
        for path in first.parent.iterdir():
            (folder / path.name).hardlink_to(path)
    small.change(generators=list(NAMES))

    def refuse_weights(path: Path) -> str:
        assert path.suffix != ".safetensors"
        return digest_file(path)

    monkeypatch.setattr(digest, "digest_file", refuse_weights)
    return small


def open_directory(small: SmallRun, *, reads_weights: bool) -> Context:
    """Open the run's directory as it is before anything was done in it."""
    small.out.mkdir()
    config = yaml.safe_load(small.run_file.read_text())
    config["tasks"] = [str(small.folder / "weather.yaml")]
    (small.out / "run.yaml").write_text(yaml.safe_dump(config))
    return open_context(small.out, reads_weights=reads_weights)


def test_no_weights_are_read_by_what_looks_at_a_run(small: SmallRun) -> None:
    overview = make_overview(load_run_file(small.run_file), small.out)
    assert overview.missing == []
    assert {stage["state"] for stage in overview.stages} == {"to do"}
    assert all(corpus.gpu_minutes is None for corpus in overview.corpora)  # no card says a size
    scripts: list[str] = []
    preview_submission(make_request(small), scripts.append)
    assert any(script.startswith("# ==> generate-first") for script in scripts)
    # a run directory whose first job has not hashed anything yet
    status = read_status(open_directory(small, reads_weights=False))
    assert not any(stage.done for stage in status.stages)
    assert status.not_here == []


def test_reading_is_what_a_digest_asks_for(small: SmallRun) -> None:
    context = open_directory(small, reads_weights=True)
    generator = context.models.generators[NAMES[0]]
    with pytest.raises(AssertionError):
        context.models.digest(generator)


def test_weights_are_as_recorded_until_they_are_written(small: SmallRun) -> None:
    context = open_directory(small, reads_weights=False)
    model = context.models.generators[NAMES[0]]
    known = ModelDigest.of("recorded", "", "")
    kept = KeptModel(str(model.folder), True, {}, asdict(known), "transformers")
    made = replace(EMPTY, generators={model.name: kept})
    models = Models(context.run, context.config, made, reads_weights=False)
    (path,) = model.folder.glob("*.safetensors")
    # never hashed at this place, as after a copy of the directory
    assert models.digest(model).weights == "recorded"
    assert [line.split()[3] for line in models.format_assumed()] == [model.name]
    # hashed here, and written since: others of the same size must not pass for them
    stamp = [path.stat().st_size, 1, "digest"]
    write_json(context.run.digests, {str(path.resolve()): stamp})
    again = Models(context.run, context.config, made, reads_weights=False)
    assert again.digest(model).weights == UNKNOWN
    assert again.format_assumed() == []
