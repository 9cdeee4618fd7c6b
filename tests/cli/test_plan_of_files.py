"""``plan`` shows at once what became of the rows of every file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_local.cli.main import main
from tests.pipeline.conftest import make_small_run, write_rows


@pytest.fixture
def _odd_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of real rows alone, with a corpus and judgements brought along, each with odd rows."""
    small = make_small_run(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(small.folder / "models"))
    monkeypatch.chdir(small.folder)
    train = small.folder / "train.jsonl"
    rows = [json.loads(line) for line in train.read_text("utf-8").splitlines()]
    odd = [{"text": "who knows", "label": "Sunny"}] * 3 + [{"text": "\u200b", "label": "sunny"}]
    write_rows(train, [*rows, *odd])
    task = small.folder / "weather.yaml"
    task.write_text(task.read_text("utf-8") + "other_labels: drop\n", "utf-8")
    old = "text;label\n" + "".join(f"a day of {n};sunny\n" for n in range(5)) + "a day;Rainy\n"
    (small.folder / "old.csv").write_text(old, encoding="utf-8")
    said = small.folder / "said.csv"
    said.write_text("annotator;first;second;more_objective\nann;weather;x;\n", encoding="utf-8")
    small.change(
        generators=[], strategies=[], students=["tfidf-logreg"],
        sources=["real", "synthetic"], seeds=[0],
        corpora={"old": "old.csv"}, analyze={"judgements": "said.csv"},
    )  # fmt: skip


@pytest.mark.usefixtures("_odd_files")
def test_plan_shows_the_rows_of_every_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "run.yaml", "--out", "out"]) == 0
    shown = capsys.readouterr().out
    assert "other label 3, nothing visible 1" in shown
    assert "3 rows say 'Sunny' (did you mean 'sunny'?)" in shown
    assert "old.csv: 6 rows read, 5 used, 1 left out (other label 1)" in shown
    assert "said.csv: 1 rows read, 0 used, 1 left out (no answer 1)" in shown
    assert main(["plan", "run.yaml", "--out", "out", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [train] = [one for one in found["tasks"][0]["files"] if one["file"] == "train.jsonl"]
    assert train["rows"] == train["used"] + sum(train["left_out"].values())
    assert found["corpora"][0]["file"]["left_out"] == {"other label": 1}
    assert found["said"][0]["facts"]["left_out"] == {"no answer": 1}
