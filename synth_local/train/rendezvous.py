"""Where the processes of one training meet when Slurm's ``srun`` has started them.

PyTorch and Accelerate ask for RANK, WORLD_SIZE, MASTER_ADDR and the like; Slurm says the same in
words of its own. No launcher is needed, on one node or several.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Mapping, MutableMapping

from synth_local.errors import MachineError

FIRST_PORT, NUM_PORTS = 20_000, 12_000  # below the range that kernels take for outgoing connections


def meet_under_slurm(environment: MutableMapping[str, str]) -> None:
    """Set what PyTorch asks for, where ``srun`` started several processes; else nothing.

    A batch script itself has SLURM_NTASKS too and is one process: only ``srun`` sets
    SLURM_STEP_NUM_TASKS.

    Raises:
        MachineError: Slurm does not say where the first process runs.
    """
    num_tasks = environment.get("SLURM_STEP_NUM_TASKS", "1")
    if num_tasks in ("", "1") or "RANK" in environment:
        return
    environment["RANK"] = environment["SLURM_PROCID"]
    environment["WORLD_SIZE"] = num_tasks
    environment["LOCAL_RANK"] = environment.get("SLURM_LOCALID", "0")
    environment["LOCAL_WORLD_SIZE"] = _tasks_here(environment)
    environment.setdefault("MASTER_ADDR", find_first_host(environment))
    environment.setdefault("MASTER_PORT", str(choose_port(environment)))


def choose_port(environment: Mapping[str, str]) -> int:
    """Return the port where the processes of one job step meet, the same for all of them."""
    job, step = (int(environment.get(f"SLURM_{name}_ID", "0")) for name in ("JOB", "STEP"))
    return FIRST_PORT + (job * 31 + step) % NUM_PORTS


def find_first_host(environment: Mapping[str, str]) -> str:
    """Return the address of the node of process 0.

    Its name, where names of nodes resolve. Where they do not, the address by which nodes reach the
    caller of ``srun``: in a batch script that is the first node.

    Args:
        environment: of a process that ``srun`` started.

    Raises:
        MachineError: Slurm says neither.
    """
    nodes = environment.get("SLURM_STEP_NODELIST", "")
    name = _name_first_host(nodes)
    if name and _resolves(name):
        return name
    address = environment.get("SLURM_LAUNCH_NODE_IPADDR", "")
    if address and address != "0.0.0.0":  # noqa: S104 - not an address to bind to
        return address
    if name:
        return name
    raise MachineError(
        f"Slurm does not say on which node process 0 runs (SLURM_STEP_NODELIST is {nodes!r})",
        fix="export MASTER_ADDR in the site file's prologue",
    )


def _name_first_host(nodes: str) -> str:
    if not nodes or "[" not in nodes:
        return nodes.partition(",")[0]
    try:
        found = subprocess.run(  # noqa: S603
            ["scontrol", "show", "hostnames", nodes],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return ""
    return found[0] if found else ""


def _resolves(name: str) -> bool:
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return False
    return True


def _tasks_here(environment: Mapping[str, str]) -> str:
    """Return the number of this node's processes: ``2(x3),1`` is 2 on three nodes, then 1."""
    counts: list[str] = []
    for part in environment.get("SLURM_STEP_TASKS_PER_NODE", "1").split(","):
        count, _, times = part.partition("(x")
        counts += [count] * int(times.rstrip(")") or 1)
    node = int(environment.get("SLURM_NODEID", "0"))
    return counts[node] if node < len(counts) else "1"
