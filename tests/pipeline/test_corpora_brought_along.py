"""Corpora brought along beside generators: one table, one command, nothing written twice."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from synth_local.commands.plan import make_overview
from synth_local.commands.preview import preview_rows
from synth_local.config import load_run_file
from synth_local.engines.fake import write_fake_model
from synth_local.errors import ConfigError, DataError
from synth_local.pipeline import run_lock
from synth_local.pipeline.slurm import submit
from synth_local.run.context import Context
from synth_local.run.external import OTHER_LABELS
from synth_local.store.run_dir import CorpusKey, RunDir
from tests.pipeline.conftest import SmallRun, make_rows, make_small_run, write_rows
from tests.pipeline.made_cluster import make_notes, make_request, submit_small

KEY = CorpusKey("weather", "old-chat", "brought")
FOLDER = Path("corpora/weather/old-chat/brought")


def bring(small: SmallRun, rows: list[dict[str, str]], **values: Any) -> Path:
    """Write a corpus beside the run file and name it there."""
    path = small.folder / "old.jsonl"
    write_rows(path, rows)
    small.change(corpora={"old-chat": "old.jsonl"}, **values)
    return path


def open_small(small: SmallRun) -> Context:
    return Context(RunDir(small.out), load_run_file(small.run_file))


@pytest.fixture
def small(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(small_run.folder / "models"))
    return small_run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """Two generators and one corpus brought along, in one command; tests only read it."""
    made = make_small_run(tmp_path_factory.mktemp("brought"))
    rows = make_rows(100, 5)
    train = json.loads((made.folder / "train.jsonl").read_text().splitlines()[0])
    # a copy of a training text, a repeat, a preamble that is taken off, nothing at all
    special = [train, rows[0], {**rows[1], "text": f"Sure! Here is one:\n\n{rows[1]['text']} too"}]
    rows = [rows[0], *special, *rows[1:], {"text": "", "label": "sunny"}]
    bring(made, rows, generators=["fake-a", "fake-b"])
    result = made.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return made


@pytest.fixture
def copied(finished: SmallRun, tmp_path: Path) -> SmallRun:
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder)
    stored = folder / "out" / "run.yaml"  # its paths are absolute
    stored.write_text(stored.read_text().replace(str(finished.folder), str(folder)))
    return SmallRun(folder, folder / "run.yaml", folder / "out")


def read_manifest(small: SmallRun) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((small.out / FOLDER / "manifest.json").read_text())
    return value


def read_scores(small: SmallRun) -> list[dict[str, str]]:
    with (small.out / "results.csv").open() as handle:
        return [row for row in csv.DictReader(handle) if row["metric"] == "macro_f1"]


def read_times(small: SmallRun, pattern: str) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in small.out.glob(pattern)}


@pytest.mark.slow
def test_one_table_pairs_generators_and_the_corpus(finished: SmallRun) -> None:
    scores = [row for row in read_scores(finished) if row["source"] == "synthetic"]
    assert {(row["generator"], row["strategy"], row["num_train"]) for row in scores} == {
        *((name, way, "80") for name in ("fake-a", "fake-b") for way in ("zero_shot", "few_shot")),
        ("old-chat", "brought", "80"),
    }
    summary = json.loads((finished.out / "work/evaluate/summary.json").read_text())["summary"]
    compared = [one for one in summary["differences"] if one["family"] == "real"]
    against = {one["condition"]["generator"]: one["partner"] for one in compared}
    assert against["old-chat"] == against["fake-a"] == against["fake-b"]
    assert len({one["num_items"] for one in compared if "num_items" in one}) <= 1


@pytest.mark.slow
def test_every_row_of_the_file_has_one_outcome_with_its_reason(finished: SmallRun) -> None:
    folder = finished.out / FOLDER
    train = pq.read_table(folder / "train.parquet").to_pylist()
    drops = pq.read_table(folder / "drops.parquet").to_pylist()
    lines = (finished.folder / "old.jsonl").read_text().splitlines()
    ids = [row["id"] for row in train + drops]
    assert sorted(ids) == [f"weather.old-chat.{number:06d}" for number in range(len(lines))]
    reasons = {row["id"][-6:]: row["reason"] for row in drops}
    assert (reasons["000001"], reasons["000002"]) == ("verbatim_copy", "duplicate")
    assert reasons[f"{len(lines) - 1:06d}"] == "empty"
    by_id = {row["id"]: row for row in train + drops}
    for number, line in enumerate(map(json.loads, lines)):
        row = by_id[f"weather.old-chat.{number:06d}"]
        assert row["label"] == line["label"]
        assert row["text"] == line["text"].removeprefix("Sure! Here is one:\n\n")
    manifest = read_manifest(finished)
    assert sum(manifest["admitted"].values()) == manifest["brought"]["rows"] == len(lines)
    assert (manifest["complete"], manifest["grade"], manifest["rounds"]) == (True, "exact", 1)
    assert manifest["accepted"] == {"sunny": 40, "rainy": 40}
    # the first that pass, in the file's order
    kept = max(int(row["id"][-6:]) for row in train if row["label"] == "rainy")
    surplus = [int(row["id"][-6:]) for row in drops if row["reason"] == "surplus"]
    assert min(n for n in surplus if by_id[f"weather.old-chat.{n:06d}"]["label"] == "rainy") > kept
    first = train[0]
    assert first["generator_digest"] == manifest["brought"]["digest"]
    described = ("prompt_digest", "seed", "round", "turn", "exemplar_ids", "finish_reason")
    assert [first[name] for name in described] == ["", 0, 0, 0, [], ""]


@pytest.mark.slow
def test_verify_status_and_a_second_call_are_content(finished: SmallRun) -> None:
    result = finished.call("verify", str(finished.out))
    assert result.returncode == 0, result.stdout
    assert "rows of old.jsonl, each once: 80 rows" in result.stdout
    state = json.loads(finished.call("status", str(finished.out), "--json").stdout)
    assert all(stage["is_done"] for stage in state["stages"])
    assert [one["generator"] for one in state["corpora"] if one["is_brought"]] == ["old-chat"]
    again = finished.run()
    assert again.returncode == 0
    assert "nothing to do" in again.stdout


@pytest.mark.slow
def test_report_and_card_say_where_it_comes_from_and_that_nothing_is_known(
    finished: SmallRun,
) -> None:
    card = (finished.out / FOLDER / "README.md").read_text()
    digest = read_manifest(finished)["brought"]["digest"]
    assert "from the file old.jsonl" in card
    assert digest in card
    assert "Nothing is known of what it has seen" in card
    assert "machine-generated" not in card
    page = (finished.out / "report" / "report.html").read_text()
    assert "nothing is known of what it has seen" in page
    assert "old-chat was brought along: nobody knows what it has seen" in page
    seen = (finished.out / "report" / "tables" / "has_seen.csv").read_text()
    assert "old-chat" in seen
    pool = (finished.out / "report" / "tables" / "pool.csv").read_text().splitlines()
    assert [line for line in pool if "old-chat" in line]


@pytest.mark.slow
def test_a_third_generator_writes_alone(copied: SmallRun) -> None:
    write_fake_model(copied.folder / "models" / "fake-c", context_length=2048)
    brought = read_times(copied, "corpora/**/*.parquet")
    students = read_times(copied, "work/train/cells/*.json")
    copied.change(generators=["fake-a", "fake-b", "fake-c"])
    result = copied.run()
    assert result.returncode == 0, result.stderr
    said = [line for line in result.stdout.splitlines() if line.startswith("generate:")]
    assert set(said) == {"generate: fake-c"}
    assert brought.items() <= read_times(copied, "corpora/**/*.parquet").items()
    assert students.items() <= read_times(copied, "work/train/cells/*.json").items()
    names = {row["generator"] for row in read_scores(copied)}
    assert names == {"", "fake-a", "fake-b", "fake-c", "old-chat"}


@pytest.mark.slow
def test_a_changed_file_redoes_its_own_cells_and_verify_names_it(copied: SmallRun) -> None:
    path = copied.folder / "old.jsonl"
    write_rows(path, make_rows(100, 6))
    told = copied.call("verify", str(copied.out))
    assert told.returncode == 1
    assert "old.jsonl has changed since the corpus was made from it" in told.stdout
    before = read_times(copied, "work/train/cells/*.json")
    result = copied.run()
    assert result.returncode == 0, result.stderr
    assert "generate:" not in result.stdout
    after = read_times(copied, "work/train/cells/*.json")
    redone = {path.stem.split("__")[2] for path in after if before.get(path) != after[path]}
    assert redone == {"old-chat"}
    assert copied.call("verify", str(copied.out)).returncode == 0
    path.unlink()
    missing = copied.call("verify", str(copied.out))
    assert missing.returncode == 0
    assert "cannot be checked here: the file of the corpus old-chat" in missing.stdout
    plan = copied.call("plan", str(copied.run_file), "--out", str(copied.out))
    assert plan.returncode == 0
    assert "done (corpus not here, not checked)" in plan.stdout


@pytest.mark.slow
def test_verify_finds_a_row_that_was_taken_out(copied: SmallRun) -> None:
    path = copied.out / FOLDER / "drops.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)
    assert "drops.parquet has changed" in copied.call("verify", str(copied.out)).stdout
    manifest = read_manifest(copied)
    from synth_local.core.hashing import digest_file  # noqa: PLC0415

    manifest["files"]["drops.parquet"] = digest_file(path)
    (copied.out / FOLDER / "manifest.json").write_text(json.dumps(manifest))
    assert "admitted slots without an outcome" in copied.call("verify", str(copied.out)).stdout


@pytest.mark.slow
def test_a_corpus_needs_no_generator_and_says_how_many_rows_it_lacks(small: SmallRun) -> None:
    bring(small, make_rows(60, 7), generators=[], strategies=[])
    result = small.run()
    assert result.returncode == 0, result.stdout + result.stderr
    manifest = read_manifest(small)
    accepted = manifest["accepted"]
    missing = ", ".join(f"{label}: {40 - accepted[label]}" for label in ("sunny", "rainy"))
    assert f"old.jsonl has no further ones that pass: {missing}" in result.stdout
    assert manifest["complete"] is False
    assert all(25 < count <= 30 for count in accepted.values())
    real = [row for row in read_scores(small) if row["source"] == "real"]
    assert [row["num_train"] for row in real] == [str(sum(accepted.values()))]
    assert small.call("verify", str(small.out)).returncode == 0


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": "fine", "label": "snowy"}', "label 'snowy' is not one of"),
        ('{"text": null, "label": "sunny"}', "'text' is missing"),
        ('{"body": "fine", "label": "sunny"}', "there is no column 'text'"),
        ("{", "not valid JSON"),
    ],
)
def test_a_bad_row_ends_the_run_with_its_line_before_anything_is_generated(
    small: SmallRun, line: str, what: str
) -> None:
    path = bring(small, make_rows(4, 5))
    with path.open("a") as handle:
        handle.write(line + "\n")
    result = small.run()
    assert result.returncode == 3, result.stderr
    assert f"{path}:5" in result.stderr
    assert what in result.stderr
    assert "generate" not in result.stdout
    assert "task file" not in result.stderr


def test_rows_with_labels_that_the_task_leaves_out_are_counted_by_name(small: SmallRun) -> None:
    task = yaml.safe_load((small.folder / "weather.yaml").read_text())
    task["other_labels"] = "drop"
    (small.folder / "weather.yaml").write_text(yaml.safe_dump(task, sort_keys=False))
    rows = [*make_rows(4, 5), {"text": "It snowed.", "label": "snowy"}, *make_rows(90, 6)]
    bring(small, rows, generators=[], strategies=[])
    found = open_small(small).sources.brought.read(KEY)
    assert found.admitted == {"sunny": 47, "rainy": 47, OTHER_LABELS: 1}
    assert small.run("--until", "train").returncode == 0
    manifest = read_manifest(small)
    assert manifest["drops"][OTHER_LABELS] == {"other_label": 1}
    assert manifest["admitted"][OTHER_LABELS] == 1
    drops = pq.read_table(small.out / FOLDER / "drops.parquet").to_pylist()
    other = next(row for row in drops if row["reason"] == "other_label")
    assert (other["id"], other["label"]) == ("weather.old-chat.000004", "snowy")
    assert small.run().returncode == 0
    assert small.call("verify", str(small.out)).returncode == 0


def test_the_tasks_label_map_applies_and_positions_count_within_a_label(small: SmallRun) -> None:
    task = yaml.safe_load((small.folder / "weather.yaml").read_text())
    task["data"]["label_map"] = {"1": "sunny"}
    (small.folder / "weather.yaml").write_text(yaml.safe_dump(task, sort_keys=False))
    rows = [
        {"text": f"note {n}", "label": label} for n, label in enumerate(("1", "rainy", "sunny"))
    ]
    bring(small, rows)
    slots = list(open_small(small).sources.brought.read(KEY).slots.values())
    assert [(one.label, one.position) for one in slots] == [
        ("sunny", 0),
        ("rainy", 0),
        ("sunny", 1),
    ]


def test_plan_shows_the_files_rows_and_the_cells_they_allow(small: SmallRun) -> None:
    bring(small, make_rows(60, 7))
    overview = make_overview(load_run_file(small.run_file), small.out).to_json()
    own = [one for one in overview["corpora"] if one["generator"] == "old-chat"]
    assert own[0]["slots"] == {"sunny": 30, "rainy": 30}
    assert (own[0]["output_tokens"], own[0]["gpu_minutes"]) == (0, 0.0)
    assert "weather__synthetic__old-chat__brought__tfidf-logreg__n60__s0" in {
        cell["name"] for cell in overview["cells"]
    }


def test_preview_shows_its_first_rows_with_what_the_checks_say(small: SmallRun) -> None:
    bring(
        small,
        [{"text": "I'm sorry, but I can't help with that.", "label": "sunny"}, *make_rows(9, 7)],
    )
    rows = preview_rows(load_run_file(small.run_file), small.out, 2)
    own = [row for row in rows if row.key == KEY]
    assert [row.turn.slot.label for row in own] == ["sunny", "sunny", "rainy", "rainy"]
    assert own[0].turn.verdict.reason == "refusal"
    assert all(row.conversation == () for row in own)


def test_submit_has_no_generate_job_for_it(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "require_slurm", lambda: None)
    monkeypatch.setattr(run_lock, "has_slurm", lambda: True)
    bring(small, make_rows(60, 7), curate={"max_rounds": 1})
    said: list[str] = []
    submit.preview_submission(make_request(small), said.append)
    heads = [line for line in said if line.startswith("# ==> ")]
    heads = [line.removeprefix("# ==> ") for line in heads]
    own = [line for line in heads if "-old-chat" in line.partition(":")[0]]
    assert own == [
        "curate-old-chat-r0.sh: sbatch --dependency=afterok:<prepare>",
        "measure-old-chat.sh: sbatch --dependency=afterok:<curate-old-chat-r0>",
    ]
    train = next(line for line in heads if line.startswith("train"))
    assert "afterok:<curate-old-chat-r0>" in train
    slurm = make_notes(small)
    submit_small(small, slurm)
    assert "generate-old-chat-r0" not in [call[0] for call in slurm.submitted]


def test_generating_with_a_corpus_is_refused(small: SmallRun) -> None:
    bring(small, make_rows(60, 7))
    small.out.mkdir()
    shutil.copy(small.run_file, small.out / "run.yaml")
    result = small.call(*("step", "generate", "--run", str(small.out), "--generator", "old-chat"))
    assert result.returncode == 2
    assert "no generator 'old-chat'" in result.stderr


@pytest.mark.parametrize(
    ("corpora", "what"),
    [
        ({"fake-a": "old.jsonl"}, "'fake-a' stands twice"),
        ({"Old Chat": "old.jsonl"}, "must match"),
        ({"old-chat": {}}, "names no file"),
    ],
)
def test_the_run_file_refuses_names_that_no_cell_can_have(
    small: SmallRun, corpora: dict[str, Any], what: str
) -> None:
    small.change(corpora=corpora)
    with pytest.raises(ConfigError) as caught:
        load_run_file(small.run_file)
    assert what in str(caught.value)


def test_a_strategy_can_not_take_the_word(small: SmallRun) -> None:
    small.change(strategies=[{"name": "brought", "base": "zero_shot"}])
    with pytest.raises(ConfigError, match="problem") as caught:
        load_run_file(small.run_file)
    assert "is taken" in caught.value.fix


def test_with_several_tasks_each_file_says_its_task(small: SmallRun) -> None:
    bring(small, make_rows(60, 7))
    task = yaml.safe_load((small.folder / "weather.yaml").read_text())
    (small.folder / "climate.yaml").write_text(yaml.safe_dump(task | {"name": "climate"}))
    small.change(tasks=["weather.yaml", "climate.yaml"])
    with pytest.raises(ConfigError, match="2 tasks, and 'old-chat' names one file"):
        open_small(small).rounds.check_brought()
    small.change(corpora={"old-chat": {"climat": "old.jsonl"}})
    with pytest.raises(ConfigError, match="did you mean 'climate'"):
        open_small(small).rounds.check_brought()
    small.change(corpora={"old-chat": {"climate": "old.jsonl"}})
    context = open_small(small)
    assert [key.task for key in context.corpora.keys if key.is_external] == ["climate"]
    context.rounds.check_brought()


def test_an_empty_or_missing_file_is_named(small: SmallRun) -> None:
    path = bring(small, [])
    with pytest.raises(DataError, match="no rows"):
        open_small(small).rounds.check_brought()
    path.unlink()
    with pytest.raises(DataError, match="is missing"):
        open_small(small).rounds.check_brought()


def test_the_report_shows_what_became_of_the_rows_of_every_file(finished: SmallRun) -> None:
    with (finished.out / "report/tables/files_read.csv").open(encoding="utf-8") as handle:
        rows = {row["file"]: row for row in csv.DictReader(handle)}
    for row in rows.values():
        assert int(row["rows"]) == int(row["used"]) + sum(int(row[key]) for key in list(row)[4:-1])
    assert rows["old.jsonl"]["empty_text"] == "1"
