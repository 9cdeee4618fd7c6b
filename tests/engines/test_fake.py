"""The fake engine: deterministic, varied, and bad on request."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from synth_local.config import GenerateConfig
from synth_local.engines.fake import REFUSAL, REPEATED, FakeEngine, write_fake_model
from synth_local.errors import ConfigError
from synth_local.models import Card
from synth_local.records import Completion, Continuation, Message, Request


def open_fake(folder: Path, **keys: object) -> FakeEngine:
    return FakeEngine(write_fake_model(folder, **keys), Card(name="fake"), GenerateConfig())


def ask(engine: FakeEngine, message: str, seeds: range, history: str = "") -> list[Completion]:
    conversation = [Message("system", "You write.")]
    if history:
        conversation += [Message("user", "First."), Message("assistant", history)]
    prompt = engine.render((*conversation, Message("user", message)))
    for seed in seeds:
        engine.submit(Request(f"{message} {seed}", prompt, seed, 256))
    done: list[Completion] = []
    while engine.num_in_flight:
        done += engine.step()
    return done


def test_texts_are_sentences_of_varied_length(tmp_path: Path) -> None:
    texts = [one.text for one in ask(open_fake(tmp_path), "One review.", range(200))]
    assert len(set(texts)) == 200
    assert all(text[0].isupper() and text[-1] in ".!?" for text in texts)
    assert len({len(text.split()) for text in texts}) > 20


def test_a_text_depends_on_the_last_user_message_and_not_on_what_came_before(
    tmp_path: Path,
) -> None:
    engine = open_fake(tmp_path)
    plain = [one.text for one in ask(engine, "Another.", range(5))]
    later = [one.text for one in ask(engine, "Another.", range(5), history="Something.")]
    assert plain == later
    assert plain != [one.text for one in ask(engine, "A third.", range(5))]


def test_the_share_of_bad_texts_is_what_was_asked_for(tmp_path: Path) -> None:
    texts = [one.text for one in ask(open_fake(tmp_path, bad_share=0.3), "x", range(1000))]
    bad = [text for text in texts if text in (REFUSAL, REPEATED, "")]
    assert 0.25 < len(bad) / 1000 < 0.35
    assert {REFUSAL, REPEATED, ""} == set(bad)


def test_per_step_and_delay_slow_it_down(tmp_path: Path) -> None:
    engine = open_fake(tmp_path, per_step=2, delay_ms=5)
    prompt = engine.render((Message("user", "x"),))
    for i in range(4):
        engine.submit(Request(str(i), prompt, i, 9))
    start = time.monotonic()
    assert len(engine.step()) == 2
    assert time.monotonic() - start >= 0.004
    assert engine.num_in_flight == 2


def test_it_says_that_no_model_was_asked(tmp_path: Path) -> None:
    info = open_fake(tmp_path).info
    assert info.name == "fake"
    assert "no language model" in info.notes[0]


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "synth-local-fake", "per_stp": 3})
    )
    with pytest.raises(ConfigError, match="per_stp"):
        FakeEngine(tmp_path, Card(name="fake"), GenerateConfig())


def test_a_clue_is_followed_as_often_as_stated(tmp_path: Path) -> None:
    folder = write_fake_model(tmp_path / "clues", clues={"wet": "rainy"}, right_share=0.8)
    engine = FakeEngine(folder, Card(name="fake"), GenerateConfig())
    answers = [engine.render_answer(text) for text in ("sunny", "rainy")]
    right = 0
    for number in range(500):
        prompt = engine.render((Message("user", f"a wet day, number {number}"),))
        scores = engine.score([Continuation(prompt, answer) for answer in answers])
        right += scores[1] > scores[0]
    assert 0.75 < right / 500 < 0.85
