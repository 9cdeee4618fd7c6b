"""The corpora that a run asks for: their strategies, seeds and numbers of rows.

Decided by the run file and by names and labels of its tasks; knows nothing of what is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from synth_local.config import RunConfig
from synth_local.config.strategies import StrategySpec, name_repeat
from synth_local.errors import ConfigError
from synth_local.generate.plan import Repeat, StrategyPlan
from synth_local.run.sources.external_files import find_external
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task


@dataclass(frozen=True)
class Corpora:
    """The corpora of a run file.

    Attributes:
        tasks: of the run, by name, in the run file's order.
    """

    config: RunConfig
    tasks: Mapping[str, Task]

    @cached_property
    def strategies(self) -> dict[str, StrategyPlan]:
        """The strategies by name, with every setting decided: those of the run file, then repeats.

        A repeat is one more strategy, so that its corpora have folders, slots and cells too.
        """
        plans = {spec.name: self._decide_strategy(spec) for spec in self.config.strategies}
        repeats = [
            replace(plan, name=name_repeat(name, seed), repeat=Repeat(name, seed))
            for seed in self.config.corpus_seeds
            for name, plan in plans.items()
        ]
        return plans | {plan.name: plan for plan in repeats}

    @property
    def keys(self) -> list[CorpusKey]:
        """All corpora, tasks first, brought ones last; empty where no source needs one."""
        if not self.config.needs_corpora:
            return []
        brought = find_external(self.config.corpora, list(self.tasks))
        keys = []
        for task in self.tasks:
            keys += [
                CorpusKey(task, generator, strategy)
                for generator in self.config.generators
                for strategy in self.strategies
            ]
            keys += [key for key in brought if key.task == task]
        return keys

    @property
    def pool_floor(self) -> int:
        """The least number of pool texts per label: the largest number of shots in the run."""
        shots = [plan.shots for plan in self.strategies.values()]
        return max([1, *shots])

    def root_seed(self, strategy: str) -> int:
        """Return the seed that all slots of a strategy are derived from."""
        repeat = self.strategies[strategy].repeat
        return repeat.root_seed if repeat else self.config.generate.seed

    def is_repeat(self, key: CorpusKey) -> bool:
        """Return whether a corpus repeats another from a further seed (``corpus_seeds``)."""
        plan = self.strategies.get(key.strategy)  # corpora brought along have none
        return plan is not None and plan.repeat is not None

    def per_label(self, task: str) -> dict[str, int]:
        """Return the rows asked for, by label.

        Raises:
            ConfigError: ``per_label`` leaves a label out or names one that no task has.
        """
        try:
            return self.config.per_label_for(self.tasks[task].labels)
        except KeyError as error:
            raise ConfigError(
                f"per_label says nothing about {error.args[0]} of the task {task!r}",
                where="per_label",
                fix="give one number for all labels, or one for each label",
            ) from error

    def _decide_strategy(self, spec: StrategySpec) -> StrategyPlan:
        generate = self.config.generate
        return StrategyPlan(
            spec.name,
            spec.base,
            (spec.shots or generate.shots) if spec.base == "few_shot" else 0,
            spec.shots_from or generate.shots_from,
            self.config.chain_length_for(spec),
            spec.diversity_every or generate.diversity_every,
        )
