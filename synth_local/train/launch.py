"""How many processes train together, and refusing a launch that gives fewer than were asked for.

``accelerate launch --cpu --num_processes 2`` starts one process without a word (accelerate 1.15):
it sets the address of a meeting point but no rank. ``python -m torch.distributed.run`` sets both.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from synth_local.errors import MachineError

_FIX = (
    "start several processes on CPUs with\n"
    "python -m torch.distributed.run --standalone --nproc-per-node 2 -m synth_local step ...\n"
    "(accelerate launch is fine on GPUs, and for one process)"
)
# What accelerate's launcher leaves behind whatever its arguments are.
_LAUNCHER_MARK = "ACCELERATE_DYNAMO_BACKEND"
_RANKS = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")


def check_launch(num_processes: int, environment: Mapping[str, str] | None = None) -> None:
    """Refuse to train where the launcher promised more processes than there are.

    Args:
        num_processes: that have met, as the Accelerator says.
        environment: of this process; ``None`` is its real one.

    Raises:
        MachineError: fewer processes have met than were asked for.
    """
    variables = os.environ if environment is None else environment
    has_rank = any(name in variables for name in _RANKS)
    if _LAUNCHER_MARK in variables and "MASTER_PORT" in variables and not has_rank:
        raise MachineError(
            "accelerate launch was asked for several processes and started only this one", fix=_FIX
        )
    world = variables.get("WORLD_SIZE", "1")
    if world.isdigit() and int(world) > num_processes:
        raise MachineError(
            f"WORLD_SIZE is {world}, but {num_processes} process(es) train together", fix=_FIX
        )


def is_main_process() -> bool:
    """Return whether this process is the one that writes; needs no heavy library."""
    return all(os.environ.get(name, "0") == "0" for name in _RANKS)


def count_processes() -> int:
    """Return how many processes were started to train together; needs no heavy library."""
    world = os.environ.get("WORLD_SIZE", "1")
    return int(world) if world.isdigit() else 1
