from __future__ import annotations

import random
from dataclasses import asdict

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from synth_local.measure.audit_records import Discrimination
from synth_local.measure.discriminator import (
    MIN_REAL_TEXTS,
    NUM_FOLDS,
    assign_folds,
    discriminate,
    measure_area,
)
from synth_local.records import Example, Interval
from synth_local.store.records import parse

LABELS = ("good", "bad")


def make_rows(num: int, seed: int, extra: str = "", share: float = 1.0) -> list[Example]:
    source = random.Random(seed)
    rows = []
    for number in range(num):
        label = LABELS[number % 2]
        words = [f"{label}{source.randrange(20)}", *(f"w{source.randrange(80)}" for _ in range(9))]
        words += [extra] if source.random() < share else []
        rows.append(Example(f"{seed}.{number}", " ".join(words), label))
    return rows


def tell(real: list[Example], synthetic: list[Example]) -> Discrimination:
    return discriminate(real, synthetic, LABELS, 3000, 0)


def auc(found: Discrimination) -> Interval:
    assert found.auc is not None, found.why
    return found.auc


def test_texts_of_one_kind_cannot_be_told_apart() -> None:
    held = 0
    for seed in range(10):
        found = auc(tell(make_rows(200, 2 * seed), make_rows(200, 2 * seed + 1)))
        held += found.low <= 0.5 <= found.high
    assert held >= 9


def test_another_domain_is_told_and_its_words_are_named() -> None:
    found = tell(make_rows(200, 1), make_rows(200, 2, extra="furthermore"))
    assert auc(found).low > 0.98
    assert auc(found).high == 1.0
    assert auc(found).low < 1.0  # that no text of 200 was mistaken does not say that none ever is
    first = found.words[0]
    assert (first.word, first.num_synthetic, first.num_real) == ("furthermore", 200, 0)
    assert first.weight > 0


def test_a_word_in_half_of_the_synthetic_texts_gives_an_area_of_three_quarters() -> None:
    found = auc(tell(make_rows(1000, 1), make_rows(1000, 2, extra="furthermore", share=0.5)))
    assert found.point == pytest.approx(0.75, abs=0.03)
    assert found.low < 0.75 < found.high


def test_the_mix_of_labels_gives_nothing_away() -> None:
    mostly_good = [one for one in make_rows(800, 1) if one.label == "good"] + make_rows(100, 3)
    found = tell(mostly_good, make_rows(100, 2))
    assert found.num_texts == 100
    assert auc(found).low <= 0.5 <= auc(found).high


def test_equal_texts_stand_in_one_fold() -> None:
    source = random.Random(0)
    keys = [f"k{source.randrange(30)}" for _ in range(200)]
    sides = np.arange(200) >= 100
    folds = assign_folds(keys, sides)
    assert all(len({folds[i] for i in range(200) if keys[i] == key}) == 1 for key in keys)
    spread = assign_folds([str(i) for i in range(100)], np.arange(100) >= 50)
    assert np.bincount(spread).tolist() == [100 // NUM_FOLDS] * NUM_FOLDS


def test_repeats_do_not_look_like_a_kind_of_their_own() -> None:
    """Repeated synthetic texts would be told by heart, were their copies in training folds."""
    few = make_rows(40, 2)
    repeated = [Example(f"r{n}.{one.id}", one.text.upper(), one.label) for n in range(5)
                for one in few]  # fmt: skip
    found = auc(tell(make_rows(200, 1), repeated))
    assert found.point < 0.75


def test_a_word_of_few_real_texts_is_never_named() -> None:
    real = make_rows(200, 1)
    for number in range(MIN_REAL_TEXTS - 1):
        one = real[number]
        real[number] = Example(one.id, f"{one.text} kowalczyk", one.label)
    # the same text four more times is no further text
    repeats = [Example(f"again{n}", real[0].text, real[0].label) for n in range(4)]
    for place in range(40, 60):
        one = real[place]
        real[place] = Example(one.id, f"{one.text} ward 4711985 nurse", one.label)
    found = tell([*real, *repeats], make_rows(210, 2))
    real_words = {word.word for word in found.words if word.weight < 0}
    assert {"ward", "nurse"} <= real_words
    assert "kowalczyk" not in repr(found)
    assert "4711985" not in repr(found)
    assert all(word.num_real >= MIN_REAL_TEXTS for word in found.words if word.weight < 0)
    assert all(word.num_synthetic >= 3 for word in found.words if word.weight > 0)
    assert parse(asdict(found), Discrimination) == found


def test_languages_without_spaces_have_words() -> None:
    source = random.Random(0)
    signs = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往"
    texts = ["".join(source.choice(signs) for _ in range(12)) for _ in range(200)]
    real = [Example(f"a{i}", text, LABELS[i % 2]) for i, text in enumerate(texts[:100])]
    synthetic = [Example(f"b{i}", f"{t}秋", LABELS[i % 2]) for i, t in enumerate(texts[100:])]
    found = tell(real, synthetic)
    assert auc(found).low > 0.95
    assert found.words[0].word == "秋"


@pytest.mark.parametrize(
    ("real", "synthetic", "why"),
    [
        ([], make_rows(50, 1), "0 text(s) of the same labels on each side are fewer than the 20"),
        (make_rows(50, 1), make_rows(1, 2), "1 text(s)"),
        ([Example(f"a{i}", " ", "good") for i in range(40)],
         [Example(f"b{i}", "\n", "good") for i in range(40)], "no word in any"),
        (make_rows(40, 1), [Example(f"b{i}", "same", LABELS[i % 2]) for i in range(40)],
         "equal texts stand in one fold"),
    ],
    ids=["no real", "one text", "no word", "all equal"],
)  # fmt: skip
def test_what_cannot_be_said_says_why(
    real: list[Example], synthetic: list[Example], why: str
) -> None:
    found = tell(real, synthetic)
    assert found.auc is None
    assert why in found.why
    assert found.words == ()


def test_the_area_is_that_of_scikit_learn_and_its_variance_that_of_repeated_draws() -> None:
    source = np.random.default_rng(0)
    areas, variances = [], []
    for _ in range(200):
        high = np.round(source.normal(1, 1, 60), 1)
        low = np.round(source.normal(0, 1, 40), 1)
        area, variance = measure_area(high, low)
        truth = roc_auc_score([1] * 60 + [0] * 40, np.concatenate([high, low]))
        assert area == pytest.approx(truth)
        areas.append(area)
        variances.append(variance)
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.2)
