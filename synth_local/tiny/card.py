"""The model card of a miniature generator: says plainly what it is and what it has seen.

Rendering only; whoever trained the miniature writes the card into its folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synth_local.models import HasSeen
from synth_local.tiny.settings import CONTEXT_LENGTH, TinyReport

# A miniature repeats stretches of the texts it was trained on, so that their terms are its terms.
LICENSE_NAME = "as-the-training-texts"


def render_tiny_card(
    report: TinyReport, *, name: str, tasks: Sequence[str], has_seen: Sequence[HasSeen]
) -> tuple[dict[str, Any], str]:
    """Return the front matter and the Markdown body of a miniature's card.

    Args:
        tasks: names of the tasks it was made for.
        has_seen: which rows of which splits it was trained on or chosen by.

    Returns:
        What ``synth_local.models.write_card`` takes.
    """
    seen = [one.model_dump(mode="json", by_alias=True) for one in has_seen]
    front_matter = {
        "license": "other",
        "license_name": LICENSE_NAME,
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["synth-local", "miniature"],
        "synth_local": {
            "name": name,
            "role": "generator",
            "architecture": "LlamaForCausalLM",
            "parameters": report.num_parameters,
            "context_length": CONTEXT_LENGTH,
            "system_role": True,
            "thinking": "none",
            "tiny": True,
            "has_seen": seen,
        },
    }
    return front_matter, _render_body(report, name, tasks, has_seen)


def _render_body(
    report: TinyReport, name: str, tasks: Sequence[str], has_seen: Sequence[HasSeen]
) -> str:
    settings = report.settings
    bound = f"{settings.tokens:,} tokens" if settings.tokens else f"{settings.minutes:g} minutes"
    looks = [
        f"| {look.tokens / report.tokens_per_pass:.2f} | {look.tokens:,} | {look.train_loss:.3f} "
        f"| {look.heldout_loss:.3f} | {'kept' if look == report.best else ''} |"
        for look in report.evaluations
    ]
    versions = ", ".join(f"{library} {number}" for library, number in report.versions.items())
    return "\n".join([
        f"# {name}",
        "",
        "**This is a miniature for tests, not a large language model.** It was trained from",
        f"nothing, in {report.seconds / 60:.1f} minutes on a CPU, on the training texts of "
        f"{_join(tasks)}. It knows",
        "no other texts, no facts and no instructions but the prompts it was trained on. Use it to",
        "try out a task, an installation or a cluster; draw no conclusions about large models from",
        "it.",
        "",
        "## What it has seen",
        "",
        *[
            f"- `{one.task}`, split `{one.split}`: "
            f"{'an unknown number of' if one.num_rows is None else f'{one.num_rows:,}'} rows"
            f"{f' ({one.note})' if one.note else ''}"
            for one in has_seen
        ],
        "",
        "**Expect copies.** Some completions repeat a training text word for word, more often the",
        "fewer texts a label has; many repeat parts of one. Compare what it writes with the texts",
        "above before using it, and keep this folder as closely as those texts: they can be drawn",
        "out of it. The terms under which you hold them apply to the model too.",
        "",
        "## Size",
        "",
        f"- {report.num_parameters:,} parameters (size `{settings.size}`), Llama architecture, "
        "float32",
        f"- {report.vocab_size:,} tokens, {report.num_phrases} of them whole lines of the prompts",
        f"- context of {CONTEXT_LENGTH:,} tokens; system, user and assistant messages",
        "",
        "## Training",
        "",
        f"- {report.num_conversations:,} conversations with {report.num_texts:,} distinct texts; "
        f"{report.num_heldout:,} conversations held out; {report.num_cut:,} cut at the context",
        f"- bound: {bound}, seed {settings.seed}; {report.tokens:,} tokens at "
        f"{report.tokens_per_second:,.0f} per second, products in {report.dtype}",
        f"- ended because: {report.stopped}; the weights with the lowest held-out loss are kept",
        f"- {versions}",
        "",
        "Losses in nats per token of the texts (prompts do not count):",
        "",
        "| passes | tokens | training | held out | |",
        "| ---: | ---: | ---: | ---: | --- |",
        *looks,
    ])  # fmt: skip


def _join(tasks: Sequence[str]) -> str:
    names = [f"`{task}`" for task in tasks]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
