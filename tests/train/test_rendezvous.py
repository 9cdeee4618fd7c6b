"""What PyTorch asks for, from what Slurm says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.errors import MachineError
from synth_local.train.rendezvous import choose_port, find_first_host, meet_under_slurm

STEP = {
    "SLURM_JOB_ID": "412",
    "SLURM_STEP_ID": "0",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
    "SLURM_STEP_NODELIST": "n[1-2]",
    "SLURM_LAUNCH_NODE_IPADDR": "10.0.0.7",
    "SLURM_PROCID": "3",
    "SLURM_LOCALID": "1",
    "SLURM_NODEID": "1",
}
SET = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def meet(**changes: str | None) -> dict[str, str]:
    """Return what is set, after changes of what Slurm says; ``None`` takes a variable away."""
    environment = {name: value for name, value in {**STEP, **changes}.items() if value is not None}
    before = dict(environment)
    meet_under_slurm(environment)
    assert {name: environment[name] for name in before} == before
    return {name: value for name, value in environment.items() if name not in before}


def test_a_process_of_srun_learns_its_place_among_the_others() -> None:
    found = meet()
    assert 20_000 <= int(found.pop("MASTER_PORT")) < 32_768
    assert found == {
        "RANK": "3",
        "WORLD_SIZE": "4",
        "LOCAL_RANK": "1",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "10.0.0.7",
    }


def test_a_batch_script_is_one_process_although_it_has_several_tasks() -> None:
    assert meet(SLURM_STEP_NUM_TASKS=None, SLURM_NTASKS="4", SLURM_NPROCS="4") == {}


@pytest.mark.parametrize("number", ["1", ""])
def test_a_step_of_one_process_is_left_alone(number: str) -> None:
    assert meet(SLURM_STEP_NUM_TASKS=number) == {}


def test_outside_slurm_nothing_is_set() -> None:
    environment = {"PATH": "/bin"}
    meet_under_slurm(environment)
    assert environment == {"PATH": "/bin"}


def test_another_launchers_word_stands() -> None:
    assert meet(RANK="0") == {}


def test_an_address_that_the_site_gives_stands() -> None:
    found = meet(MASTER_ADDR="ib-n1", MASTER_PORT="29500")
    assert sorted(found) == ["LOCAL_RANK", "LOCAL_WORLD_SIZE", "RANK", "WORLD_SIZE"]


@pytest.mark.parametrize(
    ("counts", "node", "wanted"),
    [
        ("2(x3),1", "0", "2"),
        ("2(x3),1", "2", "2"),
        ("2(x3),1", "3", "1"),
        ("4", "0", "4"),
        ("1,3(x2),12", "2", "3"),
        ("1,3(x2),12", "3", "12"),
    ],
)
def test_tasks_are_counted_node_by_node(counts: str, node: str, wanted: str) -> None:
    found = meet(SLURM_STEP_TASKS_PER_NODE=counts, SLURM_NODEID=node)
    assert found["LOCAL_WORLD_SIZE"] == wanted


@given(st.integers(1, 2**31), st.integers(0, 10_000))
def test_all_processes_of_a_step_take_one_port_that_no_outgoing_connection_takes(
    job: int, step: int
) -> None:
    ids = {"SLURM_JOB_ID": str(job), "SLURM_STEP_ID": str(step)}
    ports = {
        choose_port({**STEP, **ids, "SLURM_PROCID": str(rank), "SLURM_NODEID": str(rank % 2)})
        for rank in range(4)
    }
    assert len(ports) == 1
    assert 20_000 <= ports.pop() < 32_768


def test_steps_and_jobs_that_follow_each_other_take_different_ports() -> None:
    ids = [(str(job), str(step)) for job in range(100, 200) for step in range(3)]
    ports = {choose_port({"SLURM_JOB_ID": job, "SLURM_STEP_ID": step}) for job, step in ids}
    assert len(ports) == len(ids)


@pytest.mark.parametrize("address", [None, "", "0.0.0.0"])  # noqa: S104 - what srun says
def test_without_an_address_the_first_host_of_the_step_is_asked_of_slurm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    program = tmp_path / "scontrol"
    program.write_text('#!/bin/sh\n[ "$*" = "show hostnames n[1-2]" ] && printf "n1\\nn2\\n"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert meet(SLURM_LAUNCH_NODE_IPADDR=address)["MASTER_ADDR"] == "n1"


def test_a_name_that_resolves_is_taken_before_the_address_of_whoever_called_srun() -> None:
    assert meet(SLURM_STEP_NODELIST="localhost")["MASTER_ADDR"] == "localhost"
    assert meet(SLURM_STEP_NODELIST="no-such-host.invalid")["MASTER_ADDR"] == "10.0.0.7"


def test_a_step_whose_first_host_nobody_knows_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="node process 0") as caught:
        find_first_host({"SLURM_STEP_NODELIST": "n[1-2]"})
    assert "MASTER_ADDR" in caught.value.fix
    assert "n[1-2]" in caught.value.what


def test_every_variable_that_is_set_is_one_that_pytorch_reads() -> None:
    assert sorted(meet()) == sorted(SET)
