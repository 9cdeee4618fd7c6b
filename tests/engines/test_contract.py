"""One contract for all engines: fake, transformers and vLLM."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from synth_local.config import GenerateConfig
from synth_local.engines.choose import open_engine
from synth_local.engines.protocol import Engine
from synth_local.errors import EngineError
from synth_local.models import Card
from synth_local.records import Completion, Continuation, Conversation, Message, Request

SETTINGS = GenerateConfig(temperature=1.0, top_p=0.95, max_tokens=24, batch=8, max_num_seqs=16)
ENGINES = (
    "fake",
    "transformers",
    pytest.param("vllm", marks=(pytest.mark.vllm, pytest.mark.enable_socket)),
)


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, llama_folder: Path, fake_folder: Path
) -> Iterator[Engine]:
    folder = fake_folder if request.param == "fake" else llama_folder
    engine = open_engine(request.param, folder, Card(name="any"), SETTINGS, "float32")
    yield engine
    engine.close()


def ask(engine: Engine, topic: str) -> tuple[int, ...]:
    conversation: Conversation = (
        Message("system", "You write short texts."),
        Message("user", f"Write one text about {topic}."),
    )
    return engine.render(conversation)


def make_requests(engine: Engine, count: int, max_tokens: int = 24) -> list[Request]:
    topics = ("a film", "the company and its profit next quarter", "tea")
    prompts = [ask(engine, topic) for topic in topics]
    return [Request(f"r{i}", prompts[i % 3], 1000 + i, max_tokens) for i in range(count)]


def drain(engine: Engine) -> list[Completion]:
    done = []
    while engine.num_in_flight:
        done += engine.step()
    return done


def answer(engine: Engine, requests: Sequence[Request]) -> dict[str, Completion]:
    for request in requests:
        engine.submit(request)
    done = drain(engine)
    assert sorted(one.id for one in done) == sorted(one.id for one in requests)
    return {one.id: one for one in done}


def test_every_request_comes_back_once_by_its_id(engine: Engine) -> None:
    assert len(answer(engine, make_requests(engine, 37))) == 37
    assert engine.num_in_flight == 0
    assert engine.step() == []


def test_requests_may_enter_while_others_run(engine: Engine) -> None:
    requests = make_requests(engine, 30)
    alone = answer(engine, requests)
    waiting, done = list(requests), []
    while waiting or engine.num_in_flight:
        for request in waiting[:3]:
            engine.submit(request)
        waiting = waiting[3:]
        done += engine.step()
    assert {one.id: one for one in done} == alone


def test_a_text_depends_on_prompt_and_seed_alone(engine: Engine) -> None:
    assert engine.info.grade == "exact"
    requests = make_requests(engine, 40)
    expected = answer(engine, requests)
    shuffled = random.Random(0).sample(requests, len(requests))
    assert answer(engine, shuffled) == expected
    for request in requests[:4]:
        assert answer(engine, [request]) == {request.id: expected[request.id]}


def test_other_seeds_give_other_texts(engine: Engine) -> None:
    prompt = ask(engine, "a film")
    texts = [
        one.text
        for one in answer(engine, [Request(f"s{i}", prompt, i, 24) for i in range(20)]).values()
    ]
    assert len(set(texts)) >= 18


def test_the_largest_seed_is_taken(engine: Engine) -> None:
    request = Request("large", ask(engine, "tea"), 2**63 - 1, 8)
    assert answer(engine, [request]) == answer(engine, [request])


def test_tokens_are_counted_and_the_reason_of_the_end_is_named(engine: Engine) -> None:
    done = answer(engine, make_requests(engine, 60)).values()
    assert {one.finish_reason for one in done} == {"stop", "length"}
    for one in done:
        assert one.num_prompt_tokens > 0
        assert one.num_tokens == 24 if one.finish_reason == "length" else one.num_tokens <= 24
        assert "<|im_" not in one.text


def test_max_tokens_of_one_gives_at_most_one_token(engine: Engine) -> None:
    done = answer(engine, make_requests(engine, 9, max_tokens=1)).values()
    assert all(one.num_tokens <= 1 for one in done)


def test_a_text_is_cut_where_the_context_ends(engine: Engine) -> None:
    prompt = ask(engine, "tea")
    room = 3
    long_prompt = (prompt * 99)[: engine.info.context_length - room]
    requests = [Request(f"long{i}", long_prompt, i, 24) for i in range(8)]
    done = answer(engine, requests).values()
    assert all(one.num_tokens <= room for one in done)
    assert "length" in {one.finish_reason for one in done}
    assert all(one.num_tokens == room for one in done if one.finish_reason == "length")


def test_a_prompt_that_fills_the_context_is_refused(engine: Engine) -> None:
    prompt = (ask(engine, "tea") * 99)[: engine.info.context_length]
    with pytest.raises(EngineError, match="fills the context") as caught:
        engine.submit(Request("full", prompt, 0, 24))
    assert "shots" in caught.value.fix
    assert engine.num_in_flight == 0


def test_an_id_in_flight_and_an_empty_prompt_are_refused(engine: Engine) -> None:
    request = make_requests(engine, 1)[0]
    engine.submit(request)
    with pytest.raises(EngineError, match="in flight"):
        engine.submit(request)
    with pytest.raises(EngineError, match="nothing can be drawn"):
        engine.submit(Request("empty", (), 0, 24))
    assert len(drain(engine)) == 1


def test_capacity_is_positive_and_more_than_that_is_taken(engine: Engine) -> None:
    assert engine.capacity >= 1
    assert len(answer(engine, make_requests(engine, engine.capacity + 5, max_tokens=2))) > 5


def test_info_says_what_served(engine: Engine) -> None:
    info = engine.info
    assert info.name in ("fake", "transformers", "vllm")
    assert info.version
    assert (info.dtype, info.device, info.context_length) == ("float32", "cpu", 256)
    assert info.notes


ANSWERS = ("good", "good news", "bad", "a rather long answer of many words")


def make_continuations(engine: Engine, count: int) -> list[Continuation]:
    topics = ("a film", "the company and its profit next quarter", "tea")
    prompts = [ask(engine, f"{topics[i % 3]} and {i}") for i in range(count)]
    answers = [engine.render_answer(text) for text in ANSWERS]
    return [Continuation(prompt, answer) for prompt in prompts for answer in answers]


def test_a_score_depends_on_prompt_and_answer_alone(engine: Engine) -> None:
    asked = make_continuations(engine, 12)
    scores = engine.score(asked)
    assert len(scores) == len(asked)
    assert all(score < 0 for score in scores)
    assert len({round(score, 6) for score in scores}) > 40
    assert engine.score(asked) == scores
    shuffled = random.Random(0).sample(range(len(asked)), len(asked))
    again = engine.score([asked[place] for place in shuffled])
    assert again == pytest.approx([scores[place] for place in shuffled], abs=1e-4)
    for place in (0, 17, 46):
        assert engine.score([asked[place]]) == pytest.approx([scores[place]], abs=1e-4)
    assert engine.score([]) == []


def test_scores_are_those_of_the_model_itself(engine: Engine, llama_folder: Path) -> None:
    if engine.info.name == "fake":
        return
    import torch  # noqa: PLC0415 - heavy
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    model: Any = AutoModelForCausalLM.from_pretrained(llama_folder, dtype=torch.float32)
    asked = make_continuations(engine, 5)
    for one, score in zip(asked, engine.score(asked), strict=True):
        ids = torch.tensor([[*one.prompt_ids, *one.answer_ids]])
        with torch.inference_mode():
            logprobs = model(input_ids=ids).logits[0].double().log_softmax(-1)
        start = len(one.prompt_ids)
        expected = sum(
            float(logprobs[start + place - 1, token]) for place, token in enumerate(one.answer_ids)
        )
        assert score == pytest.approx(expected, abs=1e-3)


def test_no_answer_is_the_beginning_of_another(engine: Engine) -> None:
    short, long, *_ = (engine.render_answer(text) for text in ANSWERS)
    assert short[:-1] == long[: len(short) - 1]
    assert short[-1] == long[-1] != long[len(short) - 1]


def test_an_answer_that_fills_the_context_and_an_empty_one_are_refused(engine: Engine) -> None:
    answer_ids = engine.render_answer("good")
    prompt = (ask(engine, "tea") * 99)[: engine.info.context_length - len(answer_ids)]
    with pytest.raises(EngineError, match="do not fit into the context"):
        engine.score([Continuation(prompt, answer_ids)])
    assert len(engine.score([Continuation(prompt[1:], answer_ids)])) == 1
    with pytest.raises(EngineError, match="nothing can be scored"):
        engine.score([Continuation(prompt[1:], ())])


def test_nothing_is_scored_while_requests_are_in_flight(engine: Engine) -> None:
    engine.submit(make_requests(engine, 1)[0])
    with pytest.raises(EngineError, match="in flight"):
        engine.score(make_continuations(engine, 1))
    assert len(drain(engine)) == 1


@pytest.mark.parametrize(
    "name",
    ["fake", "transformers", pytest.param("vllm", marks=(pytest.mark.vllm, pytest.mark.slow))],
)
def test_temperature_0_is_greedy_and_close_may_be_repeated(
    name: str, llama_folder: Path, fake_folder: Path, socket_enabled: None
) -> None:
    del socket_enabled
    folder = fake_folder if name == "fake" else llama_folder
    settings = SETTINGS.model_copy(update={"temperature": 0.0})
    engine = open_engine(name, folder, Card(name="any"), settings, "float32")
    prompt = ask(engine, "a film")
    done = answer(engine, [Request(f"g{i}", prompt, i, 24) for i in range(5)])
    assert len({one.text for one in done.values()}) == 1
    engine.submit(Request("left", prompt, 0, 24))
    engine.close()
    engine.close()
    assert engine.num_in_flight == 0
