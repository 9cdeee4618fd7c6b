"""A student's body comes whole from its folder; nothing but a new head is drawn at random."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import transformers
from safetensors.torch import load_file

from synth_local.errors import EngineError, MachineError
from synth_local.train.cell import Prepared, prepare_student, run_cell
from synth_local.train.encoder import student
from synth_local.train.encoder.models import load_encoder
from synth_local.train.students import StudentRef
from tests.engines import broken_models as broken
from tests.train.made_students import LABELS, QUICK, make_cell, make_data, make_encoder

hf: Any = transformers
pytestmark = pytest.mark.slow  # torch and transformers take seconds to import


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def prepare(folder: Path) -> Prepared:
    return prepare_student(StudentRef(folder.name, folder), make_data(), QUICK)


@pytest.mark.parametrize(
    ("kind", "lost"),
    [
        ("bert", "encoder.layer.1.output.dense.weight"),
        ("bert", "query.bias"),
        ("roberta", "word_embeddings"),
        ("distilbert", "layer.0.ffn.lin1"),
        ("electra", "embeddings.LayerNorm"),
    ],
)
def test_an_encoder_that_lacks_a_weight_of_its_body_is_refused(
    tmp_path: Path, kind: str, lost: str
) -> None:
    folder = make_encoder(tmp_path / kind, kind)
    broken.lose(lost)(folder)
    with pytest.raises(MachineError, match=r"drawn at random") as caught:
        prepare(folder)
    assert lost.split(".", maxsplit=1)[0] in caught.value.what
    with pytest.raises(MachineError, match=r"drawn at random"):  # the load is a judge of its own
        load_encoder(folder, LABELS)


def test_a_body_of_another_width_is_refused(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "bert")
    broken.configure(intermediate_size=48)(folder)
    with pytest.raises(MachineError, match="another shape"):
        prepare(folder)
    with pytest.raises(MachineError, match="another shape"):
        load_encoder(folder, LABELS)


def train_head(folder: Path) -> None:
    """Make it a classifier of five labels, as somebody else fine-tuned it."""
    model = hf.AutoModelForSequenceClassification.from_pretrained(folder, num_labels=5)
    model.save_pretrained(folder)


def keep_masked_model(folder: Path) -> None:
    """Make it what masked language models are saved as: without a pooler, with another head."""
    hf.AutoModelForMaskedLM.from_pretrained(folder).save_pretrained(folder)


def format_as_of_old(folder: Path) -> None:
    """Spell its keys as TensorFlow's BERT was converted: gamma and beta, with the prefix."""
    broken.change_weights(
        folder,
        lambda held: {
            f"bert.{key}".replace("LayerNorm.weight", "LayerNorm.gamma").replace(
                "LayerNorm.bias", "LayerNorm.beta"
            ): one
            for key, one in held.items()
        },
    )


@pytest.mark.parametrize("change", [train_head, keep_masked_model, format_as_of_old])
def test_a_new_head_is_drawn_and_named_and_the_body_is_the_folders(
    change: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_encoder(tmp_path / "bert")
    body = load_file(folder / broken.WEIGHTS)["encoder.layer.1.output.dense.weight"]
    change(folder)
    prepare(folder)
    with caplog.at_level(logging.INFO, "synth_local"):
        caplog.clear()
        model = load_encoder(folder, LABELS)
    assert "a new head is drawn" in caplog.text
    assert "classifier.weight" in caplog.text
    assert ("pooler" in caplog.text) == (change is keep_masked_model)
    loaded = model.state_dict()["bert.encoder.layer.1.output.dense.weight"]
    assert bool((loaded == body).all())


def test_a_student_whose_training_the_library_cannot_do_is_an_error_of_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_encoder(tmp_path / "bert")
    prepared = prepare(folder)

    def fail(*_: Any, **__: Any) -> None:
        raise IndexError("index out of range in self")

    monkeypatch.setattr(student, "train_model", fail)
    with pytest.raises(EngineError, match="IndexError: index out of range") as caught:
        run_cell(make_cell(), prepared, 1, tmp_path / "out")
    assert (caught.value.exit_code, caught.value.where) == (5, str(folder))


def test_an_encoder_decoder_as_a_student_ends_in_an_error_with_its_folder(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "t5")
    config = hf.T5Config(vocab_size=120, d_model=16, d_ff=16, d_kv=8, num_layers=1, num_heads=2)
    hf.T5ForConditionalGeneration(config).save_pretrained(folder)
    with pytest.raises((EngineError, MachineError)) as caught:
        run_cell(make_cell(), prepare(folder), 1, tmp_path / "out")
    assert caught.value.where == str(folder)
