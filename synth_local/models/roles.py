"""Does a model's architecture fit what the run file uses it as?

Knows ``config.json`` and the card; loads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synth_local.errors import ConfigError, MachineError
from synth_local.models.card import Card, Role
from synth_local.models.weights import FAKE_TYPE, read_config

_CAUSAL = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
# architectures that see the words after a word: without is_decoder they cannot write
_ENCODERS = frozenset({
    "albert", "bert", "big_bird", "camembert", "canine", "convbert", "deberta", "deberta-v2",
    "distilbert", "electra", "ernie", "esm", "eurobert", "flaubert", "fnet", "funnel", "ibert",
    "layoutlm", "longformer", "luke", "megatron-bert", "mobilebert", "modernbert", "mpnet", "mra",
    "nezha", "nomic_bert", "nystromformer", "qdqbert", "rembert", "roberta", "roberta-prelayernorm",
    "roc_bert", "roformer", "splinter", "squeezebert", "tapas", "xlm", "xlm-roberta",
    "xlm-roberta-xl", "xmod", "yoso",
})  # fmt: skip


def guess_role(config: Mapping[str, Any]) -> Role:
    """Return what a model is for, by its configuration alone.

    Args:
        config: ``config.json``; may be empty.

    Returns:
        The role; ``generator`` where it says nothing.
    """
    if config.get("model_type") == "model2vec":
        return "embedder"
    return "generator" if _is_causal(config) else "student"


def require_role(role: Role, name: str, folder: Path, card: Card) -> None:
    """Do nothing where a model can be what the run file names it as.

    A generator may be a student or an embedder: its body is fine-tuned or read like another's.

    Raises:
        ConfigError: its architecture or its card is another one; both are named.
    """
    try:
        config = read_config(folder)
    except MachineError:
        return  # whoever looks at the folder's files says so
    is_fake = config.get("model_type") == FAKE_TYPE
    if role == "generator":
        if not is_fake and not _is_causal(config):
            raise _explain(
                role, name, f"its architecture {_format(config)} is no causal LM", folder
            )
        if card.role != "generator":
            raise _explain(role, name, f"its card says role: {card.role}", folder)
    elif is_fake:
        raise _explain(role, name, "it is a fake generator without weights", folder)
    elif role == "student" and config.get("model_type") == "model2vec":
        raise _explain(role, name, "it is a table of vectors (model2vec), no encoder", folder)


def name_architecture(config: Mapping[str, Any]) -> str:
    """Return the class name that a configuration gives its model; empty where it gives none."""
    given = config.get("architectures")
    return str(given[0]) if isinstance(given, list) and given else ""


def _is_causal(config: Mapping[str, Any]) -> bool:
    """Return whether a model writes from left to right; true where nothing is said."""
    kind = config.get("model_type")
    if config.get("is_encoder_decoder") is True:
        return False
    if isinstance(kind, str) and kind in _ENCODERS and config.get("is_decoder") is not True:
        return False
    architecture = name_architecture(config)
    return not architecture or architecture.endswith(_CAUSAL)


def _format(config: Mapping[str, Any]) -> str:
    return (name_architecture(config) or str(config.get("model_type")))[:100]


def _explain(role: Role, name: str, why: str, folder: Path) -> ConfigError:
    places = {"generator": "generators", "student": "students", "embedder": "measure.embedder"}
    fixes = {
        "generator": "name it under students: or measure.embedder, and an instruction-tuned causal "
        "LM under generators:; where the card is wrong, correct its role",
        "student": "name an encoder under students:",
        "embedder": "name an encoder or a model2vec folder as measure.embedder",
    }
    what = f"{name} is named as a {role}, and {why}"
    return ConfigError(
        what.replace("a embedder", "an embedder"),
        where=f"{places[role]}: {folder}",
        fix=fixes[role],
    )
