from __future__ import annotations

import csv
import json
import resource
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pipeline.conftest import SmallRun

CORPUS = Path("corpora/weather/fake-a")
COLUMNS = [
    "id",
    "text",
    "label",
    "task",
    "generator",
    "strategy",
    "generator_digest",
    "prompt_digest",
    "seed",
    "round",
    "chain",
    "turn",
    "exemplar_ids",
    "num_prompt_tokens",
    "num_tokens",
    "finish_reason",
]

pytestmark = pytest.mark.slow


@pytest.fixture
def copied_run(finished_run: SmallRun, tmp_path: Path) -> SmallRun:
    """A finished run that a test may change."""
    folder = tmp_path / "copy"
    shutil.copytree(finished_run.folder, folder)
    return SmallRun(folder, folder / "run.yaml", folder / "out")


def read_manifest(small: SmallRun, strategy: str) -> dict[str, object]:
    path = small.out / CORPUS / strategy / "manifest.json"
    value: dict[str, object] = json.loads(path.read_text())
    return value


def test_a_corpus_has_exactly_n_rows_per_label_and_every_slot_one_outcome(
    finished_run: SmallRun,
) -> None:
    for strategy in ("zero_shot", "few_shot"):
        folder = finished_run.out / CORPUS / strategy
        train, drops = (
            pq.read_table(folder / "train.parquet"),
            pq.read_table(folder / "drops.parquet"),
        )
        assert train.column_names == COLUMNS
        assert drops.column_names == [*COLUMNS, "reason", "culprit_kind", "culprit_id"]
        labels = train["label"].to_pylist()
        assert {label: labels.count(label) for label in set(labels)} == {"sunny": 40, "rainy": 40}
        manifest = read_manifest(finished_run, strategy)
        ids = train["id"].to_pylist() + drops["id"].to_pylist()
        assert len(set(ids)) == len(ids) == sum(manifest["admitted"].values())  # type: ignore[attr-defined]
        assert manifest["complete"] is True


def test_results_are_tidy_and_empty_where_a_column_does_not_apply(finished_run: SmallRun) -> None:
    with (finished_run.out / "results.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == (
        [
            "task",
            "source",
            "generator",
            "strategy",
            "student",
            "seed",
            "metric",
            "value",
            "num_train",
            "label",
        ]
    )
    overall = [row for row in rows if row["metric"] == "macro_f1"]
    assert {(row["source"], row["generator"], row["strategy"]) for row in overall} == {
        ("real", "", ""),
        ("pool", "", ""),
        *(
            (s, "fake-a", t)
            for s in ("synthetic", "pool+synthetic")
            for t in ("zero_shot", "few_shot")
        ),
    }
    assert all(row["label"] == "" and 0 <= float(row["value"]) <= 1 for row in overall)
    real = next(row for row in overall if row["source"] == "real")
    synthetic = [row for row in overall if row["source"] == "synthetic"]
    assert {row["num_train"] for row in synthetic} == {real["num_train"]} == {"80"}
    assert float(real["value"]) > 0.9


def test_predictions_name_the_gold_label_and_a_probability_per_label(
    finished_run: SmallRun,
) -> None:
    path = next(
        (finished_run.out / "predictions").glob("weather__real__-__-__tfidf-logreg__n80__s0*")
    )
    table = pq.read_table(path)
    assert table.column_names == ["id", "gold", "predicted", "p:sunny", "p:rainy"]
    assert table.num_rows == 80


def seconds_of_children() -> float:
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def test_a_repeated_run_does_nothing_says_so_and_imports_nothing_heavy(
    finished_run: SmallRun,
) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished_run.out.rglob("*.parquet")}
    used = seconds_of_children()
    result = finished_run.run()
    assert result.returncode == 0
    assert "nothing to do" in result.stdout
    # the answer is printed all the same, with the place of the report
    answer = result.stdout.splitlines()[1:]
    assert answer[0].startswith("macro-F1, synthetic minus partner")
    assert any(line.startswith("weather ") for line in answer)
    assert answer[-1] == f"report: {finished_run.out / 'report' / 'report.html'}"
    assert seconds_of_children() - used < 3  # of a processor: other work on it does not count
    assert before == {path: path.stat().st_mtime_ns for path in finished_run.out.rglob("*.parquet")}
    code = (
        "import sys; sys.argv = ['x', 'run', 'run.yaml', '--out', 'out']\n"
        "from synth_local.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "names = {'torch', 'evaluate', 'peft', 'transformers', 'vllm', 'sklearn'}\n"
        "heavy = names & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    import os  # noqa: PLC0415
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    env = {**os.environ, "SYNTH_LOCAL_MODELS": str(finished_run.folder / "models")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=finished_run.folder,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_report_text_prints_what_run_printed_and_the_page_is_of_the_same_verdicts(
    copied_run: SmallRun,
) -> None:
    ran = copied_run.run().stdout.splitlines()
    told = copied_run.call("report", str(copied_run.out), "--text").stdout.splitlines()
    assert told == ran[-len(told) :]
    verdicts = json.loads((copied_run.out / "verdicts.json").read_text())
    page = (copied_run.out / "report" / "report.html").read_text()
    assert "The answer" in page
    for one in verdicts:
        if one["verdict"] == "none":
            continue
        assert f"{-one['gap']:+.3f}".lstrip("+-") in page


def test_labels_and_kind_of_every_corpus_are_judged_and_no_real_text_is_stored(
    finished_run: SmallRun,
) -> None:
    files = [finished_run.folder / name for name in ("train.jsonl", "test.jsonl")]
    real = [json.loads(line)["text"] for file in files for line in file.read_text().splitlines()]
    shown = [*(finished_run.out / "report").rglob("*.*")]
    for strategy in ("zero_shot", "few_shot"):
        path = finished_run.out / "work/measure/weather/fake-a" / f"{strategy}.json"
        stored = json.loads(path.read_text())
        shown.append(path)
        overall = stored["audit"]["rows"][0]
        # the fake engine writes texts of anything but the weather: real labels hold, its do not
        assert overall["test"]["value"]["point"] > 0.95
        assert overall["synthetic"]["value"]["point"] < 0.75
        assert stored["likeness"]["auc"]["low"] > 0.9
        corpus = pq.read_table(finished_run.out / CORPUS / strategy / "train.parquet")
        ids = set(corpus["id"].to_pylist())
        assert {row["id"] for row in stored["audit"]["doubted"]} <= ids
        assert len(stored["audit"]["doubted"]) == 20
    walkers = [text.rsplit(" ", 1)[1] for text in real if len(text.rsplit(" ", 1)[1]) == 6]
    assert len(walkers) > 200
    for file in shown:
        text = file.read_text()
        assert not any(one in text for one in real), file
        assert not any(f"walker {one}" in text for one in walkers), file
    page = (finished_run.out / "report" / "report.html").read_text()
    assert "Do the labels hold?" in page
    assert "Are the texts of the same kind as real ones?" in page


def test_verify_and_status_are_content_with_a_finished_run(finished_run: SmallRun) -> None:
    result = finished_run.call("verify", str(finished_run.out))
    assert result.returncode == 0, result.stdout
    state = finished_run.call("status", str(finished_run.out), "--json")
    assert state.returncode == 0
    assert all(stage["is_done"] for stage in json.loads(state.stdout)["stages"])


def test_other_epochs_generate_nothing_again(copied_run: SmallRun) -> None:
    ledger = sorted((copied_run.out / "work" / "generate").rglob("*.jsonl"))
    copied_run.change(train={"epochs": 400})
    result = copied_run.run()
    assert result.returncode == 0, result.stderr
    assert "generate:" not in result.stdout
    assert "train:" in result.stdout
    assert ledger == sorted((copied_run.out / "work" / "generate").rglob("*.jsonl"))


def test_another_generator_leaves_the_first_alone_and_gets_the_same_slots(
    copied_run: SmallRun,
) -> None:
    first = (copied_run.out / CORPUS / "few_shot" / "train.parquet").stat().st_mtime_ns
    copied_run.change(generators=["fake-a", "fake-b"])
    result = copied_run.run()
    assert result.returncode == 0, result.stderr
    assert "generate: fake-b" in result.stdout
    assert "generate: fake-a" not in result.stdout
    assert (copied_run.out / CORPUS / "few_shot" / "train.parquet").stat().st_mtime_ns == first
    keys = ["id", "seed", "exemplar_ids", "label"]
    slots = []
    for name in ("fake-a", "fake-b"):
        folder = copied_run.out / "corpora" / "weather" / name / "few_shot"
        rows = pq.read_table(folder / "train.parquet", columns=keys).to_pylist()
        rows += pq.read_table(folder / "drops.parquet", columns=keys).to_pylist()
        slots.append({row["id"]: row for row in rows})
    shared = slots[0].keys() & slots[1].keys()
    assert len(shared) >= 80
    assert all(slots[0][one] == slots[1][one] for one in shared)


def test_a_setting_changed_and_changed_back_costs_nothing(copied_run: SmallRun) -> None:
    copied_run.change(curate={"near_duplicates": 0.5})
    assert copied_run.run().returncode == 0
    copied_run.change(curate={})
    result = copied_run.run()
    assert result.returncode == 0, result.stderr
    assert "generate:" not in result.stdout
    assert "curate\n" not in result.stdout
    assert copied_run.call("verify", str(copied_run.out)).returncode == 0


@pytest.mark.parametrize("name", ["train.parquet", "drops.parquet"])
def test_verify_finds_a_changed_table(copied_run: SmallRun, name: str) -> None:
    path = copied_run.out / CORPUS / "zero_shot" / name
    pq.write_table(pq.read_table(path).slice(1), path)
    result = copied_run.call("verify", str(copied_run.out))
    assert result.returncode == 1
    assert name in result.stdout


def test_verify_finds_lost_texts_other_weights_and_changed_results(copied_run: SmallRun) -> None:
    segment = next((copied_run.out / "work" / "generate").rglob("*.jsonl"))
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-3]))
    results = copied_run.out / "results.csv"
    results.write_text(results.read_text().replace("0.", "0.9", 1))
    result = copied_run.call("verify", str(copied_run.out))
    assert result.returncode == 1
    assert "without a text in the ledger" in result.stdout
    assert "results.csv" in result.stdout
    config = copied_run.folder / "models" / "fake-a" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"context_length": 999}))
    changed = copied_run.call("verify", str(copied_run.out))
    assert changed.returncode == 1
    assert "fingerprint" in changed.stdout
