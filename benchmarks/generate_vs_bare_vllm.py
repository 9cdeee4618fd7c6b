"""Rows per second of the generate stage against a bare vLLM call, side by side in one process.

Both sides use one loaded model, the same few-shot prompts, seeds, sampling settings and dtype. Ours
does all that the stage does: it composes and renders the prompts, cleans and checks each text
against the real ones, and writes the ledger. The bare side gets token ids that are ready and calls
``LLM.generate``. Rounds alternate, and which side begins alternates too.

    python benchmarks/generate_vs_bare_vllm.py --task tasks/sms_spam.yaml --model models/tiny-sms

A ratio of 1 means that the stage costs nothing beside the engine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from synth_local.config import GenerateConfig
from synth_local.curate.reference import Reference
from synth_local.curate.rows import RowChecker
from synth_local.engines.choose import open_engine, resolve_dtype
from synth_local.engines.vllm_engine import VllmEngine
from synth_local.generate.conversation import Composer
from synth_local.generate.loop import ChainWork, Lane, Loop
from synth_local.generate.plan import SlotPlan, StrategyPlan, group_chains
from synth_local.generate.prompts import load_prompts
from synth_local.models import load_card
from synth_local.records import Slot
from synth_local.store.ledger import LedgerWriter
from synth_local.task import load_splits, load_task

FEW_SHOT = StrategyPlan("few_shot", "few_shot", 4, "any_label", 1, 1)


class Bench:
    """One loaded model and the prompts of one task.

    Args:
        task_file: the task.
        engine: an open engine.
        settings: sampling; the engine was opened with them.
        num_rows: rows per label and round.
        strategy: of the prompts.
    """

    def __init__(
        self,
        task_file: Path,
        engine: VllmEngine,
        settings: GenerateConfig,
        num_rows: int,
        strategy: StrategyPlan,
    ) -> None:
        task = load_task(task_file)
        splits = load_splits(task, min_pool_per_label=4)
        self.settings = settings
        self.engine = engine
        self.plan = SlotPlan(task.name, task.labels, strategy, 0, (), splits.pool)
        self.composer = Composer(
            self.plan,
            load_prompts(task.spec, task.prompts_dir),
            {one.id: one for one in splits.pool},
            engine.render,
            engine.info.context_length,
            settings.max_tokens,
        )
        reference = Reference.build(splits.train, splits.validation, splits.test)
        reference.warm_up()
        spec = task.spec
        self.checker = RowChecker(
            labels=task.labels,
            phrases=[spec.labels[label].phrase for label in task.labels],
            kind=spec.kind,
            min_words=spec.length.min_words,
            max_words=spec.length.max_words,
            max_copy=0.8,
            reference=reference,
        )
        self.slots = list(self.plan.admitted(dict.fromkeys(task.labels, num_rows)))

    def run_stage(self) -> tuple[float, int]:
        """Return the seconds of our loop over all slots, and the tokens it drew."""
        tokens = 0
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            with LedgerWriter(Path(folder), 0, 1, "", "{}") as ledger:

                def sink(turn: object) -> None:
                    nonlocal tokens
                    ledger.append(turn)  # type: ignore[arg-type]
                    tokens += turn.completion.num_tokens  # type: ignore[attr-defined]

                lane = Lane(self.composer, self.checker.check, sink)
                works = (ChainWork(lane, chain.slots) for chain in group_chains(iter(self.slots)))
                Loop(self.engine, lambda: False).run(works)
            return time.perf_counter() - start, tokens

    def run_bare(self, has_seeds: bool = True) -> tuple[float, int]:
        """Return the seconds of one ``LLM.generate`` over the same prompts, and its tokens."""
        import vllm  # noqa: PLC0415 - after the engine has set its environment

        prompts = [self._render(slot) for slot in self.slots]
        params = [
            vllm.SamplingParams(
                temperature=self.settings.temperature,
                top_p=self.settings.top_p,
                max_tokens=self.settings.max_tokens,
                seed=slot.seed if has_seeds else None,
            )
            for slot in self.slots
        ]
        inputs = [{"prompt_token_ids": list(ids)} for ids in prompts]
        llm = self.engine._llm
        start = time.perf_counter()
        outputs = llm.generate(inputs, params, use_tqdm=False)
        seconds = time.perf_counter() - start
        return seconds, sum(len(one.outputs[0].token_ids) for one in outputs)

    def _render(self, slot: Slot) -> tuple[int, ...]:
        return self.composer.compose([slot], []).token_ids


def main() -> None:
    """Print each round and the median of the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=400, help="per label and round")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--max-tokens", type=int, default=64)
    options = parser.parse_args()
    dtype = resolve_dtype(options.dtype)
    settings = GenerateConfig(max_tokens=options.max_tokens)
    card = load_card(options.model.name, options.model)
    engine = open_engine("vllm", options.model, card, settings, dtype)
    assert isinstance(engine, VllmEngine)
    bench = Bench(options.task, engine, settings, options.rows, FEW_SHOT)
    print(f"engine {bench.engine.info}")
    bench.run_bare()  # warm up both
    bench.run_stage()
    ratios = []
    for number in range(options.rounds):
        sides = [bench.run_stage, bench.run_bare]
        first, second = sides if number % 2 == 0 else reversed(sides)
        measured = {first.__name__: first(), second.__name__: second()}
        ours, bare = measured["run_stage"], measured["run_bare"]
        rows = len(bench.slots)
        ratios.append(bare[0] / ours[0])
        print(
            f"stage {rows / ours[0]:8.1f} rows/s {ours[1] / ours[0]:8.0f} tokens/s   "
            f"bare {rows / bare[0]:8.1f} rows/s {bare[1] / bare[0]:8.0f} tokens/s   "
            f"ratio {ratios[-1]:.3f}"
        )
    print(f"median ratio {statistics.median(ratios):.3f}, worst {min(ratios):.3f}")
    bench.engine.close()


if __name__ == "__main__":
    main()
