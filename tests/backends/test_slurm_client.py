"""Slurm's commands, played by small programs first on the path."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from synth_local.backends.slurm.client import (
    DEFAULT_MAX_ARRAY_SIZE,
    WAITS,
    QueuedTask,
    Slurm,
    SlurmError,
    has_slurm,
    require_slurm,
)
from synth_local.errors import EXIT_MACHINE, MachineError

AWAY = "sbatch: error: Unable to contact slurm controller (connect failure)"
LOST = "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"
COMMANDS = ("sbatch", "squeue", "scontrol", "scancel", "sacct")
# answers one call after the other from a file: [exit code, stdout, stderr]; then fails
PROGRAM = """\
#!{python} -S
import json, os, sys
from pathlib import Path
folder = Path({folder!r})
name = Path(sys.argv[0]).name
with open(folder / "calls", "a") as calls:
    calls.write(json.dumps([name, sys.argv[1:], dict(os.environ)]) + "\\n")
answers = json.loads((folder / name).with_suffix(".json").read_text())
if not answers:
    sys.exit(f"{{name}} was not to be called")
code, out, err = answers.pop(0)
(folder / name).with_suffix(".json").write_text(json.dumps(answers))
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


@dataclass
class Cluster:
    """Slurm's commands as programs that give the answers they were told."""

    folder: Path
    waited: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "bin").mkdir()
        for name in COMMANDS:
            path = self.folder / "bin" / name
            text = PROGRAM.format(python=shlex.quote(sys.executable), folder=str(self.folder))
            path.write_text(text)
            path.chmod(0o755)
            self.tell(name)

    @property
    def slurm(self) -> Slurm:
        """The cluster as the package sees it; nobody sleeps."""
        return Slurm(self.waited.append)

    def tell(self, command: str, *answers: tuple[int, str, str]) -> None:
        """Let a command give these answers, one a call."""
        (self.folder / f"{command}.json").write_text(json.dumps(answers))

    @property
    def raw_calls(self) -> list[Any]:
        """Each call: command, arguments, environment."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def calls(self) -> list[list[str]]:
        """Each call as an argument vector."""
        return [[name, *arguments] for name, arguments, _ in self.raw_calls]

    @property
    def names(self) -> list[str]:
        """The commands that were called, in order."""
        return [call[0] for call in self.calls]

    def submit(self, **options: Any) -> str:
        """Submit a script."""
        values = {"dependency": "", "token": "tok-train", "hold": False}
        return self.slurm.submit(Path("/s/train.sh"), Path("/a run"), **{**values, **options})


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return made


def test_the_id_is_what_stands_before_the_clusters_name(cluster: Cluster) -> None:
    cluster.tell("sbatch", (0, "123\n", ""), (0, "124;big\n", "sbatch: a word of welcome\n"))
    assert [cluster.submit(), cluster.submit()] == ["123", "124"]
    assert cluster.waited == []


def test_what_a_script_cannot_say_is_said_on_the_command_line(cluster: Cluster) -> None:
    cluster.tell("sbatch", (0, "1", ""), (0, "2", ""))
    cluster.submit()
    cluster.submit(dependency="afterok:3:4,afterany:5", hold=True)
    plain = ["sbatch", "--parsable", "--chdir=/a run", "--comment=tok-train"]
    assert cluster.calls == [
        [*plain, "/s/train.sh"],
        [*plain, "--dependency=afterok:3:4,afterany:5", "--hold", "/s/train.sh"],
    ]


def test_a_controller_that_is_away_is_asked_again_with_growing_waits(cluster: Cluster) -> None:
    cluster.tell("sbatch", (1, "", AWAY), (1, "", AWAY), (0, "9\n", ""))
    assert cluster.submit() == "9"
    assert cluster.waited == list(WAITS[:2])
    assert cluster.names == ["sbatch"] * 3


def test_a_controller_that_stays_away_ends_in_exit_code_4(cluster: Cluster) -> None:
    cluster.tell("sbatch", *[(1, "", AWAY)] * 9)
    with pytest.raises(SlurmError, match="Unable to contact") as caught:
        cluster.submit()
    assert caught.value.is_away
    assert caught.value.exit_code == EXIT_MACHINE == 4
    assert cluster.waited == list(WAITS)
    assert list(WAITS) == sorted(WAITS)
    assert cluster.names == ["sbatch"] * (len(WAITS) + 1)


def test_a_job_whose_answer_was_lost_is_found_again_and_not_submitted_twice(
    cluster: Cluster,
) -> None:
    cluster.tell("sbatch", (1, "", LOST))
    cluster.tell("squeue", (0, "76|other\n77|tok-train-2\n78|tok-train\n78|tok-train\n79|\n", ""))
    assert cluster.submit() == "78"
    assert cluster.names == ["sbatch", "squeue"]
    assert len(cluster.waited) == 1


def test_a_job_that_was_lost_with_its_answer_is_submitted_again(cluster: Cluster) -> None:
    cluster.tell("sbatch", (1, "", LOST), (0, "80\n", ""))
    cluster.tell("squeue", (0, "78|tok-train-2\n", ""))
    assert cluster.submit() == "80"
    assert cluster.names == ["sbatch", "squeue", "sbatch"]


def test_nothing_is_looked_for_where_the_question_was_lost(cluster: Cluster) -> None:
    cluster.tell("sbatch", (1, "", AWAY), (0, "81", ""))
    cluster.submit()
    assert "squeue" not in cluster.names


def test_a_refused_job_is_not_tried_again(cluster: Cluster) -> None:
    said = "sbatch: error: Batch job submission failed: Invalid account or account/partition"
    cluster.tell("sbatch", (1, "", said))
    with pytest.raises(SlurmError, match="Invalid account") as caught:
        cluster.submit()
    assert not caught.value.is_away
    assert caught.value.exit_code == EXIT_MACHINE
    assert "site file" in caught.value.fix
    assert cluster.names == ["sbatch"]


def test_tasks_of_arrays_are_listed_by_the_arrays_own_id(cluster: Cluster) -> None:
    rows = [
        "12|0|RUNNING|None",
        "12|1|PENDING|Resources",
        "12|10|COMPLETED|None",
        "13|N/A|PENDING|Dependency",
        "14|N/A|FAILED|NonZeroExitCode",
        "15|N/A|PENDING|a|b",
    ]
    cluster.tell("squeue", (0, "\n".join(rows), ""))
    assert cluster.slurm.list_tasks() == {
        "12_0": QueuedTask("RUNNING", "None"),
        "12_1": QueuedTask("PENDING", "Resources"),
        "12_10": QueuedTask("COMPLETED", "None"),
        "13": QueuedTask("PENDING", "Dependency"),
        "14": QueuedTask("FAILED", "NonZeroExitCode"),
        "15": QueuedTask("PENDING", "a|b"),
    }
    assert len(cluster.calls) == 1
    assert {"-r", "-h", "all"} <= set(cluster.calls[0])


def test_a_controller_that_hangs_up_does_not_end_the_command(cluster: Cluster) -> None:
    path = cluster.folder / "bin" / "squeue"
    path.write_text("#!/bin/sh\nkill -PIPE $$\necho '12|0|RUNNING|None'\n")
    assert cluster.slurm.list_tasks() == {"12_0": QueuedTask("RUNNING", "None")}


def test_what_has_ended_is_not_active(cluster: Cluster) -> None:
    ended = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL")
    active = ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "REQUEUED")
    rows = [f"{number}|N/A|{state}|None" for number, state in enumerate((*ended, *active))]
    cluster.tell("squeue", (0, "\n".join(rows), ""))
    assert [task.state for task in cluster.slurm.list_active().values()] == list(active)


@pytest.mark.parametrize("patient", [False, True])
def test_only_who_is_patient_waits_for_the_queue(cluster: Cluster, patient: bool) -> None:
    cluster.tell("squeue", (1, "", "slurm_load_jobs error: " + AWAY), (0, "1|N/A|RUNNING|None", ""))
    if patient:
        assert list(cluster.slurm.list_active(patient=True)) == ["1"]
        assert cluster.waited == [WAITS[0]]
    else:
        with pytest.raises(SlurmError):
            cluster.slurm.list_active()
        assert cluster.waited == []


def test_settings_of_a_users_own_do_not_reach_slurms_commands(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SBATCH_ACCOUNT", "SBATCH_NO_REQUEUE", "SQUEUE_FORMAT", "SCANCEL_STATE"):
        monkeypatch.setenv(name, "x")
    for name in ("SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("SLURM_CONF", "/etc/slurm/other.conf")
    monkeypatch.setenv("SLURM_CLUSTERS", "big")
    cluster.tell("sbatch", (0, "1", ""))
    cluster.tell("squeue", (0, "", ""))
    cluster.submit()
    cluster.slurm.list_tasks()
    for _, _, environment in cluster.raw_calls:
        kept = {name for name in environment if name.startswith(("SBATCH_", "SQUEUE_", "SLURM_"))}
        assert kept == {"SLURM_CONF", "SLURM_CLUSTERS"}
        assert "SCANCEL_STATE" not in environment
        assert environment["SLURM_CONF"] == "/etc/slurm/other.conf"


def test_jobs_are_ended_in_one_call_and_none_in_no_call(cluster: Cluster) -> None:
    cluster.tell("scancel", (0, "", ""))
    cluster.slurm.cancel([])
    cluster.slurm.cancel(["1", "2", "3"])
    assert cluster.calls == [["scancel", "--quiet", "1", "2", "3"]]


def test_a_held_job_is_released_as_soon_as_somebody_answers(cluster: Cluster) -> None:
    cluster.tell("scontrol", (1, "", AWAY), (0, "", ""))
    cluster.slurm.release("5")
    assert cluster.calls == [["scontrol", "release", "5"]] * 2


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("MailProg = /bin/mail\nMaxArraySize            = 4001\nMaxDBDMsgs = 1\n", 4001),
        ("MailProg = /bin/mail\n", DEFAULT_MAX_ARRAY_SIZE),
        ("MaxArraySize = (null)\n", DEFAULT_MAX_ARRAY_SIZE),
    ],
)
def test_the_cluster_is_asked_how_large_an_array_may_be(
    cluster: Cluster, said: str, wanted: int
) -> None:
    cluster.tell("scontrol", (0, said, ""))
    assert cluster.slurm.max_array_size() == wanted


def test_accounts_are_never_asked(cluster: Cluster) -> None:
    for name in COMMANDS[:-1]:
        cluster.tell(name, *[(0, "", "")] * 9)
    slurm = cluster.slurm
    calls: list[Callable[[], object]] = [cluster.submit, slurm.list_tasks, slurm.list_active]
    calls += [slurm.max_array_size, lambda: slurm.cancel(["1"]), lambda: slurm.release("1")]
    for call in calls:
        call()
    assert len(cluster.names) == len(calls)
    assert "sacct" not in cluster.names


def test_a_machine_without_slurm_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not has_slurm()
    with pytest.raises(MachineError, match="no Slurm") as caught:
        require_slurm()
    assert "--dry-run" in caught.value.fix
    with pytest.raises(SlurmError, match="there is no squeue"):
        Slurm().list_tasks()


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (
            "sbatch: error: resolve_ctls_from_dns_srv: res_nsearch error: Unknown host\n"
            "sbatch: fatal: Could not establish a configuration source",
            "SLURM_CONF",
        ),
        (
            "sbatch: error: s_p_parse_file: unable to status file /etc/slurm/slurm.conf",
            "SLURM_CONF",
        ),
        ("sbatch: error: Munge encode failed: Failed to access socket", "MUNGE"),
        ("Invalid account or account/partition combination specified", "account"),
        ("sbatch: error: invalid partition specified: gpuu", "sinfo -s"),
        ("Batch job submission failed: Invalid partition name specified", "sinfo -s"),
        ("Batch job submission failed: Invalid qos specification", "qos"),
        ("Invalid generic resource (gres) specification", "gres"),
        ("Requested time limit is invalid (missing or exceeds some limit)", "time of the stage"),
        ("Invalid job array specification", "array.max_index"),
        ("Job violates accounting/QOS policy (job submit limit, user's size)", "fewer shards"),
        ("Requested node configuration is not available", "cpus, memory"),
        ("Memory specification can not be satisfied", "memory of the stage"),
        ("Invalid feature specification", "--constraint"),
        ("User's group not permitted to use this partition", "another partition or account"),
        ("sbatch: unrecognized option '--oops'", "options"),
        ("something new", "what Slurm says"),
    ],
)
def test_a_refusal_comes_with_the_fix_for_its_cause(
    cluster: Cluster, said: str, named: str
) -> None:
    cluster.tell("sbatch", (1, "", said))
    with pytest.raises(SlurmError) as caught:
        cluster.submit()
    assert named in caught.value.fix
    assert cluster.waited == []


def test_a_controller_that_is_away_is_not_blamed_on_the_site_file(cluster: Cluster) -> None:
    cluster.tell("squeue", (1, "", AWAY))
    with pytest.raises(SlurmError) as caught:
        cluster.slurm.list_tasks()
    assert "site file" not in caught.value.fix


def test_words_of_slurm_in_another_encoding_and_without_end_are_told_in_few(
    cluster: Cluster,
) -> None:
    (cluster.folder / "bin" / "squeue").write_text(
        "#!/bin/bash\nprintf '\\xff%.0s' {1..9000} >&2; exit 1\n"
    )
    with pytest.raises(SlurmError) as caught:
        cluster.slurm.list_tasks()
    assert len(str(caught.value)) < 1300


def test_a_command_of_slurms_that_does_not_start_is_named(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(cluster.folder / "bin"))
    (cluster.folder / "bin" / "squeue").write_bytes(b"\x7fELF")
    with pytest.raises(SlurmError, match="squeue does not start"):
        cluster.slurm.list_tasks()
