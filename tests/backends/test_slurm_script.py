"""Batch scripts as text: what is rendered, and that nothing in it can be misread.

After a change that is meant: ``SYNTH_LOCAL_UPDATE_GOLDEN=1 pytest tests/backends`` and a look at
what git shows.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from synth_local.backends.slurm.script import Place, describe_place, render_script
from synth_local.config import SiteConfig
from synth_local.core.places import find_shipped
from synth_local.errors import ConfigError
from synth_local.version import __version__
from tests.backends.made_scripts import Bench, make_part, render_example

GOLDEN = find_shipped("slurm") / "golden"
UPDATE = bool(os.environ.get("SYNTH_LOCAL_UPDATE_GOLDEN"))
HOSTILE = [
    "two words",
    "quote ' and \"",
    "$(touch pwned)",
    "`touch pwned`",
    "a; touch pwned; b",
    "%j-%A",
    "# no comment",
    "--help",
    "ä 日本",
    "*?[a]&|<>",
]


def normalise(text: str) -> str:
    return text.replace(f"Written by synth-local {__version__};", "Written by synth-local VERSION;")


def list_options(script: str) -> list[str]:
    """Return the options as Slurm reads them: quotes, backslashes and comments as in a shell."""
    lines = [line for line in script.splitlines() if line.startswith("#SBATCH ")]
    words = [shlex.split(line.removeprefix("#SBATCH "), comments=True) for line in lines]
    assert all(len(one) == 1 for one in words), "an option is not one word"
    return [one[0] for one in words]


def test_the_scripts_of_the_example_are_the_stored_ones() -> None:
    scripts = {name: normalise(text) for name, text in render_example().items()}
    if UPDATE:
        shutil.rmtree(GOLDEN, ignore_errors=True)
        GOLDEN.mkdir()
        for name, text in scripts.items():
            (GOLDEN / f"{name}.sh").write_text(text, encoding="utf-8")
    stored = {path.stem: path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.sh")}
    assert sorted(scripts) == sorted(stored)
    for name, text in scripts.items():
        assert text == stored[name], name


def test_the_example_has_every_kind_of_script() -> None:
    assert set(render_example()) == {
        "prepare",
        "generate-tiny-a-r0",
        "curate-tiny-a-r0",
        "generate-tiny-a-r1",
        "curate-tiny-a-r1",
        "measure-tiny-a",
        "train-p0",
        "train-p1",
        "evaluate",
    }


def test_no_path_of_this_machine_stands_in_a_script() -> None:
    for text in render_example().values():
        assert str(Path.cwd()) not in text
        assert str(Path.home()) not in text.replace("/home/someone", "")


def test_bash_can_read_every_script(tmp_path: Path) -> None:
    for name, text in render_example().items():
        path = tmp_path / f"{name}.sh"
        path.write_text(text)
        found = subprocess.run(["bash", "-n", str(path)], capture_output=True, check=False)
        assert (found.returncode, found.stderr) == (0, b""), name


@pytest.mark.slow
@pytest.mark.shellcheck
def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    scripts = render_example()
    paths = [tmp_path / f"{name}.sh" for name in scripts]
    for path in paths:
        path.write_text(scripts[path.stem])
    plain = tmp_path / "plain.sh"  # without a site's own lines, and without requeueing
    site = SiteConfig.model_validate({"python": "/bin/python", "requeue": {"allowed": False}})
    plain.write_text(render_script(make_part(("train",), num_shards=3), site, make_place("/run")))
    # below warnings: values in single quotes, functions that only a trap calls
    command = ["shellcheck", "-s", "bash", "-S", "warning", *map(str, paths)]
    found = subprocess.run([*command, str(plain)], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def make_place(run: str) -> Place:
    return Place(Path(run), Path("/work"), {}, "synth-local submit run.yaml")


@pytest.mark.parametrize("name", [*HOSTILE, "!$x"])
def test_no_option_in_a_script_depends_on_a_hostile_run_directory(name: str) -> None:
    part = make_part(("train",), num_shards=2)
    options = list_options(render_script(part, SiteConfig(), make_place(f"/{name}")))
    plain = list_options(render_script(part, SiteConfig(), make_place("/plain")))
    assert options[1:] == plain[1:]
    assert "--output=logs/train-%A-%a.out" in options
    assert re.fullmatch(r"--job-name=[A-Za-z0-9_.+-]+\.train", options[0])


def test_options_of_the_site_come_last_and_every_option_stands_once() -> None:
    for script in render_example().values():
        options = list_options(script)
        assert options[-2:] == ["--constraint=a100&nvlink", "--exclusive"]
        names = [one.partition("=")[0] for one in options]
        assert len(set(names)) == len(names)
        # nothing is an option once a command has been read
        assert "#SBATCH" not in script.partition("set -eo pipefail")[2]


def test_gpus_are_asked_for_per_node_and_by_the_sites_own_name() -> None:
    scripts = render_example()
    assert "--gres=gpu:a100:1" in list_options(scripts["generate-tiny-a-r0"])
    assert "--gres=gpu:2" in list_options(scripts["train-p0"])
    assert not [one for one in list_options(scripts["prepare"]) if one.startswith("--gres")]


def test_a_job_of_several_processes_is_started_by_srun_and_ends_as_a_whole() -> None:
    scripts = render_example()
    assert "srun --kill-on-bad-exit=1 /shared/envs" in scripts["train-p0"]
    assert all("srun --" not in text for name, text in scripts.items() if "train" not in name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_run_directory_reaches_the_step_as_it_is(tmp_path: Path, name: str) -> None:
    bench = Bench(tmp_path, run_name=name, site={"environment": {"ODD": name}})
    bench.body = 'with open(os.environ["STUB_STEPS"], "a") as log:\n'
    bench.body += '    log.write(json.dumps([os.environ["ODD"], os.getcwd()]) + "\\n")'
    part = make_part(("train", name), num_shards=1)
    bench.variables = {"SLURM_ARRAY_JOB_ID": "6", "SLURM_ARRAY_TASK_ID": "0"}
    code, said = bench.finish(part)
    assert (code, said) == (0, "")
    words = ["-m", "synth_local", "step", "train", name, "--run", str(bench.run)]
    assert bench.steps == [[*words, "--shard", "0/1"], [name, str(bench.run)]]
    assert bench.mark("6_0.ended") == "0"
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_folders_of_the_site_are_words_too(tmp_path: Path, name: str) -> None:
    scratch, activate = tmp_path / "scratch" / name, tmp_path / "envs" / name
    site = {"scratch": str(scratch), "activate": str(activate)}
    bench = Bench(tmp_path, site=site)
    if "$" in name:  # variables are those of the machine that submits
        with pytest.raises(ConfigError, match="not set here"):
            bench.finish(make_part(("report",)))
        return
    bench.body = 'with open(os.environ["STUB_STEPS"], "a") as log:\n'
    bench.body += '    there = os.path.isdir(os.environ["TMPDIR"])\n'
    bench.body += '    path = os.environ["PATH"].partition(":")[0]\n'
    bench.body += '    log.write(json.dumps([os.environ["TMPDIR"], there, path]) + "\\n")'
    code, said = bench.finish(make_part(("report",)))
    assert (code, said) == (0, "")
    assert bench.steps[1] == [f"{scratch}/synth-local-7", True, f"{activate}/bin"]
    assert list(scratch.iterdir()) == []  # removed at the end
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("name", ["line\nbreak", "back\\slash", "bell\a", "tab\t", "%j"])
def test_a_run_directory_that_slurm_cannot_log_to_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="Slurm cannot write logs"):
        describe_place(tmp_path / name, Path("run.yaml"), Path("site.yaml"))


def test_the_place_names_files_so_that_they_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", "my models")
    place = describe_place(Path("/runs/a b"), Path("run.yaml"), Path("site file.yaml"))
    assert place.working_directory == tmp_path
    assert dict(place.environment) == {"SYNTH_LOCAL_MODELS": str(tmp_path / "my models")}
    words = ["synth-local", "submit", str(tmp_path / "run.yaml")]
    words += ["--site", str(tmp_path / "site file.yaml"), "--out", "/runs/a b"]
    assert shlex.split(place.go_on) == words
