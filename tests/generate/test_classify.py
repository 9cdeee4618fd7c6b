from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from synth_local.config import GenerateConfig
from synth_local.engines.fake import FakeEngine, write_fake_model
from synth_local.errors import EngineError
from synth_local.generate.choices import score_choices
from synth_local.generate.classify import Classifier, draw_exemplars
from synth_local.generate.prompts import load_prompts
from synth_local.models import Card
from synth_local.records import Continuation, Example
from tests.generate.test_prompts import TASK

PROMPTS = load_prompts(TASK, None)
POOL = [Example(f"p{i}", f"text number {i}", ("neg", "neg", "pos")[i % 3]) for i in range(30)]
CLUES = {"dull": "negative", "lovely": "pos"}


def open_fake(folder: Path, **keys: object) -> FakeEngine:
    write_fake_model(folder, **keys)
    return FakeEngine(folder, Card(name="fake"), GenerateConfig())


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    return open_fake(tmp_path / "fake", clues=CLUES)


class Stub:
    """Scores by a table; for what ``score_choices`` does with an engine's numbers."""

    def __init__(self, scores: dict[str, float]) -> None:
        self.scores = scores

    def render_answer(self, text: str) -> tuple[int, ...]:
        return tuple(text.encode())

    def score(self, continuations: Sequence[Continuation]) -> list[float]:
        return [self.scores[bytes(one.answer_ids).decode()] for one in continuations]


def test_probabilities_are_the_answers_shares_of_what_is_allowed() -> None:
    stub = Stub({"yes": -800.0, "no": -800.0 + np.log(3)})
    found = score_choices(stub, [(1,), (2, 3)], ["yes", "no"])  # type: ignore[arg-type]
    assert found == pytest.approx(np.array([[0.25, 0.75], [0.25, 0.75]]))
    assert score_choices(stub, [], ["yes", "no"]).shape == (0, 2)  # type: ignore[arg-type]


def test_a_generator_that_knows_says_the_label(engine: FakeEngine) -> None:
    found = Classifier(engine, PROMPTS).classify(["so lovely .", "so dull ."])
    assert found.probabilities.argmax(axis=1).tolist() == [1, 0]
    assert found.probabilities.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert found.num_cut == 0
    assert found.num_tokens > 2 * 2 * 20


def test_exemplars_take_turns_by_label_and_depend_on_the_seed() -> None:
    drawn = draw_exemplars(POOL, 8, 1)
    assert Counter(one.label for one in drawn) == {"neg": 4, "pos": 4}
    assert all({one.label for one in drawn[i : i + 2]} == {"neg", "pos"} for i in (0, 2, 4, 6))
    assert drawn == draw_exemplars(POOL, 8, 1)
    assert {one.id for one in drawn} != {one.id for one in draw_exemplars(POOL, 8, 2)}
    assert len({one.id for one in drawn}) == 8
    assert len(draw_exemplars(POOL, 64, 1)) == 30
    assert draw_exemplars(POOL, 0, 1) == ()


def test_a_long_text_loses_its_end_and_just_fits(tmp_path: Path) -> None:
    engine = open_fake(tmp_path / "fake", clues=CLUES, context_length=80)
    classifier = Classifier(engine, PROMPTS)
    long = "dull " + "word " * 500 + "lovely"
    fitted = classifier.fit(long)
    assert fitted.is_cut
    # one more word would be one too many: answer (2 tokens) and a free token fill the rest
    assert len(fitted.prompt_ids) == classifier.room == 80 - 2 - 1
    found = classifier.classify([long, "lovely"])
    assert found.num_cut == 1
    assert found.probabilities.argmax(axis=1).tolist() == [0, 1]


def test_exemplars_go_before_the_text_does(tmp_path: Path) -> None:
    engine = open_fake(tmp_path / "fake", context_length=220)
    pool = [Example(f"p{i}", "word " * 12, ("neg", "pos")[i % 2]) for i in range(8)]
    classifier = Classifier(engine, PROMPTS, tuple(pool))
    assert 0 < len(classifier.exemplars) < 8
    assert classifier.exemplars == tuple(pool)[: len(classifier.exemplars)]
    assert not classifier.fit("word " * 50).is_cut


def test_labels_that_fill_the_context_are_refused(tmp_path: Path) -> None:
    engine = open_fake(tmp_path / "fake", context_length=40)
    with pytest.raises(EngineError, match="leaves no room") as caught:
        Classifier(engine, PROMPTS).classify(["any"])
    assert "descriptions" in caught.value.fix
