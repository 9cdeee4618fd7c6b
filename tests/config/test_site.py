"""The site file: closed, all problems at once, and nothing in it that a parser could misread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from synth_local.backends.slurm.jobs import Job, Part
from synth_local.backends.slurm.script import Place, job_name
from synth_local.config import SiteConfig, StageSite, load_site_file
from synth_local.config.site import RESERVED_OPTIONS
from synth_local.core.places import find_shipped
from synth_local.errors import EXIT_CONFIG, ConfigError

HOSTILE = [
    "two words",
    'a"b',
    "a'b",
    "$(touch x)",
    "`touch x`",
    "a\nb",
    "a;b",
    "a\\b",
    "a#b",
    "%j",
    "",
]


def write_site(folder: Path, value: Any) -> Path:
    path = folder / "site.yaml"
    path.write_text(value if isinstance(value, str) else yaml.safe_dump(value))
    return path


def refuse(folder: Path, value: Any) -> str:
    """Return what is said of a site file that is refused."""
    with pytest.raises(ConfigError) as caught:
        load_site_file(write_site(folder, value))
    assert caught.value.exit_code == EXIT_CONFIG
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("partitoin: gpu", ["partitoin: unknown key", "'partition'", "line 1"]),
        ("\nstages:\n  train: {tiem: '1'}", ["stages.train.tiem", "'time'", "line 3"]),
        ("array: {trottle: 3}", ["array.trottle", "'throttle'"]),
        ("stages:\n  generate:\n    shard: 3", ["stages.generate.shard", "'shards'", "line 3"]),
    ],
)
def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    message = refuse(tmp_path, text)
    assert all(part in message for part in said), message


def test_all_problems_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = """\
account: two words
options: [--array=0-3]
requeue:
  limit: -1
stages:
  generate:
    shards: 0
    memory: 64 GB
mail: {user: me, when: [NEVER]}
"""
    message = refuse(tmp_path, text)
    assert "6 problem(s) in site.yaml" in message
    places = ["account", "options", "requeue.limit", "stages.generate.shards"]
    places += ["stages.generate.memory", "mail.when.0"]
    lines = [1, 2, 4, 7, 8, 9]
    for place, line in zip(places, lines, strict=True):
        told = next(row for row in message.splitlines() if f"{place}:" in row)
        assert told.endswith(f"(line {line})"), told


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("key", ["account", "partition", "qos"])
def test_a_name_that_slurm_could_misread_is_refused(tmp_path: Path, key: str, value: str) -> None:
    assert key in refuse(tmp_path, {key: value})


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_words_are_refused_wherever_a_stage_takes_one(tmp_path: Path, value: str) -> None:
    for key in ("partition", "qos", "gres", "time", "memory"):
        assert f"stages.train.{key}" in refuse(tmp_path, {"stages": {"train": {key: value}}})
    assert "mail.user" in refuse(tmp_path, {"mail": {"user": value}})
    assert "modules.1" in refuse(tmp_path, {"modules": ["cuda/12.8", value]})


@pytest.mark.parametrize(
    "value",
    [
        *HOSTILE,
        "--two words",
        "--constraint=$(touch x)",
        "--constraint=`x`",
        "--comment='x'",
        "--wckey=a\n#SBATCH --wrap=x",
        "-p gpu",
        "constraint=a100",
        "--",
        "--constraint=",
        "--Constraint=x",
    ],
)
def test_an_option_that_is_not_one_plain_word_is_refused(tmp_path: Path, value: str) -> None:
    assert "options" in refuse(tmp_path, {"options": [value]})


@pytest.mark.parametrize("name", RESERVED_OPTIONS)
def test_options_that_the_pipeline_sets_itself_are_refused(tmp_path: Path, name: str) -> None:
    for option in (name, f"{name}=1"):
        message = refuse(tmp_path, {"options": [option]})
        assert f"{name} is set by synth-local itself" in message


@pytest.mark.parametrize(
    "name", ["A B", "A=B", "$(touch x)", "`x`", "1A", "A\nB", "A;B", "A'", '"A', "", "A-B"]
)
def test_a_name_that_no_shell_takes_as_a_variable_is_refused(tmp_path: Path, name: str) -> None:
    assert "environment" in refuse(tmp_path, {"environment": {name: "1"}})


def test_values_that_the_shell_gets_quoted_may_hold_anything_printable(tmp_path: Path) -> None:
    odd = "a b'c\"$(touch x)`y`;#"
    value = {"environment": {"NAME_1": odd}, "activate": odd, "python": odd, "scratch": odd}
    site = load_site_file(write_site(tmp_path, {**value, "job_name": odd}))
    assert site.environment == {"NAME_1": odd}
    assert (site.activate, site.python, site.scratch, site.job_name) == (odd, odd, odd, odd)


@pytest.mark.parametrize("key", ["job_name", "activate", "python", "scratch", "prologue"])
def test_control_characters_are_refused_everywhere(tmp_path: Path, key: str) -> None:
    assert key in refuse(tmp_path, {key: "a\x1b[2Jb"})
    assert "environment" in refuse(tmp_path, {"environment": {"A": "a\x00b"}})


@pytest.mark.parametrize(
    "value", ["30", "05:00", "01:00:00", "1-0", "2-12", "2-12:30", "2-12:30:00"]
)
def test_slurms_own_ways_to_write_a_time_are_taken(tmp_path: Path, value: str) -> None:
    site = load_site_file(write_site(tmp_path, {"stages": {"curate": {"time": value}}}))
    assert site.stages.curate.time == value


@pytest.mark.parametrize("value", ["1h", "90 minutes", "1:2:3", "-1", "1-", "infinite", 3600])
def test_what_is_no_time_of_slurms_is_refused(tmp_path: Path, value: object) -> None:
    assert "time" in refuse(tmp_path, {"stages": {"curate": {"time": value}}})


def test_a_time_without_quotes_which_yaml_reads_as_a_number_is_refused(tmp_path: Path) -> None:
    message = refuse(tmp_path, "stages:\n  curate:\n    time: 12:00:00\n")
    assert "stages.curate.time" in message
    assert "(line 3)" in message


@pytest.mark.parametrize(("value", "is_good"), [("64G", True), ("900", True), ("64GB", False)])
def test_a_memory_is_a_number_with_a_unit_of_slurms(
    tmp_path: Path, value: str, is_good: bool
) -> None:
    text = {"stages": {"train": {"memory": value}}}
    if is_good:
        assert load_site_file(write_site(tmp_path, text)).stages.train.memory == value
    else:
        assert "such as 64G" in refuse(tmp_path, text)


def test_an_empty_mapping_is_a_site_with_all_defaults(tmp_path: Path) -> None:
    assert load_site_file(write_site(tmp_path, "{}")) == SiteConfig()


def test_the_shipped_test_site_asks_for_no_gpu() -> None:
    site = load_site_file(find_shipped("slurm") / "site.test.yaml")
    stages = site.stages
    for stage in (stages.prepare, stages.generate, stages.curate, stages.train, stages.evaluate):
        assert (stage.gpus, stage.gres) == (0, None)


def test_the_shipped_example_shows_the_defaults_where_it_does_not_say_otherwise() -> None:
    site = load_site_file(find_shipped("slurm") / "site.example.yaml")
    wanted = SiteConfig().model_dump(mode="json")
    wanted["stages"]["generate"]["memory"] = "64G"
    assert json.dumps(site.model_dump(mode="json"), sort_keys=True) == json.dumps(
        wanted, sort_keys=True
    )


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("my job", "my_job.train"),
        ("$(touch x); rm -rf /", "touch_x_rm_-rf.train"),
        ("%j#'\"`\\", "j.train"),
        ("日本", "run.train"),
        ("x" * 200, "x" * 60 + ".train"),
        (None, "a_run.train"),
    ],
)
def test_a_hostile_job_name_becomes_one_that_no_parser_minds(name: str | None, wanted: str) -> None:
    part = Part(Job("train", "train", (("train",),), StageSite()), "train", 0, 1, ())
    place = Place(Path("/data/a run"), Path("/data"), {}, "")
    assert job_name(SiteConfig(job_name=name), place, part) == wanted
