from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import pipeline

from synth_local.config import TrainConfig
from synth_local.errors import ConfigError, DataError, EngineError, MachineError
from synth_local.records import Prediction
from synth_local.train.cell import CellResult, prepare_student, run_cell
from synth_local.train.encoder import loop, models
from synth_local.train.students import StudentRef
from tests.train.made_students import LABELS, QUICK, make_cell, make_data, make_encoder

pytestmark = pytest.mark.slow  # torch and transformers take seconds to import


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("models") / "tiny")


def train(
    folder: Path,
    student: StudentRef,
    settings: TrainConfig = QUICK,
    seed: int = 0,
    steps: int = 30,
) -> CellResult:
    prepared = prepare_student(student, make_data(), settings)
    return run_cell(make_cell(seed, student.name), prepared, steps, folder)


def check_pipeline_agrees(folder: Path, predictions: list[Prediction]) -> None:
    classify = pipeline("text-classification", model=str(folder))
    answers = classify([row.text for row in make_data().test], truncation=True, batch_size=1)
    assert [answer["label"] for answer in answers] == [row.predicted for row in predictions]
    best = [max(row.probabilities) for row in predictions]
    assert [answer["score"] for answer in answers] == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "electra"])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_any_encoder_folder_learns_and_opens_in_a_pipeline_with_label_names(
    tmp_path: Path, kind: str, method: str
) -> None:
    student = StudentRef("tiny", make_encoder(tmp_path / kind, kind))
    settings = QUICK.model_copy(update={"method": method, "learning_rate": 5e-3})
    result = train(tmp_path / "out", student, settings, steps=60)
    right = sum(row.predicted == row.gold for row in result.predictions)
    assert right >= 18
    check_pipeline_agrees(tmp_path / "out", result.predictions)
    assert not (tmp_path / "out" / "adapter_config.json").exists()


def test_scratch_bert_learns_from_nothing_and_brings_its_tokenizer(tmp_path: Path) -> None:
    result = train(tmp_path / "out", StudentRef("scratch-bert"))
    assert all(row.predicted == row.gold for row in result.predictions)
    check_pipeline_agrees(tmp_path / "out", result.predictions)


@pytest.mark.parametrize("name", ["tiny", "scratch-bert"])
def test_texts_longer_than_the_limit_are_cut_by_the_saved_student_too(
    tmp_path: Path, tiny: Path, name: str
) -> None:
    data = make_data()
    long = tuple(replace(row, text=row.text + " call win prize" * 300) for row in data.test)
    settings = QUICK.model_copy(update={"max_length": 12})
    student = StudentRef(name, tiny if name == "tiny" else None)
    prepared = prepare_student(student, replace(data, test=long), settings)
    result = run_cell(make_cell(0, name), prepared, 5, tmp_path / "out")
    classify = pipeline("text-classification", model=str(tmp_path / "out"))
    answers = classify([row.text for row in long], truncation=True)
    best = [max(row.probabilities) for row in result.predictions]
    assert [answer["score"] for answer in answers] == pytest.approx(best, abs=1e-4)


def test_a_limit_beyond_the_models_positions_is_lowered(tmp_path: Path, tiny: Path) -> None:
    data = make_data()
    long = tuple(replace(row, text=row.text * 300) for row in data.test)
    settings = QUICK.model_copy(update={"max_length": 5000})
    for student in (StudentRef("scratch-bert"), StudentRef("tiny", tiny)):
        prepared = prepare_student(student, replace(data, test=long), settings)
        run_cell(make_cell(0, student.name), prepared, 1, tmp_path / "out")


@pytest.mark.gpu
def test_a_gpu_trains_in_bfloat16(tmp_path: Path, tiny: Path) -> None:
    result = train(tmp_path / "out", StudentRef("tiny", tiny), steps=60)
    assert (result.report.device, result.report.dtype) == ("cuda", "bfloat16")
    check_pipeline_agrees(tmp_path / "out", result.predictions)


@pytest.mark.gpu
def test_a_student_on_a_gpu_learns_and_one_seed_gives_one_student(
    tmp_path: Path, tiny: Path
) -> None:
    settings = QUICK.model_copy(update={"learning_rate": 5e-3})
    runs = [train(tmp_path / name, StudentRef("tiny", tiny), settings, steps=60) for name in "ab"]
    for run in runs:
        assert sum(row.predicted == row.gold for row in run.predictions) >= 18
    first, second = ([row.predicted for row in run.predictions] for run in runs)
    assert first == second


def test_predictions_follow_the_test_set_and_are_probabilities(tmp_path: Path, tiny: Path) -> None:
    result = train(tmp_path / "out", StudentRef("tiny", tiny), steps=3)
    test = make_data().test
    assert [(row.id, row.gold) for row in result.predictions] == [(r.id, r.label) for r in test]
    for row in result.predictions:
        assert sum(row.probabilities) == pytest.approx(1)
        assert row.predicted == LABELS[row.probabilities.index(max(row.probabilities))]


def test_the_report_says_what_was_run(tmp_path: Path, tiny: Path) -> None:
    report = train(tmp_path / "out", StudentRef("tiny", tiny), steps=7).report
    assert (report.steps, report.num_train, report.num_processes) == (7, 48, 1)
    assert report.rows_per_second == pytest.approx(7 * 16 / report.seconds)
    assert report.dtype in {"bfloat16", "float32"}
    assert set(report.versions) == {"torch", "transformers", "accelerate"}


def test_the_same_seed_gives_the_same_student_and_another_seed_another(
    tmp_path: Path, tiny: Path
) -> None:
    student = StudentRef("tiny", tiny)
    found = []
    for number, seed in enumerate((1, 1, 2)):
        torch.rand(3)  # the state of the global generator must not matter
        found.append(train(tmp_path / str(number), student, seed=seed, steps=5).predictions)
    first, again, other = found
    assert first == again
    assert [row.probabilities for row in first] != [row.probabilities for row in other]


def test_training_leaves_the_global_random_state_alone(tmp_path: Path, tiny: Path) -> None:
    before = torch.get_rng_state()
    train(tmp_path / "out", StudentRef("tiny", tiny), steps=2)
    assert torch.equal(before, torch.get_rng_state())


def test_smaller_forward_passes_give_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "helps_bf16", lambda _: False)
    student = StudentRef("tiny", make_encoder(tmp_path / "tiny", dropout=0.0))
    whole = tmp_path / "whole"
    train(whole, student, QUICK, steps=10)
    for device_batch in (3, 5, 16):
        parts = tmp_path / f"parts{device_batch}"
        train(parts, student, QUICK.model_copy(update={"device_batch": device_batch}), steps=10)
        ours, theirs = (load_file(folder / "model.safetensors") for folder in (parts, whole))
        for name, weight in ours.items():
            assert torch.allclose(weight, theirs[name], atol=2e-5), name


def test_lora_changes_attention_and_head_and_nothing_else(tmp_path: Path, tiny: Path) -> None:
    settings = QUICK.model_copy(update={"method": "lora"})
    train(tmp_path / "out", StudentRef("tiny", tiny), settings, steps=5)
    before = load_file(tiny / "model.safetensors")
    after = load_file(tmp_path / "out" / "model.safetensors")
    changed = {
        name for name, weight in before.items() if not torch.equal(weight, after[f"bert.{name}"])
    }
    assert {name.split(".")[-2] for name in changed} == {"query", "value", "dense"}
    assert all("pooler" in name for name in changed if ".dense." in name)


def test_the_card_and_the_configuration_can_be_read(tmp_path: Path, tiny: Path) -> None:
    train(tmp_path / "out", StudentRef("tiny", tiny), steps=1)
    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert card.data.pipeline_tag == "text-classification"
    config = models.load_config(tmp_path / "out")
    assert config.id2label == dict(enumerate(LABELS))
    assert not list((tmp_path / "out").glob("*.bin"))


def test_a_new_run_replaces_the_folder_and_leaves_nothing_beside_it(
    tmp_path: Path, tiny: Path
) -> None:
    out = tmp_path / "students" / "cell"
    out.mkdir(parents=True)
    (out / "old.txt").write_text("old")
    (tmp_path / "students" / ".cell.1.tmp").mkdir()
    train(out, StudentRef("tiny", tiny), steps=1)
    assert [path.name for path in out.parent.iterdir()] == ["cell"]
    assert not (out / "old.txt").exists()


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(SafetensorError("I/O error: No space left on device (os error 28)"), id="st"),
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), id="os"),
    ],
)
def test_a_full_disk_is_the_machines_problem_and_keeps_the_old_folder(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    out = tmp_path / "cell"
    train(out, StudentRef("tiny", tiny), steps=1)
    monkeypatch.setattr("synth_local.train.encoder.student.save_student", fail)
    with pytest.raises(MachineError, match="No space left"):
        train(out, StudentRef("tiny", tiny), steps=1)
    assert [path.name for path in tmp_path.iterdir()] == ["cell"]
    assert (out / "model.safetensors").exists()


def test_a_training_that_diverges_is_an_engine_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    monkeypatch.setattr(
        "synth_local.train.encoder.student.train_model",
        lambda model, rows, targets, settings, accelerator, pause: loop.train_model(
            model, rows, targets, replace(settings, learning_rate=1e30), accelerator, pause
        ),
    )
    with pytest.raises(EngineError, match="diverged"):
        train(tmp_path / "out", StudentRef("tiny", tiny), steps=5)
    assert not (tmp_path / "out").exists()


def test_weights_that_do_not_open_are_refused(tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "broken").mkdir()
    for path in tiny.iterdir():
        (tmp_path / "broken" / path.name).write_bytes(path.read_bytes()[:-50])
    with pytest.raises(MachineError):
        train(tmp_path / "out", StudentRef("broken", tmp_path / "broken"), steps=1)


def test_a_pickle_beside_an_index_is_not_opened(tmp_path: Path, tiny: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    for path in tiny.iterdir():
        if path.suffix != ".safetensors":
            (folder / path.name).write_bytes(path.read_bytes())
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(MachineError, match="pickles"):
        prepare_student(StudentRef("pickled", folder), make_data(), QUICK)
    with pytest.raises(MachineError):
        models.load_encoder(folder, LABELS)


def test_rows_that_are_missing_or_have_unknown_labels_are_refused() -> None:
    data, student = make_data(), StudentRef("scratch-bert")
    odd = (replace(data.train[0], label="eggs"),)
    for broken in (replace(data, train=()), replace(data, test=())):
        with pytest.raises(DataError, match="rows"):
            prepare_student(student, broken, QUICK)
    for broken in (replace(data, train=odd), replace(data, test=odd)):
        with pytest.raises(DataError, match="eggs"):
            prepare_student(student, broken, QUICK)


def test_lora_from_scratch_is_refused() -> None:
    settings = QUICK.model_copy(update={"method": "lora"})
    with pytest.raises(ConfigError):
        prepare_student(StudentRef("scratch-bert"), make_data(), settings)
