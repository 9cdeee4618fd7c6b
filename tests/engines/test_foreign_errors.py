"""Whatever a library raises around a model becomes an error of ours with the folder and a fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import transformers

from synth_local.config import GenerateConfig
from synth_local.engines import vllm_start
from synth_local.engines.chat import ChatRenderer, load_tokenizer
from synth_local.engines.choose import open_engine
from synth_local.engines.misfits import Misfits
from synth_local.errors import EngineError, MachineError, one_line
from synth_local.models import Card
from synth_local.records import Message, Request
from tests.engines.broken_models import copy_model, lose, quantise
from tests.engines.made_models import CHATML, make_tokenizer

RAISED = (
    IndexError("index out of range in self"),
    AttributeError("no 'x'"),
    KeyError("x"),
    AssertionError(),
    ZeroDivisionError("by zero"),
)
ASKED = (Message("system", "Be short."), Message("user", "Write."))


def start(folder: Path) -> Any:
    return open_engine("transformers", folder, Card(name="x"), GenerateConfig(), "float32")


@pytest.mark.parametrize("error", RAISED, ids=repr)
def test_what_a_library_raises_while_it_loads_or_runs_a_model_is_no_bug_of_ours(
    error: Exception, llama_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    engine = start(llama_folder)
    engine.submit(Request("a", engine.render(ASKED), 0, 8))
    with monkeypatch.context() as patch:
        patch.setattr(engine._model, "forward", fail)
        with pytest.raises(EngineError) as caught:
            engine.step()
    assert caught.value.where == str(llama_folder)
    assert type(error).__name__ in caught.value.what
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", fail)
    with pytest.raises(MachineError) as refused:
        start(llama_folder)
    assert (refused.value.where, bool(refused.value.fix)) == (str(llama_folder), True)


def test_quantised_weights_without_their_package_are_refused_by_name(
    tmp_path: Path, llama_folder: Path
) -> None:
    folder = copy_model(llama_folder, tmp_path / "quantised")
    for section, package in (
        ({"quant_method": "awq", "bits": 4}, "gptqmodel"),
        ({"quant_method": "gptq", "bits": 4}, "gptqmodel"),
        ({"load_in_4bit": True}, "bitsandbytes"),
    ):
        quantise(section)(folder)
        with pytest.raises(MachineError, match=package) as caught:
            start(folder)
        assert caught.value.exit_code == 4


def test_the_load_itself_is_asked_again_where_the_headers_could_not_tell(
    tmp_path: Path, llama_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synth_local.engines import choose  # noqa: PLC0415

    folder = copy_model(llama_folder, tmp_path / "gaps")
    lose("3.self_attn.o_proj")(folder)
    monkeypatch.setattr(choose, "require_fit", lambda *_, **__: Misfits())
    with pytest.raises(MachineError, match=r"lack model.layers.3.self_attn.o_proj.weight"):
        start(folder)


NAMED = {"rag": CHATML, "tool_use": CHATML}
TEMPLATES = [
    pytest.param("{% for m in messages %}", "broken: copy it again", id="cut"),
    pytest.param("{{ messages[0].content | nothing }}", "broken: copy it again", id="filter"),
    pytest.param("{{ 1 // 0 }}", "fails by itself", id="division"),
    pytest.param("{{ nobody.said.this }}", "fails by itself", id="undefined"),
    pytest.param(NAMED, "(rag, tool_use) default", id="no default"),
]


@pytest.mark.parametrize(("template", "said"), TEMPLATES)
def test_a_template_that_fails_by_itself_is_not_blamed_on_the_system_role(
    template: Any, said: str
) -> None:
    tokenizer = make_tokenizer(CHATML)
    tokenizer.chat_template = template
    with pytest.raises(EngineError, match="chat template") as caught:
        ChatRenderer(tokenizer).render(ASKED)
    assert said in caught.value.fix
    assert "system_role" not in caught.value.fix


def test_a_template_that_refuses_the_system_role_is_told_so() -> None:
    template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    tokenizer = make_tokenizer(template)
    with pytest.raises(EngineError, match="no system") as caught:
        ChatRenderer(tokenizer, system_role=True).render(ASKED)
    assert "system_role: false" in caught.value.fix


def test_a_tokenizer_that_does_not_open_says_why_and_not_half_of_it(
    tmp_path: Path, llama_folder: Path
) -> None:
    folder = copy_model(llama_folder, tmp_path / "x")
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')
    with pytest.raises(MachineError, match="tokenizer") as caught:
        load_tokenizer(folder)
    assert not caught.value.what.endswith(":")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("Couldn't build it from one of:\n(1) a file\n(2) another"),
         "Couldn't build it from one of: (1) a file"),
        (OSError("no file\nmore"), "no file"),
        (KeyError("x"), "KeyError: 'x'"),
        (AssertionError(), "AssertionError"),
        (ValueError("x y " * 200), "x y " * 75 + "..."),
    ],
)  # fmt: skip
def test_an_error_reads_as_one_line_that_is_not_cut_at_a_colon(error: Exception, said: str) -> None:
    assert one_line(error) == said


def test_no_fix_line_of_vllm_sends_people_to_another_engine(llama_folder: Path) -> None:
    for door in (vllm_start.explain_start(llama_folder), vllm_start.explain_failure()):
        with pytest.raises(EngineError) as caught, door:
            raise ValueError("Following weights were not initialized from checkpoint: {'x'}")
        assert "--engine" not in caught.value.fix
        assert "transformers" not in caught.value.fix
