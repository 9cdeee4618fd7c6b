"""What stands at the other end of stdout and stderr never ends a command with a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from synth_local.cli import streams
from synth_local.cli.main import main
from synth_local.cli.options import check_folder
from synth_local.cli.streams import _Guarded, _open_guarded, print_json, wants_color
from synth_local.errors import EXIT_CONFIG, EXIT_MACHINE, ConfigError, MachineError
from tests.pipeline.conftest import SmallRun, make_small_run

LABELS = ["позитив", "негатив", "陽性", "😀", "café", "\ud800"]


def call(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which $SL is the command line."""
    env = {**os.environ, "SL": f"{sys.executable} -m synth_local", **environment}
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=env
    )


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("$SL --help > /dev/full", EXIT_MACHINE, "cannot write to stdout"),
        ("$SL --help >&-", 0, ""),
        ("$SL --help 2>&- >&-", 0, ""),
        ("$SL plan nowhere.yaml 2> /dev/full", EXIT_CONFIG, ""),
        ("$SL plan nowhere.yaml 2>&-", EXIT_CONFIG, ""),
        ("$SL --help | true; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)
def test_an_end_that_takes_nothing_leaves_no_traceback_and_the_code_of_the_command(
    command: str, code: int, said: str
) -> None:
    done = call(command)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert bool(said) == bool(done.stderr)
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_left_does_not_end_the_work() -> None:
    read, write = os.pipe()
    os.close(read)
    stream = io.TextIOWrapper(io.BufferedWriter(_Guarded(write, "stdout")))
    print("first", file=stream, flush=True)
    print("second", file=stream, flush=True)
    os.close(write)


def test_a_full_disk_under_stdout_is_said_once_and_not_again_at_the_end() -> None:
    with Path("/dev/full").open("wb") as full:
        stream = io.TextIOWrapper(io.BufferedWriter(_Guarded(full.fileno(), "stdout")))
        with pytest.raises(MachineError, match="cannot write to stdout"):
            print("words", file=stream, flush=True)
        stream.flush()


def test_a_full_disk_under_stderr_is_not_an_error_of_its_own() -> None:
    with Path("/dev/full").open("wb") as full:
        stream = io.TextIOWrapper(io.BufferedWriter(_Guarded(full.fileno(), "stderr")))
        print("words", file=stream, flush=True)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "koi8-r", "utf-8"])
def test_a_character_that_the_encoding_lacks_becomes_a_question_mark(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding=encoding) as file:
        stream = _open_guarded(file.fileno(), "stdout", file)
        print(*LABELS, "plain", file=stream, flush=True)
    shown = path.read_bytes().decode(encoding)
    assert shown.split()[-1] == "plain"
    assert "?" in shown


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
def test_json_holds_every_label_whatever_the_encoding(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding=encoding) as file, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", _open_guarded(file.fileno(), "stdout", file))
        print_json(LABELS)
    assert (
        json.loads(path.read_text(encoding="utf-8" if encoding == "ascii" else encoding)) == LABELS
    )


def test_labels_in_another_script_are_planned_on_a_terminal_without_it(tmp_path: Path) -> None:
    small = make_small_run(tmp_path)
    for name in ("weather.yaml", "train.jsonl", "test.jsonl"):
        text = (tmp_path / name).read_text().replace("sunny", "солнечно")
        (tmp_path / name).write_text(text)
    env = {"SYNTH_LOCAL_MODELS": str(tmp_path / "models"), "PYTHONIOENCODING": "latin-1"}
    done = call(f"$SL plan {small.run_file} --out {small.out}", **env)
    assert done.returncode == 0, done.stderr
    assert "labels ????????, rainy" in done.stdout


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"NO_COLOR": ""}, None),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm"}, None),
    ],
)
def test_colours_are_left_out_where_the_user_wants_none(
    environment: dict[str, str], expected: bool | None
) -> None:
    assert wants_color(environment) is expected


@pytest.mark.parametrize(
    ("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "xterm")]
)
def test_every_command_heeds_the_wish_for_no_colours(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(
        "synth_local.cli.inspect_commands.doctor.callback", lambda **_: _paint(shown)
    )
    assert main(["doctor"]) == 0
    assert ("\x1b[" in shown.getvalue()) == (value == "xterm")


def _paint(shown: io.StringIO) -> int:
    click.secho("words", bold=True, file=shown)
    return 0


def test_a_line_is_not_written_over_on_a_terminal_that_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert not streams.can_redraw()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    run = make_small_run(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return run


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize(
    "out", ["file", "file/below", "file/far/below", "link", "link/below", "loop"]
)
def test_an_out_that_cannot_be_a_folder_is_refused_with_a_fix(
    small: SmallRun, command: str, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (small.folder / "file").write_text("mine")
    (small.folder / "link").symlink_to("nowhere")
    (small.folder / "loop").symlink_to("loop")
    assert main([command, "run.yaml", "--out", out]) == EXIT_CONFIG
    said = capsys.readouterr().err
    assert "--out" in said
    assert "fix: name a folder" in said
    assert (small.folder / "file").read_text() == "mine"


def test_an_out_whose_name_is_too_long_is_refused_in_few_words() -> None:
    with pytest.raises(ConfigError) as caught:
        check_folder(Path("x" * 5000), "--out")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "error", [PermissionError(13, "no", "f"), OSError(24, "many"), MemoryError()]
)
def test_what_the_operating_system_refuses_is_no_bug_of_ours(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> int:
        raise error

    monkeypatch.setattr("synth_local.cli.inspect_commands.doctor.callback", refuse)
    assert main(["doctor"]) == EXIT_MACHINE
    assert "bug" not in capsys.readouterr().err


def test_a_bug_is_told_in_few_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> int:
        raise RuntimeError("text " * 10_000)

    monkeypatch.setattr("synth_local.cli.inspect_commands.doctor.callback", fail)
    assert main(["doctor"]) == 70
    assert len(capsys.readouterr().err) < 600
