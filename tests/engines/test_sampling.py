"""Drawing tokens: the right distribution, from each row's seed alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synth_local.engines.hf.sampling import Sampler, draw_exponential

SEED = st.integers(min_value=0, max_value=2**63 - 1)


def draw_many(logits: torch.Tensor, count: int, *, temperature: float, top_p: float) -> list[int]:
    seeds = torch.arange(count) * 7919 + 13
    rows = logits.expand(count, -1)
    drawn = Sampler(temperature, top_p).draw(rows, seeds, torch.zeros_like(seeds))
    return [int(token) for token in drawn]


@pytest.mark.parametrize(
    ("vocabulary", "temperature", "top_p"),
    [(8, 1.0, 1.0), (8, 0.7, 1.0), (8, 1.0, 0.8), (300, 1.0, 0.95), (300, 3.0, 0.5)],
)
def test_tokens_follow_the_distribution_of_temperature_and_nucleus(
    vocabulary: int, temperature: float, top_p: float
) -> None:
    logits = torch.randn(vocabulary, generator=torch.Generator().manual_seed(1)) * 2
    probabilities = (logits / temperature).softmax(dim=-1)
    order = probabilities.argsort(descending=True)
    before = probabilities[order].cumsum(0) - probabilities[order]
    nucleus = order[before < top_p]
    expected = torch.zeros(vocabulary)
    expected[nucleus] = probabilities[nucleus] / probabilities[nucleus].sum()

    drawn = torch.tensor(draw_many(logits, 20_000, temperature=temperature, top_p=top_p))
    counts = torch.bincount(drawn, minlength=vocabulary)
    assert counts[expected == 0].sum() == 0
    frequent = expected * 20_000 >= 5
    rest = counts[~frequent].sum(), expected[~frequent].sum() * 20_000
    observed = [*counts[frequent].tolist(), float(rest[0])]
    wanted = [*(expected[frequent].double() * 20_000).tolist(), float(rest[1])]
    if wanted[-1] < 1:
        observed, wanted = observed[:-1], wanted[:-1]
    scale = sum(observed) / sum(wanted)
    assert stats.chisquare(observed, [one * scale for one in wanted]).pvalue > 1e-3


def test_temperature_0_takes_the_most_likely_token() -> None:
    logits = torch.tensor([0.1, 2.0, -1.0])
    assert set(draw_many(logits, 50, temperature=0.0, top_p=0.5)) == {1}


def test_a_tiny_nucleus_is_greedy() -> None:
    logits = torch.randn(5000, generator=torch.Generator().manual_seed(2))
    best = int(logits.argmax())
    assert set(draw_many(logits, 200, temperature=1.0, top_p=1e-6)) == {best}


@given(st.lists(SEED, min_size=2, max_size=12), st.data())
@settings(deadline=None, max_examples=40)
def test_a_row_draws_the_same_token_in_any_company(seeds: list[int], data: st.DataObject) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(len(seeds), 500, generator=generator) * data.draw(
        st.sampled_from([0.1, 1.0, 5.0])
    )
    steps = torch.tensor([data.draw(st.integers(0, 300)) for _ in seeds])
    order = data.draw(st.permutations(range(len(seeds))))
    sampler = Sampler(1.0, 0.9)
    together = sampler.draw(logits, torch.tensor(seeds), steps)
    shuffled = sampler.draw(logits[order], torch.tensor(seeds)[order], steps[order])
    assert together[order].tolist() == shuffled.tolist()
    alone = sampler.draw(logits[:1], torch.tensor(seeds[:1]), steps[:1])
    assert alone[0] == together[0]


def test_noise_is_exponential_and_free_of_patterns_between_seeds_steps_and_tokens() -> None:
    seeds = torch.arange(300)
    tokens = torch.arange(300)
    noise = draw_exponential(seeds, torch.zeros_like(seeds), tokens)
    assert stats.kstest(noise.flatten().numpy(), "expon").pvalue > 1e-3
    later = draw_exponential(seeds, torch.ones_like(seeds), tokens)
    for left, right in (
        (noise[:, :-1], noise[:, 1:]),
        (noise[:-1], noise[1:]),
        (noise, later),
        (noise[:-1], later[1:]),
    ):
        pairs = torch.stack([left.flatten(), right.flatten()])
        assert abs(float(torch.corrcoef(pairs)[0, 1])) < 0.02
    assert float(noise.min()) > 0
    assert torch.isfinite(noise.log()).all()
