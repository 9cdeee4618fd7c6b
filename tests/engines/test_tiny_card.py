"""The miniature's card: hubs and the toolkit read it, people are told what it is."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import ModelCard

from synth_local.models import HasSeen, load_card
from synth_local.models.front_matter import write_card
from synth_local.tiny.card import render_tiny_card
from synth_local.tiny.settings import TinyEvaluation, TinyReport, TinySettings

LOOKS = (
    TinyEvaluation(step=50, tokens=90_000, seconds=9.0, train_loss=5.5, heldout_loss=5.0),
    TinyEvaluation(step=99, tokens=180_000, seconds=18.0, train_loss=4.5, heldout_loss=4.25),
)
REPORT = TinyReport(
    settings=TinySettings(size="s", minutes=4, seed=1),
    num_parameters=1_602_560,
    vocab_size=2071,
    num_phrases=18,
    num_conversations=3000,
    num_texts=2815,
    num_heldout=100,
    num_cut=2,
    tokens_per_pass=120_000,
    tokens=180_123,
    seconds=90.0,
    tokens_per_second=12_345.6,
    evaluations=LOOKS,
    best=LOOKS[1],
    stopped="no more gain",
    dtype="bfloat16",
    versions={"torch": "2.13.0"},
)
SEEN = (
    HasSeen(task="sms", split="train", num_rows=2815, note="prompts and answers"),
    HasSeen(task="mail", split="pool", num_rows=None),
)


def write(folder: Path) -> Path:
    front_matter, body = render_tiny_card(
        REPORT, name="tiny-sms", tasks=("sms", "mail"), has_seen=SEEN
    )
    path = folder / "tiny-sms" / "README.md"
    path.parent.mkdir()
    write_card(path, front_matter, body)
    return path


def test_the_toolkit_reads_what_it_wrote(tmp_path: Path) -> None:
    card = load_card("tiny-sms", write(tmp_path).parent)
    assert card.tiny
    assert card.role == "generator"
    assert card.system_role is True
    assert card.thinking == "none"
    assert card.context_length == 2048
    assert card.parameters == 1_602_560
    assert card.has_seen == SEEN
    assert card.license == "as-the-training-texts"


def test_the_hubs_library_reads_it(tmp_path: Path) -> None:
    card = ModelCard.load(write(tmp_path))
    assert card.data.pipeline_tag == "text-generation"
    assert card.data.to_dict()["synth_local"]["tiny"] is True


def test_people_are_told_what_it_is_and_what_it_has_seen(tmp_path: Path) -> None:
    text = write(tmp_path).read_text()
    for line in (
        "**This is a miniature for tests, not a large language model.** It was trained from",
        "nothing, in 1.5 minutes on a CPU, on the training texts of `sms` and `mail`. It knows",
        "- `sms`, split `train`: 2,815 rows (prompts and answers)",
        "- `mail`, split `pool`: an unknown number of rows",
        "- 1,602,560 parameters (size `s`), Llama architecture, float32",
        "| 0.75 | 90,000 | 5.500 | 5.000 |  |",
        "| 1.50 | 180,000 | 4.500 | 4.250 | kept |",
        "- bound: 4 minutes, seed 1; 180,123 tokens at 12,346 per second, products in bfloat16",
    ):
        assert f"\n{line}\n" in text
    assert "**Expect copies.**" in text
