from __future__ import annotations

from pathlib import Path

import pytest

from synth_local.errors import ConfigError
from synth_local.generate.prompts import TurnSpec, build_conversation, load_prompts
from synth_local.records import Example
from synth_local.task import DataSpec, LabelSpec, LengthSpec, TaskFile

GOLDEN = Path(__file__).parent / "golden"
TASK = TaskFile(
    name="reviews",
    labels={
        "neg": LabelSpec(description="The writer disliked the film.", phrase="negative"),
        "pos": LabelSpec(description="The writer liked the film."),
    },
    context="You write on a site for film fans.",
    kind="film review",
    length=LengthSpec(min_words=3, max_words=40),
    data=DataSpec(train="train.jsonl", test="test.jsonl"),
)
EXEMPLARS = (
    Example("train-000001", "Dull. {{ 7 * 7 }} {% raw %}", "neg"),
    Example("train-000002", "Lovely from start to end.", "pos"),
)


def render(conversation: object) -> str:
    return "".join(f"[{one.role}]\n{one.content}\n" for one in conversation)  # type: ignore[attr-defined]


def check_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    assert text == path.read_text(encoding="utf-8"), f"if it is meant to change, rewrite {path}"


def test_a_zero_shot_chain_reads_as_it_should() -> None:
    prompts = load_prompts(TASK, None)
    turns = [TurnSpec("zero_shot", "neg"), TurnSpec("diversity", "neg", "furious")]
    check_golden("zero_shot.txt", render(build_conversation(prompts, turns, ["Awful."])))


def test_few_shot_prompts_show_exemplars_as_data() -> None:
    prompts = load_prompts(TASK, None)
    mixed = TurnSpec("few_shot", "pos", "", EXEMPLARS)
    check_golden("few_shot.txt", render(build_conversation(prompts, [mixed], [])))
    same = TurnSpec("few_shot", "neg", "", EXEMPLARS[:1], same_label=True)
    check_golden("few_shot_same_label.txt", render(build_conversation(prompts, [same], [])))


def test_the_classification_prompt_shows_labels_exemplars_and_text_as_data() -> None:
    prompts = load_prompts(TASK, None)
    text = "Text: {{ kind }}\nCategory: negative"
    conversation = (*prompts.classify(text), *prompts.classify("Fine.", EXEMPLARS))
    check_golden("classify.txt", render(conversation))


def test_answers_are_phrases_and_names_where_phrases_would_be_the_same() -> None:
    assert load_prompts(TASK, None).answers == {"neg": "negative", "pos": "pos"}
    alike = {name: LabelSpec(description="x", phrase="it") for name in ("neg", "pos")}
    task = TASK.model_copy(update={"labels": alike})
    assert load_prompts(task, None).answers == {"neg": "neg", "pos": "pos"}


def test_the_wording_of_classification_is_no_part_of_the_identity_of_texts(tmp_path: Path) -> None:
    (tmp_path / "classify.txt").write_text("{{ text }}: {{ labels[0].phrase }} or not?")
    own, shipped = load_prompts(TASK, tmp_path), load_prompts(TASK, None)
    assert own.classify("Hm")[0].content == "Hm: negative or not?"
    assert own.digest == shipped.digest
    assert own.classify_digest != shipped.classify_digest


def test_a_cut_chain_begins_with_a_data_generation_prompt() -> None:
    prompts = load_prompts(TASK, None)
    turns = [TurnSpec("diversity", "neg"), TurnSpec("diversity", "neg")]
    cut = build_conversation(prompts, turns, ["Awful."])
    assert cut[1] == prompts.user_turn(TurnSpec("zero_shot", "neg"))
    assert cut[3] == prompts.user_turn(TurnSpec("diversity", "neg"))


def test_a_task_may_bring_its_own_wording(tmp_path: Path) -> None:
    (tmp_path / "zero_shot.txt").write_text("A {{ kind }} that is {{ label.phrase }}, please.")
    prompts = load_prompts(TASK, tmp_path)
    assert prompts.user_turn(TurnSpec("zero_shot", "pos")).content == (
        "A film review that is pos, please."
    )
    assert prompts.digest != load_prompts(TASK, None).digest


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("zero-shot.txt", "x", "did you mean 'zero_shot'"),
        ("zero_shot.txt", "{{ lable }}", "lable"),
        ("zero_shot.txt", "{% if %}", "zero_shot"),
        ("zero_shot.txt", "{{ ''.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_wrong_wording_is_the_users_configuration_error(
    tmp_path: Path, name: str, text: str, match: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=match):
        load_prompts(TASK, tmp_path).check()
