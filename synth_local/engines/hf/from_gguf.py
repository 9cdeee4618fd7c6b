"""A GGUF file becomes a folder with safetensors, by transformers' own loader.

The door to torch for this; the file's header was looked at before (``models/gguf.py``).
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from synth_local.core.files import read_json, write_json
from synth_local.engines.environment import set_environment
from synth_local.errors import BrokenModelError, MachineError, SynthLocalError, one_line
from synth_local.models import GgufHeader

PACKAGE = "gguf"
FILE = "model.gguf"
# above this float32 takes more disk and memory than its last bits are worth after 4 to 8
MOST_FLOAT32 = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a folder was made.

    Attributes:
        dtype: in which the weights are stored now.
        versions: of the libraries that did it.
    """

    dtype: str
    versions: str


def require_gguf_package() -> None:
    """Do nothing where the package is there that transformers reads GGUF files with.

    Raises:
        MachineError: it is not.
    """
    if find_spec(PACKAGE) is None:
        raise MachineError(
            f"GGUF files are read with the package {PACKAGE}, which is not installed",
            fix="pip install gguf, or install this package with its extra: pip install '.[gguf]'",
        )


def choose_dtype(header: GgufHeader) -> str:
    """Return in which type the weights of a file will be stored."""
    return "float32" if header.num_parameters <= MOST_FLOAT32 else "bfloat16"


def convert_gguf(path: Path, target: Path, header: GgufHeader) -> Conversion:
    """Write weights, configuration, tokenizer and chat template of a GGUF file as a folder.

    Args:
        path: of the file, under any name.
        target: a folder; made where it is missing.

    Raises:
        MachineError: the package ``gguf`` is missing.
        BrokenModelError: transformers cannot read the file, a tensor is missing, or a weight is no
            number.
    """
    require_gguf_package()
    set_environment()
    if not sys.stderr.isatty():  # read when the library of progress bars is imported
        os.environ.setdefault("TQDM_DISABLE", "1")
    dtype = choose_dtype(header)
    try:
        # by itself in a folder: files beside it are none of the model's
        with tempfile.TemporaryDirectory() as alone:
            (Path(alone) / FILE).symlink_to(path.resolve())
            _convert(Path(alone), target, dtype)
    except (SynthLocalError, MemoryError):
        raise
    except OSError as error:
        if error.errno:  # of the disk, not of the file
            raise
        raise _explain(path, header, error) from error
    except Exception as error:
        raise _explain(path, header, error) from error
    versions = ", ".join(f"{name} {version(name)}" for name in ("transformers", PACKAGE))
    return Conversion(dtype, versions)


def _convert(alone: Path, target: Path, dtype: str) -> None:
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    hf: Any = transformers  # its classes are untyped
    logging.getLogger("transformers").setLevel(logging.ERROR)
    options = {"dtype": getattr(torch, dtype), "output_loading_info": True}
    if hasattr(hf, "GgufConfig"):  # newer releases may keep blocks, and ask a hub for kernels
        options["quantization_config"] = hf.GgufConfig(dequantize=True)
    model, report = hf.AutoModelForCausalLM.from_pretrained(alone, gguf_file=FILE, **options)
    missing = sorted(report["missing_keys"])
    if missing:
        raise BrokenModelError(f"the file has no {missing[0]} ({len(missing)} tensors are missing)")
    for name, values in model.state_dict().items():
        if not bool(torch.isfinite(values).all()):
            raise BrokenModelError(f"the tensor {name} holds values that are no numbers")
    tokenizer = hf.AutoTokenizer.from_pretrained(alone, gguf_file=FILE)
    longest = getattr(model.config, "max_position_embeddings", None)
    if isinstance(longest, int):
        tokenizer.model_max_length = longest
    _make_plain(model).save_pretrained(target)
    tokenizer.save_pretrained(target)
    _drop_rowless_tokens(target, int(model.get_input_embeddings().weight.shape[0]))


def _make_plain(model: Any) -> Any:
    """Return a model with the same weights that does not take itself for a quantised one."""
    import torch  # noqa: PLC0415

    settings = model.config.to_dict()
    settings.pop("quantization_config", None)
    with torch.device("meta"):  # the weights are taken over, not copied
        plain = type(model)(type(model.config).from_dict(settings))
    plain.load_state_dict(model.state_dict(), strict=True, assign=True)
    plain.tie_weights()
    plain.generation_config = model.generation_config
    return plain


def _drop_rowless_tokens(folder: Path, num_rows: int) -> None:
    """Take back the special tokens that a tokenizer's class adds on its own.

    GPT-2's brings ``<|endoftext|>`` into every vocabulary of its kind, also where the model's
    embedding has no row for it.
    """
    path = folder / "tokenizer.json"
    tokenizer: Any = read_json(path)
    added = tokenizer["added_tokens"]
    rowless = {token["content"] for token in added if token["id"] >= num_rows}
    if not rowless:
        return
    tokenizer["added_tokens"] = [token for token in added if token["content"] not in rowless]
    write_json(path, tokenizer)
    settings: Any = read_json(folder / "tokenizer_config.json")
    kept = {
        key: value
        for key, value in settings.items()
        if not (isinstance(value, str) and value in rowless)
    }
    write_json(folder / "tokenizer_config.json", kept)


def _explain(path: Path, header: GgufHeader, error: Exception) -> BrokenModelError:
    return BrokenModelError(
        f"transformers cannot read {path.name} (architecture {header.architecture or 'unstated'}): "
        f"{one_line(error)}",
        where=path,
        fix="carry in the publisher's folder with safetensors: not every architecture and not "
        "every quantisation of llama.cpp is known to transformers",
    )
