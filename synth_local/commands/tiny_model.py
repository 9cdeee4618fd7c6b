"""``models tiny``: a miniature generator, trained on exactly the prompts that the toolkit renders.

The texts are the task's real ones, so what comes out is measured for copies; the card says what
the model has seen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synth_local.config import CurateConfig
from synth_local.core.hashing import derive_seed
from synth_local.errors import ConfigError
from synth_local.generate.prompts import PromptSet, TurnSpec, build_conversation, load_prompts
from synth_local.models import HasSeen, write_card
from synth_local.records import Conversation, Example
from synth_local.run.splits import make_screen
from synth_local.task import Splits, Task, load_splits, load_task
from synth_local.tiny.card import render_tiny_card
from synth_local.tiny.settings import TinyProgress, TinySettings, TinySize
from synth_local.tiny.train import train_tiny

CHAIN = 10
SHOTS = 4
FEW_SHOT_SHARE = 0.5
HELD_OUT = 0.1


@dataclass(frozen=True, slots=True)
class TinyOrder:
    """What ``models tiny`` was asked for; fields as the command's options."""

    tasks: tuple[Path, ...]
    out: Path
    minutes: float | None
    tokens: int | None
    size: TinySize
    seed: int
    source: Literal["train", "pool"]


def make_tiny(order: TinyOrder, on_progress: Callable[[TinyProgress], None]) -> Iterator[str]:
    """Train the model and write its folder; yield lines for people.

    Args:
        order: what was asked for.
        on_progress: told about the training now and then.

    Raises:
        ConfigError: two task files have one name, or the folder is taken.
        DataError: the data are wrong.
    """
    tasks = [load_task(path) for path in order.tasks]
    names = [task.name for task in tasks]
    if len(set(names)) < len(names):
        raise ConfigError(f"the same task stands twice: {', '.join(names)}", where="--task")
    train: list[Conversation] = []
    heldout: list[Conversation] = []
    seen = []
    for task in tasks:
        screen = make_screen(task, CurateConfig())
        splits = load_splits(task, min_pool_per_label=SHOTS, screen=screen)
        texts = splits.train if order.source == "train" else splits.pool
        kept, held = hold_out(texts, order.seed)
        train += make_conversations(task, splits, kept, order.seed)
        heldout += make_conversations(task, splits, held, order.seed)
        note = f"{len(held)} of them for early stopping only"
        seen.append(HasSeen(task=task.name, split=order.source, num_rows=len(texts), note=note))
    yield f"{len(train)} conversations to train on, {len(heldout)} held out"
    settings = TinySettings(
        size=order.size, minutes=order.minutes, tokens=order.tokens, seed=order.seed
    )
    report = train_tiny(train, heldout, order.out, settings, on_progress)
    card, body = render_tiny_card(report, name=order.out.name, tasks=names, has_seen=seen)
    write_card(order.out / "README.md", card, body)
    yield (
        f"held-out loss {report.best.heldout_loss:.3f} after {report.tokens} tokens, "
        f"{report.seconds:.0f} s"
    )
    yield f"model: {order.out}"


def describe_progress(progress: TinyProgress) -> str:
    """Return one line of progress for people."""
    heldout = "-" if progress.heldout_loss is None else f"{progress.heldout_loss:.3f}"
    return (
        f"step {progress.step}, {progress.tokens} tokens, "
        f"{progress.tokens_per_second:.0f} tokens/s, "
        f"loss {progress.train_loss:.3f}, held out {heldout}, "
        f"at most {progress.seconds_left:.0f} s left"
    )


def hold_out(texts: tuple[Example, ...], seed: int) -> tuple[list[Example], list[Example]]:
    """Return the texts to train on and those held out, stratified by label, by a stable draw."""
    order = sorted(texts, key=lambda one: derive_seed(seed, "held out", one.id))
    held: list[Example] = []
    for label in sorted({text.label for text in texts}):
        own = [one for one in order if one.label == label]
        held += own[: max(1, round(len(own) * HELD_OUT))] if len(own) > 1 else []
    chosen = {one.id for one in held}
    return [one for one in order if one.id not in chosen], held


def make_conversations(
    task: Task, splits: Splits, texts: list[Example], seed: int
) -> list[Conversation]:
    """Return every text once in a zero-shot chain and a share of them behind few-shot prompts."""
    prompts = load_prompts(task.spec, task.prompts_dir)
    source = random.Random(derive_seed(seed, "conversations", task.name))  # noqa: S311
    found = list(_zero_shot(prompts, texts, source))
    found += _few_shot(prompts, texts, splits.pool, source)
    source.shuffle(found)
    return found


def _zero_shot(
    prompts: PromptSet, texts: list[Example], source: random.Random
) -> Iterator[Conversation]:
    styles = prompts.task.styles
    for label in prompts.task.labels:
        own = [text for text in texts if text.label == label]
        source.shuffle(own)
        while own:
            # chains of every length, so that no position stands for "the last one"
            length = source.randint(1, CHAIN)
            chain, own = own[:length], own[length:]
            turns = [
                TurnSpec(
                    "diversity" if index else "zero_shot",
                    label,
                    source.choice(styles) if styles else "",
                )
                for index in range(len(chain))
            ]
            replies = [one.text for one in chain]
            yield build_conversation(prompts, turns, replies)


def _few_shot(
    prompts: PromptSet, texts: list[Example], pool: tuple[Example, ...], source: random.Random
) -> Iterator[Conversation]:
    styles = prompts.task.styles
    for text in texts:
        if source.random() > FEW_SHOT_SHARE:
            continue
        same = source.random() < 0.25
        others = [
            one for one in pool if one.id != text.id and (one.label == text.label or not same)
        ]
        shots = tuple(source.sample(others, min(SHOTS, len(others))))
        style = source.choice(styles) if styles else ""
        spec = TurnSpec("few_shot", text.label, style, shots, same_label=same)
        yield build_conversation(prompts, [spec], [text.text])
