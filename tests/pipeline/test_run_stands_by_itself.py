"""A run directory stands by itself: on another machine, without what it was made from."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from synth_local.cli.main import main
from synth_local.commands.verify import verify_run
from synth_local.run.context import open_context
from tests.pipeline.conftest import SmallRun, make_rows

pytestmark = pytest.mark.slow  # looks at a whole run

Change = Callable[[SmallRun], None]
LOST = ("the task file of weather", "the data of weather", "the weights of fake-a")


@pytest.fixture
def out(finished_run: SmallRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A finished run, copied to an empty machine of another user: nothing else is there."""
    copied = Path(shutil.copytree(finished_run.out, tmp_path / "elsewhere" / "run"))
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("SYNTH_LOCAL_DATA", "SYNTH_LOCAL_MODELS", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(home)
    gone = finished_run.folder.with_name("gone")
    finished_run.folder.rename(gone)
    yield copied
    gone.rename(finished_run.folder)


@pytest.fixture
def here(
    finished_run: SmallRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallRun]:
    """A copy of a finished run; what it was made from is there, and as before after the test."""
    monkeypatch.delenv("SYNTH_LOCAL_MODELS", raising=False)
    monkeypatch.delenv("SYNTH_LOCAL_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    names = ["weather.yaml", "train.jsonl", "test.jsonl", "models/fake-a/config.json"]
    before = {name: (finished_run.folder / name).read_bytes() for name in names}
    copied = Path(shutil.copytree(finished_run.out, tmp_path / "out"))
    yield SmallRun(finished_run.folder, finished_run.run_file, copied)
    for name, content in before.items():
        (finished_run.folder / name).write_bytes(content)


def stages(capsys: pytest.CaptureFixture[str], out: Path) -> dict[str, dict[str, Any]]:
    capsys.readouterr()
    assert main(["status", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return {one["stage"]: one for one in found["stages"]} | {"": found}


def test_a_copied_run_is_looked_at_without_task_files_data_models_and_variables(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = stages(capsys, out)
    assert all(one["is_done"] for name, one in found.items() if name)
    assert [line for line in LOST if any(line in one for one in found[""]["not_here"])] == [*LOST]

    assert main(["verify", str(out)]) == 0
    page = capsys.readouterr().out
    assert page.count("ok  ") >= 4
    assert "cannot be checked here: the data of weather" in page
    assert "WRONG" not in page
    assert "verified, as far as it can be checked here" in page

    assert main(["compare", str(out), str(out)]) == 0
    assert "+0.0000 [+0.0000, +0.0000]" in capsys.readouterr().out

    task_file = out / "made_from" / "tasks" / "weather.yaml"
    for task in (str(task_file), "weather", "/no/such/place/weather.yaml"):
        assert main(["advise", task, "--evidence", str(out)]) == 0
        assert "its 80 test texts" in capsys.readouterr().out

    assert main(["plan", str(out / "run.yaml"), "--out", str(out)]) == 0
    page = capsys.readouterr().out
    assert "to do" not in page
    assert "missing" not in page
    assert "done (task file, data, weights not here, not checked)" in page


def test_its_report_is_made_from_stored_results_alone(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (out / "report" / "report.html").read_bytes()
    shutil.rmtree(out / "report")
    record = (out / "made_from" / "record.json").read_bytes()
    assert main(["report", str(out)]) == 0
    assert len((out / "report" / "report.html").read_bytes()) == pytest.approx(len(before), abs=100)
    assert (out / "made_from" / "record.json").read_bytes() == record
    assert main(["report", str(out), "--show-real"]) == 3
    assert "train.jsonl is missing" in capsys.readouterr().err


def test_run_says_what_is_not_here_and_fails_only_where_work_is_left(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_file = str(out / "run.yaml")
    assert main(["run", run_file, "--out", str(out)]) == 0
    page = capsys.readouterr().out
    assert "nothing to do" in page
    assert all(line in page for line in LOST)

    next((out / "predictions").glob("*real__*")).unlink()
    before = sorted(path for path in out.rglob("*") if "made_from" not in str(path))
    assert main(["run", run_file, "--out", str(out)]) == 2
    assert "the task file weather.yaml is missing" in capsys.readouterr().err
    assert sorted(path for path in out.rglob("*") if "made_from" not in str(path)) == before
    assert stages(capsys, out)["train"]["done"] == 5
    assert verify_run(open_context(out)).wrong


@pytest.mark.parametrize(
    ("kept", "code", "what"),
    [
        ((), 2, "the task file weather.yaml is missing"),
        (("weather.yaml",), 3, "the data file train.jsonl is missing"),
        (("weather.yaml", "train.jsonl", "test.jsonl"), 4, "no folder for the model 'fake-a'"),
    ],
    ids=["task file", "data", "weights"],
)
def test_new_work_names_the_first_source_that_it_lacks(
    out: Path,
    finished_run: SmallRun,
    capsys: pytest.CaptureFixture[str],
    kept: tuple[str, ...],
    code: int,
    what: str,
) -> None:
    finished_run.folder.mkdir()
    try:
        for name in kept:
            shutil.copy(finished_run.folder.with_name("gone") / name, finished_run.folder / name)
        shutil.rmtree(out / "work" / "generate")
        for manifest in out.rglob("manifest.json"):
            manifest.unlink()
        assert main(["step", "generate", "--run", str(out)]) == code
        assert what in capsys.readouterr().err
        assert main(["run", str(out / "run.yaml"), "--out", str(out)]) == code
        assert what in capsys.readouterr().err
    finally:
        shutil.rmtree(finished_run.folder)


def test_a_changed_table_is_wrong_also_where_nothing_else_can_be_checked(out: Path) -> None:
    table = next(out.rglob("train.parquet"))
    table.write_bytes(table.read_bytes() + b"x")
    found = verify_run(open_context(out))
    assert any("train.parquet has changed" in line for line in found.wrong)


def test_lost_texts_of_few_shot_slots_are_wrong_without_the_data(out: Path) -> None:
    ledger = out / "work" / "generate" / "weather" / "fake-a" / "few_shot"
    for segment in ledger.iterdir():
        if segment.name != "spec.json":
            segment.unlink()
    found = verify_run(open_context(out))
    assert any("outcomes without a text in the ledger" in line for line in found.wrong)


def test_a_directory_that_cannot_be_written_is_read_all_the_same(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    for call in (["status", str(out)], ["verify", str(out)], ["compare", str(out), str(out)]):
        assert main(call) == 0, call
    assert main(["report", str(out)]) == 4
    assert "cannot write" in capsys.readouterr().err


def test_no_text_of_the_data_is_in_what_is_kept(here: SmallRun) -> None:
    kept = "".join(
        path.read_text() for path in (here.out / "made_from").rglob("*") if path.is_file()
    )
    kept += "".join(path.read_text() for path in (here.out / "work" / "splits").rglob("*.json"))
    assert len(kept) > 1000
    assert not [row["text"] for row in make_rows(200, 1) + make_rows(80, 2) if row["text"] in kept]


def test_what_was_asked_and_all_prompts_are_kept(here: SmallRun) -> None:
    folder = here.out / "made_from"
    asked = json.loads((folder / "asked.json").read_text())
    assert asked["arguments"][0] == "run"
    assert asked["text"] == here.run_file.read_text()
    assert (folder / "tasks" / "weather.yaml").read_text() == (
        here.folder / "weather.yaml"
    ).read_text()
    assert {path.stem for path in (folder / "prompts" / "weather").iterdir()} == {
        "context", "zero_shot", "few_shot", "diversity", "classify",
    }  # fmt: skip
    record = json.loads((folder / "record.json").read_text())
    assert record["generators"]["fake-a"]["folder"] == str(here.folder / "models" / "fake-a")
    assert record["tasks"]["weather"]["train"]["path"] == str(here.folder / "train.jsonl")


def test_places_are_the_default_later_on_and_a_variable_wins(
    here: SmallRun,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert stages(capsys, here.out)[""]["not_here"] == []  # models found without the variable
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", "/nonexistent")
    monkeypatch.setenv("SYNTH_LOCAL_DATA", "/nonexistent")
    assert stages(capsys, here.out)[""]["not_here"] == []
    other = tmp_path / "models"
    shutil.copytree(here.folder / "models", other)
    config = other / "fake-a" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"more": 1}))
    monkeypatch.chdir(here.folder.parent)  # models/ of the current folder does not win
    monkeypatch.delenv("SYNTH_LOCAL_MODELS")
    assert stages(capsys, here.out)["generate"]["why"] == []
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(other))
    assert "weights of fake-a changed" in stages(capsys, here.out)["generate"]["why"][0]


def test_a_file_that_another_user_may_not_read_is_not_here(
    here: SmallRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = str(here.folder)
    real_access, real_stat = os.access, os.stat

    def access(path: Any, *rest: Any, **more: Any) -> bool:
        return not str(path).startswith(closed) and real_access(path, *rest, **more)

    def look(path: Any, *rest: Any, **more: Any) -> os.stat_result:
        if str(path).startswith(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return real_stat(path, *rest, **more)

    monkeypatch.setattr(os, "access", access)
    monkeypatch.setattr(os, "stat", look)
    found = stages(capsys, here.out)
    assert all(one["is_done"] for name, one in found.items() if name)
    assert all(any(name in line for line in found[""]["not_here"]) for name in LOST)


def test_a_directory_of_a_version_that_kept_nothing_gets_its_record(
    here: SmallRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(here.folder / "models"))
    shutil.rmtree(here.out / "made_from")
    shutil.rmtree(here.out / "work" / "splits" / "items")
    found = stages(capsys, here.out)
    assert all(one["is_done"] for name, one in found.items() if name)
    task = here.folder / "weather.yaml"
    content = task.read_text()
    task.write_text(content.replace("The weather was good.", "It was dry."))
    why = stages(capsys, here.out)["generate"]["why"]
    assert why == [f"{80 * 2} texts were written under other settings "
                   "(what they were made from was not recorded)"]  # fmt: skip
    assert main(["report", str(here.out)]) == 0
    assert not (here.out / "made_from").exists()  # not what these texts were made from
    task.write_text(content)
    assert main(["report", str(here.out)]) == 0
    assert (here.out / "made_from" / "record.json").is_file()
    assert (here.out / "work" / "splits" / "items" / "weather.json").is_file()


def test_a_broken_record_is_named(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (out / "made_from" / "record.json").write_text('{"version": 1')
    assert main(["status", str(out)]) == 3
    assert "record.json" in capsys.readouterr().err


def edit_task(small: SmallRun, **values: object) -> None:
    path = small.folder / "weather.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values, sort_keys=False))


def describe_otherwise(small: SmallRun) -> None:
    path = small.folder / "weather.yaml"
    path.write_text(path.read_text().replace("The weather was good.", "It was dry."))


def add_row(small: SmallRun) -> None:
    with (small.folder / "train.jsonl").open("a") as handle:
        handle.write(json.dumps({"text": "Warm and calm, said somebody", "label": "sunny"}) + "\n")


def change_weights(small: SmallRun) -> None:
    config = small.folder / "models" / "fake-a" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"more": 1}))


def change_run(**sections: dict[str, object]) -> Change:
    def change(small: SmallRun) -> None:
        path = small.out / "run.yaml"
        config = yaml.safe_load(path.read_text())
        for name, values in sections.items():
            config[name] |= values
        path.write_text(yaml.safe_dump(config, sort_keys=False))

    return change


@pytest.mark.parametrize(
    ("change", "stage", "reason"),
    [
        (describe_otherwise, "generate", "task file changed: labels.sunny.description"),
        (lambda one: edit_task(one, kind="note", context="You write."), "generate",
         "task file changed: context, kind"),
        (lambda one: edit_task(one, clean=["xx"]), "curate", "task file changed: clean"),
        (lambda one: edit_task(one, pool_share=0.3), "generate", "task file changed: pool_share"),
        (add_row, "curate", "data file train.jsonl changed"),
        (change_weights, "generate", "weights of fake-a changed"),
        (change_run(generate={"temperature": 0.7}), "generate", "generate.temperature 1.0 → 0.7"),
        (change_run(generate={"chain_length": 2}), "generate", "zero_shot.chain_length 4 → 2"),
        (change_run(curate={"max_copy": 0.75}), "curate", "curate.max_copy 0.8 → 0.75"),
        (change_run(measure={"subsamples": 30}), "measure", "measure.subsamples 20 → 30"),
        (change_run(train={"learning_rate": 0.1}), "train", "train.learning_rate 5e-05 → 0.1"),
    ],
    ids=["description", "two fields", "clean", "pool", "data", "weights", "temperature", "chains",
         "curation", "measures", "training"],
)  # fmt: skip
def test_status_and_plan_say_why_something_is_to_do_again(
    here: SmallRun, capsys: pytest.CaptureFixture[str], change: Change, stage: str, reason: str
) -> None:
    change(here)
    found = stages(capsys, here.out)
    assert not found[stage]["is_done"]
    assert any(reason in line for line in found[stage]["why"]), found[stage]["why"]
    assert main(["plan", str(here.out / "run.yaml"), "--out", str(here.out), "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)["stages"]
    assert any(reason in line for one in planned for line in one["why"] if one["stage"] == stage)


def test_verify_names_the_change(here: SmallRun) -> None:
    describe_otherwise(here)
    found = verify_run(open_context(here.out))
    assert any("task file changed: labels.sunny.description" in line for line in found.wrong)


def test_permissions_of_the_record_are_those_of_other_outputs(here: SmallRun) -> None:
    modes = {
        stat.S_IMODE((here.out / name).stat().st_mode)
        for name in ("made_from/record.json", "run.yaml")
    }
    assert len(modes) == 1
