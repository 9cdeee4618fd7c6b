from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from synth_local.cli.main import cli, main
from tests.conftest import NAMESPACE
from tests.pipeline.conftest import SmallRun, make_small_run

INSIDE = "SYNTH_LOCAL_TEST_INSIDE"  # set for a test that starts itself again in a namespace
# The command line is frozen: a new flag needs a reason, since settings belong into the run file.
FLAGS = {
    "init": {"directory"},
    "plan": {"run_file", "out", "as_json"},
    "preview": {"run_file", "num_rows"},
    "run": {"run_file", "out", "until", "engine"},
    "submit": {"run_file", "site_file", "out", "dry_run"},
    "cancel": {"directory"},
    "status": {"directory", "as_json"},
    "verify": {"directory"},
    "report": {"directory", "show_real", "text"},
    "advise": {"task_file", "evidence", "more_evidence", "margin", "as_json"},
    "compare": {"directories", "as_json"},
    "doctor": {"offline"},
    "export": {"directory", "file", "chosen"},
    "replay": {"directory", "sample", "as_json"},
    "step": {"stage", "run_dir", "shard", "generator"},
    "models list": set(),
    "models show": {"name"},
    "models check": {"name"},
    "models get": {"names", "allow_network", "out"},
    "models add": {"path", "name", "out", "link"},
    "models tiny": {"tasks", "out", "minutes", "tokens", "size", "seed", "source"},
}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    run = make_small_run(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return run


def test_the_flags_are_those_that_the_contract_lists() -> None:
    found: dict[str, set[str]] = {}
    for name, command in cli.commands.items():
        members = command.commands if isinstance(command, click.Group) else {"": command}
        for sub, one in members.items():
            found[f"{name} {sub}".strip()] = {parameter.name or "" for parameter in one.params}
    assert found == FLAGS


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from synth_local.cli.main import main\n"
        "main(['--help'])\n"
        "heavy = {'torch', 'numpy', 'pyarrow', 'transformers', 'sklearn', 'jinja2', 'yaml'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_plan_shows_the_matrix_and_writes_nothing(
    small: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "run.yaml", "--out", "out"]) == 0
    shown = capsys.readouterr().out
    assert "weather / fake-a / few_shot" in shown
    assert "weather__synthetic__fake-a__zero_shot__tfidf-logreg__n80__s0" in shown
    assert not small.out.exists()


def test_plan_names_all_problems_of_a_run_file_at_once(
    small: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    small.change(perlabel=3, train={"epoch": 3}, seeds=[0, 0])
    assert main(["plan", "run.yaml"]) == 2
    shown = capsys.readouterr().err
    assert "perlabel: unknown key (did you mean 'per_label'?)" in shown
    assert "train.epoch: unknown key (did you mean 'epochs'?)" in shown
    assert "line" in shown


def test_preview_shows_prompts_and_stores_nothing(
    small: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["preview", "run.yaml", "-n", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Answer with the text alone.") >= 8
    assert shown.count("== weather / fake-a / zero_shot") == 4
    assert not (small.folder / "runs").exists()


def break_label(small: SmallRun) -> None:
    with (small.folder / "train.jsonl").open("a") as handle:
        handle.write('{"text": "Fog", "label": "suny"}\n')


def break_column(small: SmallRun) -> None:
    path = small.folder / "weather.yaml"
    task = yaml.safe_load(path.read_text())
    task["data"]["text"] = "body"
    path.write_text(yaml.safe_dump(task, sort_keys=False))


def break_file(small: SmallRun) -> None:
    (small.folder / "test.jsonl").write_text("")


def break_data_path(small: SmallRun) -> None:
    (small.folder / "train.jsonl").unlink()


def break_weights(small: SmallRun) -> None:
    (small.folder / "models" / "fake-a" / "config.json").write_text('{"model_type": "llama"}')


def break_model(small: SmallRun) -> None:
    small.change(generators=["nobody"])


def break_task_path(small: SmallRun) -> None:
    small.change(tasks=["wether.yaml"])


def break_per_label(small: SmallRun) -> None:
    small.change(per_label={"sunny": 3})


@pytest.mark.parametrize(
    ("breakage", "code", "words"),
    [
        (break_label, 3, ["'suny'", "train.jsonl:201", "did you mean 'sunny'"]),
        (break_column, 3, ["body", "text"]),
        (break_file, 3, ["test.jsonl"]),
        (break_data_path, 3, ["train.jsonl", "SYNTH_LOCAL_DATA"]),
        (break_weights, 4, ["fake-a"]),
        (break_model, 4, ["nobody", "models tiny"]),
        (break_task_path, 2, ["wether.yaml"]),
        (break_per_label, 2, ["rainy"]),
    ],
)
def test_bad_input_names_what_where_and_fix(
    small: SmallRun,
    capsys: pytest.CaptureFixture[str],
    breakage: object,
    code: int,
    words: list[str],
) -> None:
    breakage(small)  # type: ignore[operator]
    assert main(["run", "run.yaml", "--out", "out"]) == code
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert "Traceback" not in shown
    for word in words:
        assert word in shown
    assert not (small.out / "corpora").exists()


@pytest.mark.parametrize("shard", ["1/1", "-1/2", "x", "3", "1/0"])
def test_a_wrong_shard_is_refused(small: SmallRun, shard: str) -> None:
    small.out.mkdir()
    assert main(["step", "generate", "--run", "out", "--shard", shard]) == 2


def test_a_folder_that_is_no_run_directory_is_refused(
    small: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    small.out.mkdir()
    for command in ("status", "verify", "report"):
        assert main([command, "out"]) == 2
        assert "run.yaml" in capsys.readouterr().err


def test_run_refuses_a_directory_with_live_jobs(
    small: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        import socket  # noqa: PLC0415

        from synth_local.core.files import write_json  # noqa: PLC0415
        from synth_local.store.markers import _start_time  # noqa: PLC0415

        write_json(
            small.out / "work" / "live" / "x.json",
            {
                "job": "run",
                "pid": sleeper.pid,
                "host": socket.gethostname(),
                "started": _start_time(sleeper.pid),
            },
        )
        assert main(["run", "run.yaml", "--out", "out"]) == 2
        assert str(sleeper.pid) in capsys.readouterr().err
    finally:
        sleeper.kill()
        sleeper.wait()


@pytest.mark.slow
@pytest.mark.tmpfs
def test_a_full_disk_is_the_machines_problem_and_loses_nothing(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if not os.environ.get(INSIDE):
        here = [sys.executable, "-m", "pytest", request.node.nodeid, "--basetemp", str(tmp_path)]
        again = subprocess.run(
            [*NAMESPACE, *here],
            env={**os.environ, INSIDE: "1"},
            cwd=request.config.rootpath,
            capture_output=True,
            text=True,
            check=False,
        )
        assert again.returncode == 0, again.stdout
        return
    small = make_small_run(tmp_path / "home", per_step=4)
    small.change(per_label=4000)
    small.out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small.out)]
    subprocess.run(mount, check=True)
    try:
        result = small.run("--until", "generate")
        assert result.returncode == 4, result.stderr
        assert "No space left" in result.stderr
        from synth_local.store.ledger import read_ledger  # noqa: PLC0415

        ledger = small.out / "work" / "generate" / "weather" / "fake-a"
        before = {name: read_ledger(ledger / name) for name in ("zero_shot", "few_shot")}
        assert sum(map(len, before.values())) > 100
        subprocess.run(["mount", "-o", "remount,size=60m", str(small.out)], check=True)
        small.change(per_label=100)
        assert small.run("--until", "curate").returncode == 0
        after = read_ledger(ledger / "zero_shot")
        assert before["zero_shot"].items() <= after.items()
        assert small.call("verify", str(small.out)).returncode == 0
    finally:
        subprocess.run(["umount", str(small.out)], check=False)
