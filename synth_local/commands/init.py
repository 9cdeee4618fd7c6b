"""``init``: a run file that runs as it is, on a machine without weights, data or internet.

Two simulated tasks that differ in one dial, subjectivity, and a miniature generator trained on
other notes of the same kind, those on which all simulated annotators agree: the smallest form of
the question that the toolkit answers. Everything is written by the same code as on a cluster.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from synth_local.commands.tiny_model import TinyOrder, describe_progress, make_tiny
from synth_local.core.files import explain_disk_errors, write_text
from synth_local.errors import ConfigError
from synth_local.task.simulated import write_simulated_task
from synth_local.tiny.settings import TinyProgress

DIALS = {"visits_plain": 0.0, "visits_moody": 0.8}
NUM_TRAIN = 1800
NUM_TEST = 1000
NUM_ANNOTATORS = 5
GENERATOR = "tiny-visits"
TOKENS = 1_000_000
PROGRESS_SECONDS = 5.0

RUN_FILE = """\
# A run file says what is crossed with what; unknown keys are errors.
# Check it:  synth-local plan {path}
# Run it:    synth-local run {path}

tasks: [tasks/visits_plain.yaml, tasks/visits_moody.yaml]   # relative to this file
generators: [{generator}]           # names of model folders; add a word, get an ablation
# corpora: {{mine: {{visits_plain: texts.csv}}}}   # texts that you have; columns text and label
strategies: [zero_shot, few_shot]    # or {{name: few_shot_8, base: few_shot, shots: 8}}
students: [scratch-bert, tfidf-logreg]
sources: [real, real_all, synthetic, synthetic_all, pool, pool_balanced, pool+synthetic]
per_label: 300                       # accepted rows per label, or a mapping label: number
seeds: [0, 1, 2, 3]                  # one training per seed
margin: 0.02                         # of macro-F1: a smaller loss counts as good enough

models: models                       # a further folder to look for models in

generate:                            # how texts are drawn
  temperature: 1.0
  top_p: 0.95
  max_tokens: 64                     # new tokens per text
  chain_length: 10                   # texts per conversation (zero-shot)
  diversity_every: 1                 # every n-th turn asks for something more diverse
  shots: 4                           # real examples per few-shot prompt
  shots_from: any_label              # or same_label
  budget_tokens: null                # most generated tokens per corpus
curate:                              # what is refused
  near_duplicates: 0.7               # Jaccard similarity of character 5-shingles
  max_copy: 0.8                      # largest share of a text found in one real text
  near_test_matches: drop            # texts found in one test text, real and synthetic; or keep
  max_rounds: 4                      # top-up rounds where a label is short
measure:
  embedder: null                     # name of a local encoder folder; null: character n-grams
train:                               # how students are fine-tuned
  epochs: 2
  learning_rate: 1.0e-3              # a pretrained encoder wants less, such as 5.0e-5
  batch: 16
  method: full                       # or lora
  match: labels                      # real and synthetic get the same count per label
  min_steps: 150                     # fewest steps of a training: few rows are seen more often
  max_length: 64
analyze:                             # what people said; templates: annotate/ in the run directory
  judgements: null                   # a CSV: which of two tasks is more objective
  annotations: {{}}                    # by task, a CSV: what annotators called its test items
"""


def init_directory(folder: Path, say: Callable[[str], None]) -> Path:
    """Write run file, tasks, data and generator into ``folder``; return the run file.

    Args:
        folder: a new or empty folder.

    Raises:
        ConfigError: the folder holds a run file already.
    """
    run_file = folder / "run.yaml"
    if run_file.exists():
        raise ConfigError(
            "there is a run file already", where=run_file, fix="choose another folder"
        )
    with explain_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    task_files = []
    for name, dial in DIALS.items():
        files = write_simulated_task(
            folder,
            name,
            dial=dial,
            num_train=NUM_TRAIN,
            num_test=NUM_TEST,
            num_annotators=NUM_ANNOTATORS,
            seed=0,
        )
        agreed = f"of {NUM_TRAIN} other notes {files.num_others} unanimous"
        say(f"{files.task_file}: dial {dial}; {agreed}")
        task_files.append(files.others_task_file)
    model = folder / "models" / GENERATOR
    if not model.exists():
        say("training a miniature generator on the other notes that all agree about ...")
        order = TinyOrder(tuple(task_files), model, None, TOKENS, "xs", 0, "train")
        for line in make_tiny(order, _EveryFewSeconds()):
            say(line)
    write_text(run_file, RUN_FILE.format(path=run_file, generator=GENERATOR))
    say(f"{run_file}: a run file that runs as it is")
    return run_file


class _EveryFewSeconds:
    """Prints progress to standard error now and then."""

    def __init__(self) -> None:
        self._printed = 0.0

    def __call__(self, progress: TinyProgress) -> None:
        now = time.monotonic()
        if now - self._printed >= PROGRESS_SECONDS:
            self._printed = now
            sys.stderr.write(describe_progress(progress) + "\n")
