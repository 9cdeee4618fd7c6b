"""A repository of a model hub at its pinned commit.

A child process, since the libraries of this one were told to stay offline when they were imported.
``HF_ENDPOINT`` and ``HF_TOKEN`` are the user's and are passed on. Tried against a made endpoint on
this machine (``tests/intake/test_hub.py``), never against the hub itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from synth_local.errors import MachineError, shorten
from synth_local.models import HubSource
from synth_local.models.taken import LEFT_OUT, PATTERNS

ONLINE = {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1"}
# the hub's patterns go through folders; the same weights in other forms lie in these
OTHER_FORMS = ("onnx/*", "openvino/*", "original/*", "coreml/*", "*/checkpoint*")
PROGRAM = """
import json, sys
from huggingface_hub import snapshot_download
try:
    snapshot_download(**json.load(sys.stdin))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def download_snapshot(source: HubSource, folder: Path) -> Path:
    """Return a folder with the repository's safetensors, tokenizer and settings.

    Files that are there and whole are not fetched again.

    Raises:
        MachineError: the hub cannot be reached, or refuses.
    """
    target = folder / "hub"
    order = {
        "repo_id": source.repo,
        "revision": source.revision,
        "local_dir": str(target),
        "allow_patterns": list(PATTERNS),
        "ignore_patterns": [*LEFT_OUT, *OTHER_FORMS],
    }
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(order),
        env=os.environ | ONLINE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or ["it ended without a word"]
        error = next((line for line in reversed(lines) if "Error" in line), lines[-1])
        raise MachineError(
            f"the hub did not give {source.repo} at {source.revision}: {shorten(error, 300)}",
            fix="look at the network, at HF_ENDPOINT (a mirror) and at HF_TOKEN (repositories "
            "whose terms one has to accept); what was downloaded before is kept",
        )
    return target
