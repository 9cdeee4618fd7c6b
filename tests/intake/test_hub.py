"""A made hub on this machine, since no test may ask the real one."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from synth_local.cli.main import main
from synth_local.models import write_card
from tests.engines.made_models import save_llama

REVISION = "0123456789abcdef0123456789abcdef01234567"
pytestmark = pytest.mark.slow


class Hub(BaseHTTPRequestHandler):
    """Serves one repository at one commit, as far as huggingface_hub asks."""

    folder: ClassVar[Path]
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        path = self.path.split("?")[0]
        self.asked.append(path)
        if path.startswith("/api/models/Org/Made"):
            self.send(json.dumps(self.describe(path)).encode(), with_body=with_body)
            return
        prefix = f"/Org/Made/resolve/{REVISION}/"
        file = self.folder / path.removeprefix(prefix)
        if path.startswith(prefix) and file.is_file():
            self.send(file.read_bytes(), with_body=with_body)
            return
        self.send_error(404)

    def describe(self, path: str) -> Any:
        files = [file for file in self.folder.iterdir() if file.is_file()]
        if "/tree/" in path:
            return [
                {
                    "type": "file",
                    "path": file.name,
                    "size": file.stat().st_size,
                    "oid": hashlib.sha256(file.read_bytes()).hexdigest(),
                }
                for file in files
            ]
        siblings = [{"rfilename": file.name} for file in files]
        return {"id": "Org/Made", "sha": REVISION, "siblings": siblings, "private": False}

    def send(self, body: bytes, *, with_body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    Hub.folder = save_llama(tmp_path / "repo")
    Hub.asked.clear()
    (Hub.folder / "pytorch_model.bin").write_bytes(b"pickle")
    (Hub.folder / "modeling_x.py").write_text("raise SystemExit")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    source = {"hub": {"repo": "Org/Made", "revision": REVISION}}
    write_card(Path("model_cards/made.md"), {"synth_local": {"source": source}}, "# Made")
    yield Hub
    server.shutdown()
    server.server_close()


def test_a_pinned_commit_is_fetched_without_pickles_and_code(hub: type[Hub]) -> None:
    assert main(["models", "get", "made", "--allow-network"]) == 0
    folder = Path("models/made")
    weights = (hub.folder / "model.safetensors").read_bytes()
    assert (folder / "model.safetensors").read_bytes() == weights
    assert not [path for path in hub.asked if path.endswith((".bin", ".py"))]
    assert REVISION in (folder / "README.md").read_text()
    assert [path.name for path in Path("models").iterdir()] == ["made"]


@pytest.mark.usefixtures("hub")
def test_a_hub_that_refuses_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    source = {"hub": {"repo": "Org/Other", "revision": REVISION}}
    write_card(Path("model_cards/made.md"), {"synth_local": {"source": source}}, "# Made")
    assert main(["models", "get", "made", "--allow-network"]) == 4
    error = capsys.readouterr().err
    assert "Org/Other" in error
    assert "HF_TOKEN" in error
