from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_local.generate.plan import SlotPlan, StrategyPlan, group_chains, take_shard
from synth_local.records import Example

LABELS = ("ham", "spam", "Sci/Tech")
POOL = tuple(Example(f"train-{i:06d}", f"text {i}", LABELS[i % 3]) for i in range(30))


def make_plan(
    base: str = "zero_shot", chain_length: int = 4, shots_from: str = "any_label", seed: int = 0
) -> SlotPlan:
    shots = 4 if base == "few_shot" else 0
    strategy = StrategyPlan(base, base, shots, shots_from, chain_length, 1)  # type: ignore[arg-type]
    return SlotPlan("my.task", LABELS, strategy, seed, (), POOL)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(LABELS), st.integers(0, 30)), st.integers(1, 6))
def test_more_slots_never_change_the_earlier_ones(counts: dict[str, int], more: int) -> None:
    plan = make_plan("few_shot")
    before = {slot.id: slot for slot in plan.admitted(counts)}
    after = {slot.id: slot for slot in plan.admitted({k: v + more for k, v in counts.items()})}
    assert before.items() <= after.items()


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 6))
def test_shards_split_whole_chains_and_miss_none(per_label: int, length: int, num: int) -> None:
    plan = make_plan(chain_length=length)
    chains = group_chains(plan.admitted(dict.fromkeys(LABELS, per_label)))
    shards = [take_shard(chains, len(LABELS), shard, num) for shard in range(num)]
    ids = [slot.id for shard in shards for chain in shard for slot in chain.slots]
    assert sorted(ids) == sorted(slot.id for chain in chains for slot in chain.slots)
    for chain in chains:
        assert [slot.turn for slot in chain.slots] == list(range(len(chain.slots)))
        assert len({slot.label for slot in chain.slots}) == 1


def test_each_shard_gets_every_label_where_there_are_as_many_shards_as_labels() -> None:
    chains = group_chains(make_plan().admitted(dict.fromkeys(LABELS, 40)))
    for shard in range(3):
        labels = {chain.slots[0].label for chain in take_shard(chains, 3, shard, 3)}
        assert labels == set(LABELS)


def test_a_slot_is_found_by_its_id_and_strangers_are_not() -> None:
    plan = make_plan("few_shot")
    slot = plan.slot("spam", 1_234_567)
    assert plan.find(slot.id) == slot
    for stranger in (
        "",
        "my.task.zero_shot.1.000001",
        "my.task.few_shot.9.000001",
        "my.task.few_shot.x",
    ):
        with pytest.raises(KeyError):
            plan.find(stranger)


def test_seeds_and_exemplars_come_from_the_root_seed_and_the_slot_alone() -> None:
    slot = make_plan("few_shot").slot("ham", 7)
    assert slot == make_plan("few_shot").slot("ham", 7)
    other = make_plan("few_shot", seed=1).slot("ham", 7)
    assert other.id == slot.id
    assert other.seed != slot.seed
    assert other.exemplar_ids != slot.exemplar_ids


def test_exemplars_of_the_same_label_have_that_label() -> None:
    plan = make_plan("few_shot", shots_from="same_label")
    by_id = {one.id: one for one in POOL}
    for slot in plan.admitted(dict.fromkeys(LABELS, 10)):
        assert len(set(slot.exemplar_ids)) == 4
        assert {by_id[one].label for one in slot.exemplar_ids} == {slot.label}


def test_every_turn_but_the_first_asks_for_more_diversity() -> None:
    plan = make_plan(chain_length=3)
    asked = [plan.turn_spec(plan.slot("ham", i), {}).template for i in range(4)]
    assert asked == ["zero_shot", "diversity", "diversity", "zero_shot"]
