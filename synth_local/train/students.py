"""Which students there are, and which requests for one are refused before anything is loaded.

Folders with an encoder, and built-in ones: ``scratch-bert``, ``tfidf-logreg``, and ``majority`` and
``text-length``, which read nothing. ``generator-itself`` is no student at all: the generator is
asked for the labels, and nothing is trained. Light: reads file names and ``config.json``, no
weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from synth_local.config import TrainConfig
from synth_local.errors import ConfigError, MachineError
from synth_local.models import refuse_adapter, refuse_dangling

SCRATCH_BERT = "scratch-bert"
TFIDF_LOGREG = "tfidf-logreg"
MAJORITY = "majority"
TEXT_LENGTH = "text-length"
GENERATOR_AS_CLASSIFIER = "generator-itself"
BASELINE_STUDENTS = (MAJORITY, TEXT_LENGTH)
#: These draw no random numbers: the same rows give the same student, whatever the seed.
DETERMINISTIC = (TFIDF_LOGREG, *BASELINE_STUDENTS)
WITHOUT_FOLDER = (SCRATCH_BERT, TFIDF_LOGREG, MAJORITY, TEXT_LENGTH)
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


@dataclass(frozen=True, slots=True)
class StudentRef:
    """A student by name.

    Attributes:
        name: as in the run file.
        folder: with the encoder's weights; ``None`` for the students that need none.
    """

    name: str
    folder: Path | None = None


def check_student(student: StudentRef, settings: TrainConfig) -> None:
    """Refuse a student that cannot or must not be trained with these settings.

    Args:
        student: whose folder is looked at, not loaded.

    Raises:
        ConfigError: LoRA is asked for where there are no pretrained weights to adapt.
        MachineError: the folder is missing, an adapter or full of dead links, holds no safetensors
            weights or wants code of its own.
    """
    if student.name in WITHOUT_FOLDER:
        if settings.method == "lora":
            raise ConfigError(
                f"student {student.name!r} has no pretrained weights that LoRA could adapt",
                where="train.method",
                fix="set train.method: full, or name an encoder folder under students:",
            )
        return
    if student.folder is None:
        raise MachineError(
            f"no folder for the student {student.name!r}",
            fix=f"put its weights under models/{student.name}, or name one of the students that "
            f"need none: {', '.join(WITHOUT_FOLDER)}",
        )
    _check_folder(student.folder)


def _check_folder(folder: Path) -> None:
    refuse_dangling(folder)
    refuse_adapter(folder)
    config_path = folder / "config.json"
    try:
        config = json.loads(config_path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MachineError(
            f"not a model folder: cannot read config.json ({error})",
            where=folder,
            fix="copy the whole Hugging Face folder: config.json, *.safetensors, tokenizer files",
        ) from error
    if not isinstance(config, dict) or "auto_map" in config:
        raise MachineError(
            "the model wants to run Python code of its own",
            where=config_path,
            fix="use a model whose architecture is part of transformers",
        )
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
        found = f"only pickles ({', '.join(pickles)})" if pickles else "no weights"
        raise MachineError(
            f"the student's folder holds {found}; only safetensors are opened",
            where=folder,
            fix="get the model.safetensors of the model, or convert it on a machine where its "
            "pickles may be trusted",
        )
