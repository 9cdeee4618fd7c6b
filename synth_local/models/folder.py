"""What a model's folder says of itself, where no card says it.

Knows ``config.json`` and chat templates; guesses are modest and can be overruled by a card.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synth_local.errors import MachineError
from synth_local.models.card import Card, Thinking
from synth_local.models.roles import guess_role, name_architecture
from synth_local.models.weights import read_config

TEMPLATE_FILES = ("chat_template.jinja", "chat_template.json")
TOKENIZER_CONFIG = "tokenizer_config.json"


def describe_folder(name: str, folder: Path | None, license_name: str) -> Card:
    """Return a bare card from what a folder itself says.

    Args:
        folder: of the model, or ``None`` where there is none.
        license_name: as far as it is known.

    Returns:
        A card without ``has_seen``; role and thinking are guessed from ``config.json`` and the
        chat template, ``context_length`` is left to the engine.
    """
    config: dict[str, Any] = {}
    templates: dict[str, str] = {}
    if folder is not None and folder.is_dir():
        templates = read_templates(folder)
        try:
            config = read_config(folder)
        except MachineError:
            config = {}  # whoever loads the model will say so
    return Card(
        name=name,
        role=guess_role(config),
        license=license_name,
        architecture=name_architecture(config),
        thinking=_guess_thinking("\n".join(templates.values())),
    )


def read_templates(folder: Path) -> dict[str, str]:
    """Return the chat templates of a folder.

    Returns:
        Where each stands, to its text; empty for a base model.
    """
    extra = sorted(folder.glob("additional_chat_templates/*.jinja"))
    files = [folder / name for name in TEMPLATE_FILES] + extra
    found = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8", errors="replace")
        for path in files
        if path.is_file()
    }
    inside = _read_object(folder / TOKENIZER_CONFIG).get("chat_template")
    if inside:
        text = inside if isinstance(inside, str) else json.dumps(inside, sort_keys=True)
        found[TOKENIZER_CONFIG] = text
    return found


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _guess_thinking(template: str) -> Thinking:
    if "enable_thinking" in template:
        return "off"
    return "strip" if "<think>" in template else "none"
