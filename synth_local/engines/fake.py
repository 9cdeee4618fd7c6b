"""An engine without a model: for tests, dry runs and for learning the toolkit.

It ships with the package and says what it is. A folder whose ``config.json`` holds
``{"model_type": "synth-local-fake"}`` is served by it. Its texts are sentences from a word list; a
text is a function of the seed and of the last user message alone, so the grade is ``exact``. Words
lean on what the message asks for, so that texts of different labels can be told apart.
"""

from __future__ import annotations

import random
import time
import zlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from synth_local.config import GenerateConfig
from synth_local.core.files import write_json
from synth_local.core.section import Section
from synth_local.engines.protocol import check_continuations, check_request
from synth_local.errors import ConfigError
from synth_local.models import FAKE_TYPE, Card, read_config
from synth_local.records import (
    Completion,
    Continuation,
    Conversation,
    EngineInfo,
    FinishReason,
    Request,
)
from synth_local.version import __version__

ROLE_IDS = {"system": 1, "user": 2, "assistant": 3}
END_ID = 4
FIRST_WORD_ID = 16
NUM_WORD_IDS = 1 << 31
TOPIC_WORDS = 12
TOPIC_SHARE = 0.3
REFUSAL = "I'm sorry, but I can't help with that request."
REPEATED = "This is the sentence that comes again and again without any change."
_WORD_LIST = """
about account after again agreed album already always amazing answer apple arrived asked autumn
awful balance bank beach because before begin better between bicycle bill birthday board boring
bottle bought bread bridge bright broken brother budget building bus busy butter called camera
cancel careful castle cheap cheese children cinema city claim classic clever closed coffee cold
collect comedy company confirm cook corner country course cousin crowd daily dance dark
daughter delayed delivery dentist desk detail different dinner director doctor dollar door
double dream driver dull early easily east editor eight empty energy engine evening every
exactly exciting expect expensive family famous farmer father favourite film final finally
finished fish flight flower follow forest forget free fresh friend funny future garden gentle
gift glass government grand great green group growth guess guitar half happy harbour hardly
health heavy hello history holiday honest hotel hour house hungry hurry idea important interest
island january jacket journey judge july kitchen knew ladder lake language large later laugh
lawyer learn leave lecture letter library light little local lonely lovely lucky lunch machine
manager market marriage match maybe meeting message midnight minister minute missing modern
moment monday money morning mother mountain movie museum music narrow natural nearly neighbour
network never news night noisy normal north nothing notice number obvious ocean offer office
often open opinion orange order other outside paint paper parents party patient payment people
perfect phone piano picture plain player please police polite poor popular present price prize
problem profit promise proud public quarter question quick quiet quite radio rain reach ready
really reason receive record remember repair reply report restaurant result return review river
road rough round rules sadly salad scene school score season second secret seems send serious
service seven share ship shop short silent simple sister sleep slow small smile snow soft
somebody soon sorry south speech spring square station story strange street strong student
sudden summer sunday support surprise sweet system table team teacher tennis terrible thank
theatre ticket tired today together tomorrow tonight topic tower town track train travel tree
trouble true truly twelve ugly uncle under university unusual update useful usual valley
vegetable village visit voice waiting walk warm warning water weather weekend welcome west
whole window winner winter without wonderful work world worry writer yellow yesterday young
"""
WORDS = tuple(_WORD_LIST.split())
OPENERS = ("the", "this", "my", "our", "that", "a", "every", "some", "your", "one")


class FakeModel(Section):
    """What the ``config.json`` of a fake model may say.

    Attributes:
        model_type: marks the folder as a fake.
        delay_ms: sleep per step, or per call of ``score``.
        per_step: completions per step.
        bad_share: share of completions that are refusals, empty or one repeated sentence.
        context_length: most tokens (words) of prompt and completion together.
        clues: word to the answer that it speaks for, where answers are scored; the last such word
            of the prompt counts.
        right_share: share of prompts whose clue is followed.
    """

    model_type: str = FAKE_TYPE
    delay_ms: float = Field(default=0.0, ge=0)
    per_step: int = Field(default=16, ge=1)
    bad_share: float = Field(default=0.0, ge=0, le=1)
    context_length: int = Field(default=8192, ge=16)
    clues: dict[str, str] = Field(default_factory=dict)
    right_share: float = Field(default=1.0, ge=0, le=1)


class FakeEngine:
    """Answers every request with made-up sentences; a token is a word.

    Args:
        card: caps the context length, where it does.
        settings: temperature 0 makes the texts independent of the seed.

    Raises:
        ConfigError: config.json holds what a fake model does not have.
    """

    def __init__(self, folder: Path, card: Card, settings: GenerateConfig) -> None:
        try:
            self._model = FakeModel(**read_config(folder))
        except ValidationError as error:
            raise ConfigError(f"not a fake model: {error}", where=folder / "config.json") from error
        self._is_greedy = settings.temperature == 0
        self._waiting: deque[tuple[Request, int]] = deque()
        self._ids: set[str] = set()
        self._clues = {
            _hash_word(word): self.render_answer(text) for word, text in self._model.clues.items()
        }
        self._info = EngineInfo(
            name="fake",
            version=__version__,
            dtype="float32",
            device="cpu",
            grade="exact",
            context_length=min(
                self._model.context_length, card.context_length or self._model.context_length
            ),
            notes=("made-up sentences from a word list: no language model was asked",),
        )

    @property
    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        return self._info

    @property
    def capacity(self) -> int:
        """Twice what one step finishes."""
        return 2 * self._model.per_step

    @property
    def num_in_flight(self) -> int:
        """Requests submitted and not yet handed back."""
        return len(self._ids)

    def render(self, conversation: Conversation) -> tuple[int, ...]:
        """Return one id for each message's role and one for each of its words."""
        ids: list[int] = []
        for message in conversation:
            ids.append(ROLE_IDS[message.role])
            ids += [_hash_word(word) for word in message.content.split()]
        return tuple(ids)

    def submit(self, request: Request) -> None:
        """Queue a request; first come, first served."""
        is_known = request.id in self._ids
        limit = check_request(request, self._info.context_length, is_in_flight=is_known)
        self._ids.add(request.id)
        self._waiting.append((request, limit))

    def step(self) -> list[Completion]:
        """Return the next few completions."""
        if self._model.delay_ms and self._waiting:
            time.sleep(self._model.delay_ms / 1000)
        completions = []
        for _ in range(min(self._model.per_step, len(self._waiting))):
            request, limit = self._waiting.popleft()
            self._ids.remove(request.id)
            completions.append(self._complete(request, limit))
        return completions

    def render_answer(self, text: str) -> tuple[int, ...]:
        """Return one id for each word and one for the end."""
        return (*(_hash_word(word) for word in text.split()), END_ID)

    def score(self, continuations: Sequence[Continuation]) -> list[float]:
        """Return made-up log-probabilities; the answer that a clue speaks for stands out."""
        check_continuations(continuations, self._info.context_length, self.num_in_flight)
        time.sleep(self._model.delay_ms / 1000)
        return [self._score(continuation) for continuation in continuations]

    def close(self) -> None:
        """Forget what is in flight."""
        self._waiting.clear()
        self._ids.clear()

    def _score(self, one: Continuation) -> float:
        guess = -1.0 - 3.0 * random.Random(repr(one)).random()  # noqa: S311 - a made-up model
        clue = next((token for token in reversed(one.prompt_ids) if token in self._clues), None)
        if clue is None or self._clues[clue] != one.answer_ids:
            return guess
        is_right = random.Random(repr(one.prompt_ids)).random() < self._model.right_share  # noqa: S311
        return -0.1 if is_right else -5.0

    def _complete(self, request: Request, limit: int) -> Completion:
        seed = 0 if self._is_greedy else request.seed
        words = write_text(_last_message(request.prompt_ids), seed, self._model.bad_share).split()
        reason: FinishReason = "length" if len(words) > limit else "stop"
        kept = words[:limit]
        return Completion(request.id, " ".join(kept), len(request.prompt_ids), len(kept), reason)


def write_text(message: Sequence[int], seed: int, bad_share: float = 0.0) -> str:
    """Make up a text that depends on the arguments alone.

    Args:
        message: ids of the words that ask for it.
        bad_share: in [0, 1], how often the text is a refusal, empty or one repeated sentence.

    Returns:
        One to four sentences, or a bad text.
    """
    topic = random.Random(repr(message)).sample(WORDS, TOPIC_WORDS)  # noqa: S311 - made-up text
    chance = random.Random(f"{message!r} {seed}")  # noqa: S311
    if chance.random() < bad_share:
        return chance.choice((REFUSAL, "", REPEATED))
    sentences = []
    for _ in range(1 + min(3, int(chance.expovariate(0.9)))):
        words = [
            chance.choice(topic if chance.random() < TOPIC_SHARE else WORDS)
            for _ in range(chance.randint(4, 12))
        ]
        words.insert(0, chance.choice(OPENERS))
        sentences.append(" ".join(words).capitalize() + chance.choice(".....!?"))
    return " ".join(sentences)


def write_fake_model(folder: Path, **keys: object) -> Path:
    """Write a folder that the fake engine serves.

    Args:
        folder: is made where it is missing.
        **keys: fields of ``FakeModel`` that differ from their defaults.
    """
    model = FakeModel.model_validate(keys)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", model.model_dump(mode="json"))
    return folder


def _hash_word(word: str) -> int:
    return FIRST_WORD_ID + zlib.crc32(word.encode("utf-8", "surrogatepass")) % NUM_WORD_IDS


def _last_message(prompt_ids: Sequence[int]) -> tuple[int, ...]:
    """Return the words' ids of the last user message."""
    ids = list(prompt_ids)
    marks = [place for place, token in enumerate(ids) if token < FIRST_WORD_ID]
    users = [place for place in marks if ids[place] == ROLE_IDS["user"]]
    start = users[-1] if users else -1
    end = next((place for place in marks if place > start), len(ids))
    return tuple(ids[start + 1 : end])
