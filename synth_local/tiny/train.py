"""Making a miniature generator: tokenizer, network and chat template from ready conversations.

What comes out is a folder in Hugging Face format that vLLM and transformers load like any other.
It is for trying out a task, a cluster or an installation, not for making good data. Trains on the
CPU alone, so that the same machine gives the same weights with and without a GPU. Knows nothing
about tasks: conversations come ready-made. An interrupt leaves nothing behind: a folder that is
there was trained to its end.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import torch

from synth_local.core.files import explain_disk_errors, write_json
from synth_local.core.hashing import derive_seed
from synth_local.errors import ConfigError, DataError
from synth_local.records import Conversation
from synth_local.tiny.batches import EncodedSet, encode_conversations
from synth_local.tiny.loop import Material, Trainer
from synth_local.tiny.model import SHAPES, build_model, choose_dtype, save_model
from synth_local.tiny.schedule import Budget
from synth_local.tiny.settings import TinyProgress, TinyReport, TinySettings
from synth_local.tiny.tokenizer import build_tokenizer, find_phrases

TRAINING_LOG = "tiny_training.json"
OUR_FILES = frozenset({
    "README.md", "chat_template.jinja", "config.json", "generation_config.json",
    "model.safetensors", "tokenizer.json", "tokenizer_config.json", TRAINING_LOG,
})  # fmt: skip
MOST_HELDOUT_TOKENS = 60_000
MOST_THREADS = 8  # more gain nothing at these widths


def train_tiny(
    conversations: Sequence[Conversation],
    heldout: Sequence[Conversation],
    folder: Path,
    settings: TinySettings,
    on_progress: Callable[[TinyProgress], None],
) -> TinyReport:
    """Train a miniature generator and write its folder, all of it or nothing.

    Args:
        conversations: at least one, each with an assistant message to learn.
        heldout: the same from other texts; they decide when to stop.
        folder: to write; missing, empty, or a miniature made here before, which is replaced.
        on_progress: told about once a second.

    Returns:
        How it went; also written to ``tiny_training.json`` in the folder.

    Raises:
        ConfigError: the folder holds something else.
        DataError: there is nothing to learn, or nothing held out.
        MachineError: the folder cannot be written.
        EngineError: the training diverged.
    """
    start = time.monotonic()
    _check_material(conversations, heldout)
    with _take_place(folder) as temporary:
        phrases = find_phrases([*conversations, *heldout])
        tokenizer = build_tokenizer(conversations, phrases, SHAPES[settings.size].vocab)
        train = encode_conversations(tokenizer, conversations)
        looked_at = _sample(encode_conversations(tokenizer, heldout), settings.seed)
        dtype = choose_dtype()
        with _own_torch_state(settings.seed):
            model = build_model(SHAPES[settings.size], tokenizer)
            material = Material(train, looked_at)
            trainer = Trainer(model, material, Budget(settings, start), dtype, on_progress)
            state = trainer.train(derive_seed(settings.seed, "order"))
        report = TinyReport(
            settings=settings,
            num_parameters=sum(weight.numel() for weight in model.parameters()),
            vocab_size=len(tokenizer),
            num_phrases=len(phrases),
            num_conversations=len(conversations),
            num_texts=len({m.content for c in conversations for m in c if m.role == "assistant"}),
            num_heldout=len(looked_at.ids),
            num_cut=train.num_cut,
            tokens_per_pass=train.num_tokens,
            tokens=state.tokens,
            seconds=time.monotonic() - start,
            tokens_per_second=state.tokens_per_second,
            evaluations=tuple(state.evaluations),
            best=state.kept,
            stopped=state.stopped,
            dtype=str(dtype).removeprefix("torch."),
            versions={name: version(name) for name in ("torch", "transformers", "tokenizers")},
        )
        save_model(model, tokenizer, temporary)
        write_json(temporary / TRAINING_LOG, report.to_json())
    return report


def check_replaceable(folder: Path) -> None:
    """Do nothing where a miniature may be written to ``folder``.

    Args:
        folder: missing, empty, or a miniature made here before.

    Raises:
        ConfigError: it is a file, or holds files that were not made here.
    """
    fix = "choose another folder, or move this one away"
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ConfigError(
            "there is a file where the model's folder should be", where=folder, fix=fix
        )
    names = {path.name for path in folder.iterdir()}
    if names and (TRAINING_LOG not in names or names - OUR_FILES):
        foreign = ", ".join(sorted(names - OUR_FILES)[:3] or sorted(names)[:3])
        raise ConfigError(
            f"the folder holds more than a miniature made here: {foreign}", where=folder, fix=fix
        )


def _check_material(conversations: Sequence[Conversation], heldout: Sequence[Conversation]) -> None:
    for name, some in (("to learn", conversations), ("held out", heldout)):
        if not any(m.role == "assistant" for c in some for m in c):
            raise DataError(
                f"there are no texts {name} for the miniature generator",
                fix="give the task more training texts; a miniature needs a few hundred",
            )


def _sample(heldout: EncodedSet, seed: int) -> EncodedSet:
    """Return as many held-out conversations as a look can afford, drawn by ``seed``."""
    share = MOST_HELDOUT_TOKENS / heldout.num_tokens
    return heldout if share >= 1 else heldout.draw(share, derive_seed(seed, "heldout"))


@contextmanager
def _own_torch_state(seed: int) -> Iterator[None]:
    """Seed torch and bound its threads, and leave its global state as it was."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        torch.set_num_threads(min(threads, MOST_THREADS))
        try:
            yield
        finally:
            torch.set_num_threads(threads)


@contextmanager
def _take_place(folder: Path) -> Iterator[Path]:
    """Yield a new folder that takes the place of ``folder`` in the end, or goes without a trace."""
    check_replaceable(folder)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    with explain_disk_errors(folder):
        try:
            temporary.mkdir(parents=True)
            yield temporary
            check_replaceable(folder)
            if folder.exists():
                folder.replace(old)
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
