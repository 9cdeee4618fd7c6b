"""What goes into the training of a miniature generator, and what comes out: records only.

Imports nothing heavy, so that a command line can spell out settings and show progress before
torch is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from synth_local.errors import ConfigError

TinySize = Literal["xs", "s", "m"]
CONTEXT_LENGTH = 2048  # of every miniature, in tokens

StopReason = Literal["no more gain", "budget used up"]


@dataclass(frozen=True, slots=True)
class TinySettings:
    """How large a miniature is and how long it may train.

    Attributes:
        size: ``xs``, ``s`` or ``m``: about 0.4, 1.6 and 6 million parameters.
        minutes: most wall-clock time, tokenizer and saving included; training stops earlier
            where held-out texts say so. ``None`` where ``tokens`` is the bound.
        tokens: most tokens trained on. The same seed and tokens give the same weights on the same
            machine, however busy it is. ``None`` where ``minutes`` is the bound.
        seed: of initial weights, dropout and the order of texts; in [0, 2**31).

    Raises:
        ConfigError: not exactly one bound, or a value out of range.
    """

    size: TinySize = "s"
    minutes: float | None = None
    tokens: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained with."""
        if self.size not in get_args(TinySize):
            raise ConfigError(f"size {self.size!r} is none of {', '.join(get_args(TinySize))}")
        if (self.minutes is None) == (self.tokens is None):
            raise ConfigError("a miniature needs either minutes or tokens as its bound, not both")
        bound = self.tokens if self.minutes is None else self.minutes
        if bound is None or not bound > 0:
            raise ConfigError(f"the bound of the training is {bound}", fix="give more than 0")
        if not 0 <= self.seed < 2**31:
            raise ConfigError(f"seed {self.seed} does not lie in [0, 2**31)")


@dataclass(frozen=True, slots=True)
class TinyProgress:
    """One sign of life, about once a second and after each look at the held-out texts.

    Attributes:
        tokens: tokens trained on so far.
        tokens_per_second: of training, looks at held-out texts left out.
        seconds_left: at most; early stopping may end it sooner.
        train_loss: mean over the steps since the last sign, nats per token of assistant texts.
        heldout_loss: of the latest look, in the same unit; ``None`` before the first.
        best_loss: the lowest held-out loss so far; ``None`` before the first look.
    """

    step: int
    tokens: int
    tokens_per_second: float
    seconds_left: float
    train_loss: float
    heldout_loss: float | None
    best_loss: float | None


@dataclass(frozen=True, slots=True)
class TinyEvaluation:
    """One look at the held-out texts; losses in nats per token."""

    step: int
    tokens: int
    seconds: float
    train_loss: float
    heldout_loss: float


@dataclass(frozen=True, slots=True)
class TinyReport:
    """What was trained, on how much, and how it went.

    Attributes:
        settings: as asked for.
        num_parameters: of the model, tied embeddings counted once.
        vocab_size: tokens of the vocabulary, phrases and marks included.
        num_phrases: constant lines of the prompts that are one token each.
        num_texts: distinct assistant texts in them.
        num_cut: conversations cut at the context length.
        tokens_per_pass: tokens of all conversations, prompts included.
        tokens: trained on in all, over all passes.
        seconds: wall-clock time of the whole training.
        tokens_per_second: of the training steps alone.
        evaluations: all looks at the held-out texts, oldest first.
        best: the look whose weights were kept.
        stopped: ``no more gain`` on held-out texts, or ``budget used up``.
        dtype: of matrix products while training; weights are float32 throughout.
        versions: of the libraries that decide the result.
    """

    settings: TinySettings
    num_parameters: int
    vocab_size: int
    num_phrases: int
    num_conversations: int
    num_texts: int
    num_heldout: int
    num_cut: int
    tokens_per_pass: int
    tokens: int
    seconds: float
    tokens_per_second: float
    evaluations: tuple[TinyEvaluation, ...]
    best: TinyEvaluation
    stopped: StopReason
    dtype: str
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON-ready mapping."""
        return asdict(self)
