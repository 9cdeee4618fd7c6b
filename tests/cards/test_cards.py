from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import example, given
from hypothesis import strategies as st

from synth_local.errors import ConfigError
from synth_local.models import (
    BUILT_IN_STUDENTS,
    Card,
    HasSeen,
    load_card,
    read_card,
    read_card_text,
    write_card,
)

CARDS = sorted((Path(__file__).parents[2] / "model_cards").glob("*.md"))
NAMES = {
    "all-minilm-l6-v2", "bert-base-uncased", "gemma-2-9b-it", "llama-3.1-8b-instruct",
    "mistral-7b-instruct-v0.3", "olmo-2-1124-7b-instruct", "phi-4-mini-instruct",
    "qwen2.5-7b-instruct", "qwen3-8b", "roberta-base", "scratch-bert", "tfidf-logreg",
    "majority", "text-length", "generator-itself", "minilm-l6-v2", "smollm2-135m-instruct",
}  # fmt: skip


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_all_cards_are_there() -> None:
    assert {path.stem for path in CARDS} == NAMES
    assert set(BUILT_IN_STUDENTS) < NAMES


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_shipped_card_is_found_by_name_and_opens_in_the_hub_library(path: Path) -> None:
    card = load_card(path.stem, None)
    assert card == read_card(path, path.stem)
    assert card.name == path.stem
    assert card.license != "unknown"
    assert card.homepage.startswith("https://") or card.name in BUILT_IN_STUDENTS
    opened = ModelCard.load(path)
    assert opened.data.license
    assert opened.data.to_dict()["synth_local"]["role"] == card.role


@pytest.mark.parametrize(
    ("name", "system_role", "thinking"),
    [
        ("gemma-2-9b-it", False, "none"),
        ("qwen3-8b", True, "off"),
        ("qwen2.5-7b-instruct", True, "none"),
    ],
)
def test_cards_name_the_traps_of_chat_templates(
    name: str, system_role: bool, thinking: str
) -> None:
    card = load_card(name, None)
    assert (card.system_role, card.thinking) == (system_role, thinking)


SEEN = {"task": "sms", "split": "train", "rows": 2972, "note": "early stopping"}


def test_what_is_written_is_read_back_by_us_and_by_the_hub_library(tmp_path: Path) -> None:
    head = {
        "license": "other",
        "license_name": "tiny-licence",
        "tags": ["a: b", "---"],
        "synth_local": {"tiny": True, "context_length": 512, "has_seen": [SEEN]},
    }
    written = write_card(tmp_path / "models/tiny-sms/README.md", head, "# Tiny\n\n---\n\ntext\n")
    assert written.name == "tiny-sms"
    assert written.license == "tiny-licence"
    assert written.has_seen == (
        HasSeen(task="sms", split="train", num_rows=2972, note="early stopping"),
    )
    assert load_card("tiny-sms", tmp_path / "models/tiny-sms") == written
    opened = ModelCard.load(tmp_path / "models/tiny-sms/README.md")
    assert opened.data.to_dict()["synth_local"] == head["synth_local"]
    assert opened.text.strip() == "# Tiny\n\n---\n\ntext"


@given(st.text(), st.text(min_size=1).filter(str.strip))
@example("\x85", "---\n...")
def test_no_text_breaks_out_of_the_front_matter(
    tmp_path_factory: pytest.TempPathFactory, note: str, task: str
) -> None:
    path = tmp_path_factory.mktemp("card") / "x.md"
    seen = {"task": task, "split": "pool", "note": note}
    card = write_card(path, {"synth_local": {"has_seen": [seen]}}, "body")
    assert read_card(path, "x") == card
    assert card.has_seen[0].note == note


def test_a_bare_off_means_the_word() -> None:
    section = yaml.safe_load("{name: x, thinking: off}")
    assert Card.model_validate(section).thinking == "off"


@pytest.mark.parametrize(
    ("section", "line", "said"),
    [
        ("  thinkin: off", 3, "did you mean 'thinking'"),
        ("  role: teacher", 3, "'generator'"),
        ("  tiny: true\n  has_seen: [{task: x, split: dev}]", 4, "has_seen.0.split"),
    ],
)
def test_a_wrong_card_is_a_configuration_error_with_its_line(
    tmp_path: Path, section: str, line: int, said: str
) -> None:
    path = tmp_path / "x.md"
    path.write_text(f"---\nsynth_local:\n{section}\n---\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_card(path, "x")
    assert said in str(caught.value)
    assert f"(line {line})" in caught.value.fix


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# no front matter", "no front matter"),
        ("---\na: [\n---\n", "not valid YAML"),
        ("---\n- a\n---\n", "no mapping"),
        ("---\nsynth_local: yes\n---\n", "must hold a mapping"),
    ],
)
def test_a_card_that_cannot_be_parsed_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.md").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as caught:
        read_card(tmp_path / "x.md", "x")
    assert caught.value.where.startswith(str(tmp_path / "x.md"))


def test_nothing_is_written_where_the_card_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        write_card(tmp_path / "x.md", {"synth_local": {"rolle": "student"}}, "body")
    assert not (tmp_path / "x.md").exists()


def make_folder(folder: Path, config: str, template: str = "", readme: str = "") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(config, encoding="utf-8")
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    if readme:
        (folder / "README.md").write_text(readme, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("config", "template", "readme", "expected"),
    [
        (
            '{"architectures": ["LlamaForCausalLM"]}', "", "---\nlicense: mit\n---\nbody",
            {"role": "generator", "license": "mit", "architecture": "LlamaForCausalLM"},
        ),
        ('{"architectures": ["BertModel"]}', "", "", {"role": "student", "license": "unknown"}),
        ('{"model_type": "model2vec"}', "", "---\nlicense: [\n---\n", {"role": "embedder"}),
        ("not json", "", "no front matter", {"role": "generator", "license": "unknown"}),
        ("{}", "{% if enable_thinking %}<think>{% endif %}", "", {"thinking": "off"}),
        ("{}", "<think>", "---\nlicense: other\n---\n", {"thinking": "strip", "license": "other"}),
    ],
)  # fmt: skip
def test_a_folder_without_our_card_speaks_for_itself(
    tmp_path: Path, config: str, template: str, readme: str, expected: dict[str, Any]
) -> None:
    folder = make_folder(tmp_path / "models/x", config, template, readme)
    found = load_card("x", folder).model_dump()
    assert {key: found[key] for key in expected} == expected


def test_the_current_folders_card_comes_before_all_others(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "models/qwen3-8b", "{}")
    write_card(folder / "README.md", {"synth_local": {"context_length": 111}}, "inside")
    assert load_card("qwen3-8b", folder).context_length == 8192
    write_card(Path("model_cards/qwen3-8b.md"), {"synth_local": {"context_length": 222}}, "mine")
    assert load_card("qwen3-8b", folder).context_length == 222
    assert read_card_text("qwen3-8b").endswith("mine\n")


def test_an_unknown_card_offers_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean 'qwen3-8b'"):
        read_card_text("qwen-8b")


def test_importing_tasks_and_cards_brings_nothing_heavy() -> None:
    code = "import sys, synth_local.task, synth_local.models; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                         cwd=Path(__file__).parents[2])  # fmt: skip
    heavy = {"pyarrow", "numpy", "torch", "transformers", "huggingface_hub", "datasets", "sklearn"}
    assert not heavy & set(run.stdout.split())
