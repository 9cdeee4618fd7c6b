"""GPUs of a gres and seconds of a time limit, as Slurm counts them; and what contradicts them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synth_local.config import StageSite, load_site_file
from synth_local.config.slurm_values import count_gpus, read_seconds
from synth_local.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "site.yaml"
    path.write_text(text)
    return path


def refuse(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_site_file(write(folder, text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("gres", "num_gpus"),
    [
        ("gpu", 1),
        ("gpu:4", 4),
        ("gpu:a100", 1),
        ("gpu:a100:4", 4),
        ("gpu:1(S:0)", 1),
        ("gpu:h100:8(S:0-1)", 8),
        ("gpu:2(S:0,1),nvme:1", 2),
        ("gpu:a100:2,shard:1", 2),
        ("gpu:a100:2,gpu:v100:1", 3),
        ("gpu:1g.5gb:2", 2),
        ("gpu:nvidia_a100_3g.20gb", 1),
        ("gres:gpu:2", 2),
        ("gres/gpu:2", 2),
        ("shard:4", 1),
        ("mps:50", 1),
        ("gpu:0", 0),
        ("nvme:1", None),
        ("dcu:4", None),
    ],
)
def test_the_gpus_of_a_gres_are_counted_as_slurm_counts_them(
    gres: str, num_gpus: int | None
) -> None:
    assert count_gpus(gres) == num_gpus


@pytest.mark.parametrize(
    ("values", "processes", "num_gpus"),
    [
        ({"gres": "gpu:a100:4"}, 1, 4),
        ({"gres": "gpu:a100:1", "gpus": 4}, 1, 1),
        ({"gres": "gpu:4", "gpus": 1}, 2, 4),
        ({"gpus": 2}, 2, 4),
        ({"gpus": 0}, 2, 0),
        ({"gpus": 0, "gres": "dcu:4"}, 1, 1),
        ({"gpus": 4, "gres": "dcu:4"}, 1, 4),
    ],
)
def test_a_gres_decides_how_many_gpus_there_are_and_gpus_where_it_names_none(
    values: dict[str, Any], processes: int, num_gpus: int
) -> None:
    assert StageSite.model_validate(values).count_gpus(processes) == num_gpus


@pytest.mark.parametrize(
    "gres", ["gpu:", "gpu::4", "gpu:a100:x", "gpu:a100:", "gpu:a:b:1", "gpu:4:4"]
)
def test_a_gres_whose_gpus_cannot_be_counted_is_refused_with_its_line(
    tmp_path: Path, gres: str
) -> None:
    said = refuse(tmp_path, f"stages:\n  train:\n    gres: '{gres}'\n")
    assert "stages.train.gres" in said
    assert "(line 3)" in said


def test_processes_that_would_share_a_gpu_are_refused(tmp_path: Path) -> None:
    said = refuse(tmp_path, "stages:\n  train: {processes: 2, gres: 'gpu:a100:1'}\n")
    assert "stages.train.gres" in said
    assert "(line 2)" in said
    load_site_file(write(tmp_path, "stages:\n  train: {processes: 2, gres: 'gpu:a100:2'}\n"))
    load_site_file(write(tmp_path, "stages:\n  train: {processes: 2, gres: 'gpu:0'}\n"))


@pytest.mark.parametrize("option", ["--gpus=4", "--gres=gpu:4", "--gpus-per-node=1"])
def test_gpus_are_not_asked_for_in_two_ways(tmp_path: Path, option: str) -> None:
    assert "options.0" in refuse(tmp_path, f"options: [{option}]\n")
    free = f"options: [{option}]\nstages: {{generate: {{gpus: 0}}, train: {{gpus: 0}}}}\n"
    load_site_file(write(tmp_path, free))


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("90", 5400),
        ("1:30", 90),
        ("05:00", 300),
        ("01:00:00", 3600),
        ("1-0", 86_400),
        ("1-12", 129_600),
        ("2-12:30", 217_800),
        ("2-12:30:10", 217_810),
        ("UNLIMITED", None),
        ("INFINITE", None),
        ("0", None),
        ("00:00:00", None),
    ],
)
def test_a_time_limit_is_as_long_as_slurm_takes_it_for(time: str, seconds: int | None) -> None:
    assert read_seconds(time) == seconds


@pytest.mark.parametrize("time", ["1", "2", "00:01:00", "00:02:00", "0-00:02", "02:00"])
@pytest.mark.parametrize("stage", ["prepare", "generate", "evaluate"])
def test_a_stage_that_would_be_warned_as_it_begins_is_refused_with_its_line(
    tmp_path: Path, stage: str, time: str
) -> None:
    for requeue in ("requeue: {warn_seconds: 120}", "array: {}"):  # said, and by default
        said = refuse(tmp_path, f"{requeue}\nstages:\n  {stage}:\n    time: '{time}'\n")
        assert "site.yaml:4" in said
        assert f"stages.{stage}.time" in said
        assert "120" in said


@pytest.mark.parametrize("time", ["3", "00:02:01", "UNLIMITED", "0", "1-0"])
def test_a_stage_with_time_left_behind_its_warning_is_taken(tmp_path: Path, time: str) -> None:
    text = f"stages: {{train: {{time: '{time}'}}}}\n"
    assert load_site_file(write(tmp_path, text)).stages.train.time == time


def test_a_warning_that_is_longer_than_the_times_by_default_is_named_by_its_own_line(
    tmp_path: Path,
) -> None:
    said = refuse(tmp_path, "\nrequeue:\n  warn_seconds: 3600\n")
    assert "site.yaml:3" in said
    assert "requeue.warn_seconds" in said
    assert "4 problem(s)" in said  # every stage of an hour, and none that is longer


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "---\n# x\n...\n", "\ufeff"])
def test_a_site_file_without_a_word_is_called_empty_and_shown_an_example(
    tmp_path: Path, text: str
) -> None:
    said = refuse(tmp_path, text)
    assert "the site file is empty" in said
    assert "slurm/site.example.yaml" in said
    assert "NoneType" not in said
