"""A training that is interrupted and goes on gives what it would have given without a break."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from synth_local.core.files import read_json, write_json
from synth_local.errors import EXIT_INTERRUPTED, Interrupted
from synth_local.train.cell import prepare_student, run_cell
from synth_local.train.encoder.checkpoint import Checkpointer
from synth_local.train.encoder.loop import (
    LoopResult,
    LoopSettings,
    open_accelerator,
    seeded,
    train_model,
)
from synth_local.train.encoder.models import load_encoder, load_tokenizer
from synth_local.train.encoder.predict import predict_probabilities
from synth_local.train.encoder.tokens import TokenRows, tokenise
from synth_local.train.pause import Pause
from synth_local.train.students import StudentRef
from tests.train.made_students import (
    LABELS,
    QUICK,
    make_cell,
    make_data,
    make_encoder,
    make_examples,
)

pytestmark = pytest.mark.slow  # torch and transformers take seconds to import

SETTINGS = LoopSettings(12, 16, 16, 3e-3, warmup=0.1, weight_decay=0.01, seed=5)
HOUR = 3600.0


@dataclass
class Stop:
    """Asks to stop after so many steps; ``None`` never does."""

    after: int | None
    asked: int = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.asked == self.after


@dataclass
class Training:
    """One training of a small encoder with dropout, called as often as wanted."""

    encoder: Path
    folder: Path
    settings: LoopSettings = SETTINGS
    losses: list[float] = field(default_factory=list)

    def pause(self, after: int | None = None, every: float = HOUR, identity: str = "one") -> Pause:
        return Pause(self.folder, identity, every, Stop(after))

    def train(self, pause: Pause | None) -> LoopResult:
        accelerator = open_accelerator()
        with seeded(3, accelerator.device):  # the head is new
            model = load_encoder(self.encoder, LABELS)
        targets = np.array([LABELS.index(row.label) for row in make_examples(40)])
        return train_model(model, self.rows(40, "r"), targets, self.settings, accelerator, pause)

    def rows(self, number: int, prefix: str) -> TokenRows:
        texts = [row.text for row in make_examples(number, prefix)]
        return tokenise(load_tokenizer(self.encoder), texts, 32)

    def predict(self, result: LoopResult) -> npt.NDArray[np.float64]:
        return predict_probabilities(result.model, self.rows(20, "t"), open_accelerator())

    def stop_after(self, step: int, **options: Any) -> None:
        """Train until the state after ``step`` is stored."""
        with pytest.raises(Interrupted, match=f"after step {step};") as caught:
            self.train(self.pause(step, **options))
        assert caught.value.exit_code == EXIT_INTERRUPTED


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("models") / "tiny", dropout=0.1)


@pytest.fixture
def training(encoder: Path, tmp_path: Path) -> Training:
    return Training(encoder, tmp_path / "state")


@pytest.fixture(scope="module")
def unbroken(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> LoopResult:
    return Training(encoder, tmp_path_factory.mktemp("state")).train(None)


def compare(ours: LoopResult, theirs: LoopResult) -> bool:
    """Return whether two trainings came to the same weights and figures, to the last bit."""
    one, two = ours.model.state_dict(), theirs.model.state_dict()
    assert one.keys() == two.keys()
    same = all(torch.equal(one[name], two[name]) for name in one)
    return same and _figures(ours) == _figures(theirs)


def _figures(result: LoopResult) -> tuple[float, float, int]:
    return result.final_loss, result.final_accuracy, result.num_rows


@pytest.mark.parametrize("steps", [[1], [5], [11], [3, 2, 6]])
def test_an_interrupted_training_ends_where_an_unbroken_one_does(
    training: Training, unbroken: LoopResult, steps: list[int]
) -> None:
    done = 0
    for number in steps:
        done += number
        with pytest.raises(Interrupted, match=f"after step {done};"):
            training.train(training.pause(number))
        torch.rand(7)  # the state of the global generator must not matter
    result = training.train(training.pause())
    assert compare(result, unbroken)
    assert np.array_equal(training.predict(result), training.predict(unbroken))


def test_the_comparison_sees_that_dropout_was_drawn_anew(
    training: Training, unbroken: LoopResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.stop_after(5)
    monkeypatch.setattr(torch, "set_rng_state", lambda _: None)
    assert not compare(training.train(training.pause()), unbroken)


def test_storing_the_state_changes_nothing(training: Training, unbroken: LoopResult) -> None:
    assert compare(training.train(training.pause(every=0.0)), unbroken)


def test_losses_of_all_steps_count_whoever_took_them(training: Training) -> None:
    training.settings = replace(SETTINGS, steps=20)
    whole = training.train(None)
    training.stop_after(19)  # the last tenth is one step before the break and one after
    result = training.train(training.pause())
    assert _figures(result) == _figures(whole)
    assert result.seconds > 0


def test_a_state_of_another_identity_is_not_used(training: Training, unbroken: LoopResult) -> None:
    training.stop_after(5, identity="another")
    pause = training.pause(1, identity="one")
    with pytest.raises(Interrupted, match="after step 1;"):
        training.train(pause)
    assert compare(training.train(training.pause()), unbroken)


def test_a_state_of_another_number_of_processes_is_not_used(training: Training) -> None:
    training.stop_after(5)
    latest = training.folder / "latest.json"
    value = read_json(latest)
    assert value is not None
    assert value["processes"] == 1
    write_json(latest, value | {"processes": 2})
    training.stop_after(1)


def test_a_state_whose_folder_is_gone_is_not_used(training: Training) -> None:
    training.stop_after(5)
    write_json(
        training.folder / "latest.json",
        {"identity": "one", "processes": 1, "folder": "step-00000004"},
    )
    training.stop_after(1)


def test_a_state_that_was_being_written_when_the_power_failed_is_not_used(
    training: Training, unbroken: LoopResult
) -> None:
    training.stop_after(5)
    torn = training.folder / "step-00000007"
    torn.mkdir()
    (torn / "shared.pt").write_bytes(b"PK")
    assert compare(training.train(training.pause()), unbroken)


def test_the_state_holds_tensors_and_numbers_and_nothing_else(training: Training) -> None:
    training.stop_after(5)
    (folder,) = training.folder.glob("step-*")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["process-0000.pt", "shared.pt"]
    found = [torch.load(folder / name, weights_only=True) for name in names]
    plain = (torch.Tensor, int, float, bool, str, type(None))
    left: list[Any] = list(found)
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list | tuple):
            left += one
        else:
            assert isinstance(one, plain), type(one)
    assert len(found[0]["losses"]) == 5


def test_a_state_with_code_in_it_is_not_opened(training: Training) -> None:
    training.stop_after(5)
    (folder,) = training.folder.glob("step-*")
    torch.save({"model": Stop(3)}, folder / "shared.pt")
    with pytest.raises(Exception, match=r"[Ww]eights"):
        training.train(training.pause())


def test_of_states_stored_on_the_way_only_the_newest_is_kept(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[list[str]] = []
    store: Callable[..., None] = Checkpointer._store

    def store_and_look(self: Checkpointer, *arguments: Any) -> None:
        store(self, *arguments)
        kept.append(sorted(path.name for path in training.folder.iterdir()))

    monkeypatch.setattr(Checkpointer, "_store", store_and_look)
    training.train(training.pause(every=0.0))
    # none after the last step: the student itself is stored then
    wanted = [["latest.json", f"step-{step:08d}"] for step in range(1, SETTINGS.steps)]
    assert kept == wanted


def test_nothing_is_stored_where_it_is_not_time(training: Training) -> None:
    training.train(training.pause())
    assert not training.folder.exists()


def test_the_clock_starts_anew_after_each_stored_state(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pause = Pause(Path("state"), "one", 60.0, lambda: False)
    pause.restart_clock()
    due = []
    for seconds in (59.0, 1.0, 30.0):
        now[0] += seconds
        due.append(pause.is_due)
    pause.restart_clock()
    due.append(pause.is_due)
    now[0] += 60.0
    assert [*due, pause.is_due] == [False, True, True, False, True]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_whole_student_goes_on_with_the_same_predictions(
    encoder: Path, tmp_path: Path, method: str
) -> None:
    settings = QUICK.model_copy(update={"method": method})
    prepared = prepare_student(StudentRef("tiny", encoder), make_data(), settings)
    whole = run_cell(make_cell(), prepared, 6, tmp_path / "whole")
    for after in (2, None):
        pause = Pause(tmp_path / "state", "one", HOUR, Stop(after))
        if after:
            with pytest.raises(Interrupted):
                run_cell(make_cell(), prepared, 6, tmp_path / "broken", pause)
            assert not (tmp_path / "broken").exists()
        else:
            broken = run_cell(make_cell(), prepared, 6, tmp_path / "broken", pause)
            assert broken.predictions == whole.predictions
