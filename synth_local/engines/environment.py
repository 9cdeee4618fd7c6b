"""What heavy libraries read from the environment when they are imported: offline, silent, quick."""

from __future__ import annotations

import os

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads that spin long while they wait take the cores from each other where these are shared:
    # seen to cost a factor of 4 and more. Ones that never spin are 1.4 times slower on idle cores.
    # A short spin costs neither. Read when PyTorch is imported.
    "GOMP_SPINCOUNT": "2000",
}


def set_environment() -> None:
    """Set what is not set; called before torch is imported."""
    for variable, value in ENVIRONMENT.items():
        os.environ.setdefault(variable, value)
