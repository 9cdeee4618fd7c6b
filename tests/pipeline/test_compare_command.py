"""``synth-local compare`` on real run directories: what it prints, and its exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from synth_local.cli.main import main
from synth_local.core.tables import read_parquet
from tests.pipeline.conftest import SmallRun, make_rows, make_small_run, write_rows

pytestmark = pytest.mark.slow


@pytest.fixture
def models(finished_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = finished_run.folder / "models"
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(folder))
    return folder


@pytest.fixture
def twin(finished_run: SmallRun, models: Path, tmp_path: Path) -> Path:
    """A copy of the finished run's directory; its task and models are the same."""
    assert models.is_dir()
    return Path(shutil.copytree(finished_run.out, tmp_path / "twin"))


def change_predictions(path: Path, column: str, values: list[str]) -> None:
    table = pq.read_table(path)
    place = table.column_names.index(column)
    pq.write_table(table.set_column(place, column, [values]), path)


@pytest.mark.usefixtures("models")
def test_compare_shows_no_difference_of_a_run_with_itself(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(finished_run.out)
    assert main(["compare", out, out, "--json"]) == 0  # brings the cache of digests up to date
    capsys.readouterr()
    before = {path: path.stat().st_mtime_ns for path in finished_run.out.rglob("*")}
    assert main(["compare", out, out, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [runs] = found["runs"]
    assert len(runs["pairs"]) == 6
    for pair in runs["pairs"]:
        assert [(d["interval"]["point"], d["p_holm"]) for d in pair["result"]["differences"]] == [
            (0, 1),
            (0, 1),
        ]
    assert runs["unlike"] == []
    assert [cost["accepted"] for cost in found["costs"]] == [80, 80]
    assert before == {path: path.stat().st_mtime_ns for path in finished_run.out.rglob("*")}


def test_text_and_json_say_the_same_of_a_planted_difference(
    finished_run: SmallRun, twin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [path] = (twin / "predictions").glob("weather__real__*")
    golds = [row["gold"] for row in read_parquet(path)]
    other = {"sunny": "rainy", "rainy": "sunny"}
    wrong = [other[gold] if n < 30 else gold for n, gold in enumerate(golds)]
    change_predictions(path, "predicted", wrong)
    arguments = ["compare", str(finished_run.out), str(twin)]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [planted] = [p for p in found["runs"][0]["pairs"] if p["result"]["differences"][0]["p"] < 1]
    assert planted["first"]["source"] == "real"
    accuracy = planted["result"]["differences"][1]
    assert accuracy["other"] == pytest.approx(1 - 30 / len(golds))
    assert accuracy["interval"]["high"] < 0
    assert accuracy["p_holm"] == pytest.approx(6 * accuracy["p"])
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "differs" not in shown
    for pair in found["runs"][0]["pairs"]:
        for one in pair["result"]["differences"]:
            assert f"{one['interval']['point']:+.4f} [{one['interval']['low']:+.4f}," in shown
            assert f"{one['p']:.4f}  " in shown
            assert f"{one['p_holm']:.4f}  " in shown
    for cost in found["costs"]:
        assert cost["run"] in shown
        for score in cost["scores"]:
            assert (
                f"{score['source']} tfidf-logreg n{score['num_train']}: {score['macro_f1']:.4f}"
                in shown
            )
    for note in found["notes"]:
        assert note in shown


def test_hostile_and_missing_input_has_its_exit_code(
    finished_run: SmallRun, twin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(finished_run.out)

    def fail(*directories: str) -> tuple[int, str]:
        code = main(["compare", *directories])
        return code, capsys.readouterr().err

    assert fail(out)[0] == 2
    for folder in (tmp_path, tmp_path / "nowhere"):
        code, shown = fail(out, str(folder))
        assert (code, "run.yaml" in shown) == (2, True)
    [path, *_] = sorted((twin / "predictions").glob("*__real__*"))
    golds = [row["gold"] for row in read_parquet(path)]
    change_predictions(
        path, "gold", ["sunny", *golds[1:]] if golds[0] == "rainy" else ["rainy", *golds[1:]]
    )
    code, shown = fail(out, str(twin))
    assert code == 3
    assert "two gold labels" in shown
    path.write_bytes(b"no parquet")
    code, shown = fail(out, str(twin))
    assert (code, path.name in shown) == (3, True)
    shutil.rmtree(twin / "predictions")
    code, shown = fail(out, str(twin))
    assert code == 3
    assert "no cell has predictions, 6 are to be trained" in shown


def test_a_run_with_another_generator_plan_and_data_is_compared_with_warnings(
    finished_run: SmallRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = make_small_run(tmp_path / "other")
    rows = [*make_rows(80, 2), *make_rows(10, 3)]
    rows[4]["text"] += ", and once more"  # another text under the same number is another item
    write_rows(other.folder / "test.jsonl", rows)
    other.change(
        generators=["fake-b"],
        strategies=["zero_shot"],
        sources=["real", "synthetic"],
        per_label=30,
        seeds=[0, 1],
        train={"epochs": 300},
        generate={"chain_length": 2, "shots": 2, "seed": 5},
    )
    assert other.run("--until", "train").returncode == 0
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(other.folder / "models"))
    arguments = ["compare", str(finished_run.out), str(other.out)]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [runs] = found["runs"]
    assert runs["generators"] == ["fake-a", "fake-b"]
    assert [p["other"]["generator"] for p in runs["pairs"]] == ["-", "fake-b"]
    for pair in runs["pairs"]:
        result = pair["result"]
        sizes = (result["num_items"], result["num_only_first"], result["num_only_other"])
        assert sizes == (79, 1, 11)
        assert result["seeds"] == [0]
    assert len(runs["only_first"]) == 4  # few-shot twice, the pool, the pool and zero-shot
    unlike = {one["what"]: (one["first"], one["other"]) for one in runs["unlike"]}
    assert unlike.keys() == {
        *("test data", "per_label", "strategy zero_shot: chain_length", "generate.seed"),
        *("train.epochs", "training rows", "steps", "seeds"),
    }
    assert unlike["seeds"] == ("0", "0, 1")
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "matched across generators: fake-a in the first run, fake-b in the other" in shown
    for one in runs["unlike"]:
        assert (
            f"warning: {one['what']} differs: first {one['first']} | other {one['other']}" in shown
        )
    for name in runs["only_first"]:
        assert f"only in the first run: {name}" in shown


def test_two_strategies_of_one_run_are_compared(
    finished_run: SmallRun, twin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [path] = (twin / "predictions").glob("weather__synthetic__fake-a__few_shot__*")
    golds = [row["gold"] for row in read_parquet(path)]
    other = {"sunny": "rainy", "rainy": "sunny"}
    change_predictions(path, "predicted", [other[gold] for gold in golds])
    sides = [f"{twin}::strategy=zero_shot", f"{twin}::strategy=few_shot"]
    assert main(["compare", *sides, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [runs] = found["runs"]
    assert [runs["first"], runs["other"]] == sides
    assert [pair["first"]["source"] for pair in runs["pairs"]] == ["synthetic", "pool+synthetic"]
    for pair in runs["pairs"]:
        assert (pair["first"]["strategy"], pair["other"]["strategy"]) == ("zero_shot", "few_shot")
    planted = runs["pairs"][0]["result"]["differences"][1]
    assert (planted["metric"], planted["other"]) == ("accuracy", 0)
    assert planted["interval"]["high"] < 0
    assert planted["p_holm"] == pytest.approx(2 * planted["p"])
    assert (runs["unlike"], runs["only_first"], runs["omitted"]) == ([], [], [])
    costs = [(one["run"], one["strategy"]) for one in found["costs"]]
    assert costs == [(sides[0], "zero_shot"), (sides[1], "few_shot")]
    assert main(["compare", *sides]) == 0
    shown = capsys.readouterr().out
    assert "weather / synthetic / fake-a / zero_shot|few_shot / tfidf-logreg / n80" in shown
    assert f"first  {sides[0]}\nother  {sides[1]}" in shown
    assert "warning" not in shown
    real = f"{finished_run.out}::source=real"
    assert main(["compare", real, real, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [pair] = found["runs"][0]["pairs"]
    assert [one["interval"]["point"] for one in pair["result"]["differences"]] == [0, 0]
    assert found["costs"] == []


@pytest.mark.usefixtures("models")
def test_a_choice_that_is_misspelled_unmatched_or_ambiguous_has_its_exit_code(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(finished_run.out)

    def fail(*arguments: str) -> tuple[int, str]:
        code = main(["compare", *arguments])
        return code, capsys.readouterr().err

    code, shown = fail(out, f"{out}::stratgy=few_shot")
    assert (code, "did you mean 'strategy'" in shown) == (2, True)
    code, shown = fail(out, f"{out}::strategy=few-shot")
    assert (code, "choose from -, few_shot, zero_shot" in shown) == (3, True)
    code, shown = fail(f"{out}::strategy=few_shot", out)
    assert code == 3
    assert "leaves open which strategy (few_shot, zero_shot)" in shown
    assert f"such as {out}::strategy=few_shot" in shown
    assert fail(out, f"{out}/nowhere::strategy=few_shot")[0] == 2
