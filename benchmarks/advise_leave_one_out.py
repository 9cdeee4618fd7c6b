"""Test the procedure behind ``advise``: leave one task out, predict its gap from the others.

Twelve simulated tasks span the dial from full agreement to a matter of taste. What stands for a
generator is a rule: its texts are notes on which all simulated annotators agree (the effect), or
any notes (the control). Corpora are brought along, so that no model writes anything; students are
trained and scored by the pipeline as always. Prints a page in Markdown.

    python benchmarks/advise_leave_one_out.py [--tasks 12] [--evidence RUN ...] > PAGE

Runs behind --evidence add a table for their tasks: advise_real_tasks.yaml makes one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from synth_local.analyze.advice import MARGIN, Advice, Finding, decide_here, predict_elsewhere
from synth_local.pipeline.evidence import read_evidence
from synth_local.task.simulated import draw_notes, write_simulated_task

ANNOTATORS = 5
PER_LABEL = 150
STAMP = "Simulated tasks and tiny generators: a test of the procedure, not evidence about LLMs."


@dataclass(frozen=True)
class Trial:
    """One task that was left out."""

    name: str
    agreement: float | None
    own: Advice
    predicted: Advice


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=12)
    parser.add_argument("--evidence", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    print("# Leaving one task out: how far the predictions of `advise` hold\n")
    print(f"> {STAMP}\n")
    print(
        f"Made by `benchmarks/advise_leave_one_out.py --tasks {args.tasks}`. Each row is a task "
        "that was left out; its gap is predicted from the others, beside what was found on it. "
        f"The verdicts are those of `advise` with its margin of {MARGIN:.2f}.\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        for is_control in (False, True):
            name = "control" if is_control else "effect"
            run = simulate(Path(folder) / name, args.tasks, is_control=is_control)
            texts = "any notes" if is_control else "notes on which all annotators agree"
            print(f"## Simulated tasks, texts are {texts}\n")
            # by rule nobody's texts are in these corpora, which advise cannot know of a file
            findings = [replace(one, is_tainted=False) for one in read_evidence(run).findings]
            print_trials(list_trials(findings))
    if args.evidence:
        print("## Real tasks, texts of a tiny generator that has seen their training texts\n")
        print(
            "Runs behind `--evidence`, as `benchmarks/advise_real_tasks.yaml` makes one. Such a "
            "generator recommends nothing; it may warn.\n"
        )
        stored = [one for run in args.evidence for one in read_evidence(run).findings]
        print_trials(list_trials(stored))


def simulate(folder: Path, num_tasks: int, *, is_control: bool) -> Path:
    """Return the directory of a finished run over the whole dial."""
    tasks, corpora = [], {}
    for number in range(num_tasks):
        name = f"visits-{number:02d}"
        dial = number / max(1, num_tasks - 1)
        files = write_simulated_task(
            folder,
            name,
            dial=dial,
            num_train=600,
            num_test=400,
            num_annotators=ANNOTATORS,
            seed=number,
        )
        tasks.append(str(files.task_file))
        notes = draw_notes(6 * PER_LABEL, dial, ANNOTATORS, 1000 + number)
        rows = [
            {"text": note.text, "label": note.label}
            for note in notes
            if is_control or note.is_unanimous
        ]
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        corpora[name] = str(path)
    run_file = folder / "run.yaml"
    config = {
        "tasks": tasks,
        "corpora": {"rule": corpora},
        "students": ["tfidf-logreg"],
        "sources": ["real", "synthetic", "pool", "pool+synthetic"],
        "per_label": PER_LABEL,
        "seeds": [0],
    }
    run_file.write_text(yaml.safe_dump(config))
    out = folder / "run"
    command = [sys.executable, "-m", "synth_local", "run", str(run_file), "--out", str(out)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return out


def list_trials(findings: Sequence[Finding]) -> list[Trial]:
    """Return what is found on each task and what the others predict for it."""
    found = []
    for task in dict.fromkeys(one.task for one in findings):
        mine = [one for one in findings if one.task == task]
        others = [one for one in findings if one.task != task]
        agreement = next((one.agreement for one in mine if one.agreement is not None), None)
        found.append(
            Trial(task, agreement, decide_here(mine), predict_elsewhere(others, agreement))
        )
    return found


def print_trials(trials: Sequence[Trial]) -> None:
    """Print a table and what it comes to."""
    print("| task | agreement | gap found | verdict from it | gap predicted | verdict from that |")
    print("| --- | --- | --- | --- | --- | --- |")
    for one in trials:
        share = "-" if one.agreement is None else f"{one.agreement:.3f}"
        print(
            f"| {one.name} | {share} | {spell(one.own)} | {one.own.verdict} | "
            f"{spell(one.predicted)} | {one.predicted.verdict} |"
        )
    predicted = [one for one in trials if one.predicted.gap and one.own.gap]
    held = sum(
        one.predicted.gap.low <= one.own.gap.point <= one.predicted.gap.high
        for one in predicted
        if one.predicted.gap and one.own.gap
    )
    opposite = {("use", "do not use"), ("do not use", "use")}
    against = sum((one.predicted.verdict, one.own.verdict) in opposite for one in trials)
    decided = sum(one.predicted.verdict != "not known" for one in trials)
    print(
        f"\nThe predicted interval holds the gap found in {held} of {len(predicted)} tasks. "
        f"{decided} of {len(trials)} predictions come to a verdict; {against} of these say the "
        "opposite of what was found.\n"
    )


def spell(advice: Advice) -> str:
    """Return the expected gap as people read it."""
    if advice.gap is None:
        return f"not known ({advice.reason})"
    return f"{advice.gap.point:+.3f} [{advice.gap.low:+.3f}, {advice.gap.high:+.3f}]"


if __name__ == "__main__":
    main()
