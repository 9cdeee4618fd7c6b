"""The README.md of a saved student: what it is, what it was trained on, how to load it.

Pure. Names from outside go into YAML through its own writer, and into Markdown as indented code.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from synth_local.records import Cell

SOURCE_WORDS = {
    "real": "real labelled texts",
    "real_all": "all real labelled texts",
    "synthetic": "synthetic texts",
    "synthetic_all": "all synthetic texts",
    "pool": "the small pool of real labelled texts",
    "pool_balanced": "the small pool of real labelled texts, repeated to another mix of labels",
    "pool+synthetic": "the small pool of real labelled texts, and synthetic texts",
    "real+synthetic": "real labelled texts, and synthetic texts",
}

_TEMPLATE = """\
---
{front}---

# {name}

A text classifier that synth-local trained to compare training sets, not to be put to use: it is one
of several seeds of one training condition, and nobody has checked it for harm or bias.

- trained on: {source}, {num_train} rows
- seed {seed}, {steps} steps, last step kept (nothing was selected on validation or test data)
- final loss {final_loss:.4f}

Labels:

{labels}

## Use

{usage}
## Training

{report}
"""


def render_model_card(
    cell: Cell, labels: tuple[str, ...], usage: str, report: dict[str, Any]
) -> str:
    """Return a model card with front matter that ``huggingface_hub.ModelCard`` reads.

    Args:
        cell: that was trained.
        labels: names in the task's order.
        usage: how to load the folder, as Markdown.
        report: JSON-ready figures of the training run, ``steps`` and ``final_loss`` among them.
    """
    library = "scikit-learn" if "scikit-learn" in report["versions"] else "transformers"
    front = {
        "library_name": library,
        "pipeline_tag": "text-classification",
        "tags": ["synth-local", "text-classification"],
        "model_name": cell.name,
    }
    return _TEMPLATE.format(
        front=yaml.safe_dump(front, sort_keys=True, allow_unicode=True),
        name=cell.name,
        source=SOURCE_WORDS[cell.source],
        num_train=cell.num_train,
        seed=cell.seed,
        steps=report["steps"],
        final_loss=report["final_loss"],
        labels=_indent(json.dumps(list(labels), ensure_ascii=False)),
        usage=usage,
        report=_indent(json.dumps(report, indent=2, sort_keys=True)),
    )


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
