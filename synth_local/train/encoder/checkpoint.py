"""The state of a training on disk: written on a signal and every few minutes, read at the start.

A training that goes on from it gives what it would have given without a break, on the same number
of processes: weights, optimiser, schedule, position in the data and random state are all there.
The files hold tensors and numbers and are opened as nothing else (``weights_only``).
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from synth_local.core.files import explain_disk_errors, read_json, write_json
from synth_local.errors import Interrupted
from synth_local.train.pause import Pause

logger = logging.getLogger(__name__)

# several processes agree on stopping this often: asking costs each of them a message
AGREE_EVERY = 16
_STOP, _STORE = 1000.0, 1.0


@dataclass
class Position:
    """How far a training is.

    Attributes:
        losses: of each step that is done, on this process.
        right: rows of each of these steps that the model got right, on this process.
        sizes: rows of each of these steps, over all processes.
        seconds: of wall clock before this process began.
    """

    losses: list[torch.Tensor] = field(default_factory=list)
    right: list[torch.Tensor] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def num_steps(self) -> int:
        """Steps that are done."""
        return len(self.losses)

    @property
    def num_last(self) -> int:
        """Steps in the last tenth of those that are done, 1 at least."""
        return max(1, self.num_steps // 10)

    @property
    def num_rows(self) -> int:
        """Rows that went through, over all steps and processes."""
        return sum(self.sizes)

    def note(self, loss: torch.Tensor, right: torch.Tensor, size: int) -> None:
        """Add a step that was just done."""
        self.losses.append(loss)
        self.right.append(right)
        self.sizes.append(size)


@dataclass(frozen=True)
class Checkpointer:
    """Stores and restores one training.

    Attributes:
        pause: when and where; ``None`` does neither.
        parts: what has a ``state_dict``: model, optimiser, schedule.
    """

    pause: Pause | None
    accelerator: Accelerator
    parts: dict[str, Any]

    def restore(self) -> Position:
        """Return the stored position after loading everything, or the beginning."""
        pause = self.pause
        latest = None if pause is None else read_json(pause.folder / "latest.json")
        if pause is None or latest is None:
            return Position()
        wanted = {"identity": pause.identity, "processes": self.accelerator.num_processes}
        folder = pause.folder / str(latest["folder"])
        if {key: latest[key] for key in wanted} != wanted or not folder.is_dir():
            logger.info("the stored state is of another training or set-up: starting anew")
            return Position()
        device = self.accelerator.device
        shared = torch.load(folder / "shared.pt", map_location=device, weights_only=True)
        own = torch.load(self._own(folder), map_location="cpu", weights_only=True)
        for name, part in self.parts.items():
            part.load_state_dict(shared[name])
        torch.set_rng_state(own["random"])
        if device.type == "cuda":
            torch.cuda.set_rng_state(own["random_cuda"], device)
        losses, right = (list(own[name].to(device)) for name in ("losses", "right"))
        logger.info("going on after step %d", len(losses))
        return Position(losses, right, own["sizes"].tolist(), float(own["seconds"]))

    def maybe_store(self, position: Position, seconds: float) -> None:
        """Store the state where it is time to; stop where a signal asked for it.

        Args:
            position: after the step that was just done.

        Raises:
            Interrupted: a signal asked to stop; the state is stored.
        """
        if self.pause is None:
            return
        stop, store = self._agree(position.num_steps)
        if stop or store:
            self._store(position, seconds)
        if stop:
            raise Interrupted(
                f"stopped after step {position.num_steps}; the state is stored, no step is lost",
                where=self.pause.folder,
                fix="call the same command again to go on",
            )

    def _agree(self, step: int) -> tuple[bool, bool]:
        """Return whether to stop and whether to store, the same on all processes."""
        if self.pause is None:
            return False, False
        stop, store = self.pause.should_stop(), self.pause.is_due
        if self.accelerator.num_processes == 1:
            return stop, store
        if step % AGREE_EVERY:
            return False, False
        is_main = self.accelerator.is_main_process
        wish = _STOP * stop + _STORE * (store and is_main)
        told = torch.tensor(wish, device=self.accelerator.device)
        total = float(self.accelerator.reduce(told, reduction="sum"))
        return total >= _STOP, total % _STOP >= _STORE

    def _store(self, position: Position, seconds: float) -> None:
        pause = self.pause
        assert pause is not None  # noqa: S101 - asked by the only caller
        folder = pause.folder / f"step-{position.num_steps:08d}"
        device = self.accelerator.device
        own = {
            "random": torch.get_rng_state(),
            "losses": torch.stack(position.losses).cpu(),
            "right": torch.stack(position.right).cpu(),
            "sizes": torch.tensor(position.sizes),
            "seconds": seconds,
        }
        if device.type == "cuda":
            own["random_cuda"] = torch.cuda.get_rng_state(device)
        with explain_disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            torch.save(own, self._own(folder))
            if self.accelerator.is_main_process:
                shared = {name: part.state_dict() for name, part in self.parts.items()}
                torch.save(shared, folder / "shared.pt")
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            write_json(
                pause.folder / "latest.json",
                {
                    "identity": pause.identity,
                    "processes": self.accelerator.num_processes,
                    "folder": folder.name,
                },
            )
            for old in pause.folder.glob("step-*"):
                if old != folder:
                    shutil.rmtree(old, ignore_errors=True)
        pause.restart_clock()
        logger.info("state stored after step %d", position.num_steps)

    def _own(self, folder: Path) -> Path:
        return folder / f"process-{self.accelerator.process_index:04d}.pt"
