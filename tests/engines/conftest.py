"""Folders that the engines' tests serve, made once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synth_local.engines.fake import write_fake_model


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small gain nothing from threads, and lose much where the cores are busy."""
    import torch  # noqa: PLC0415 - heavy

    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(num_threads)


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engines.made_models import save_llama  # noqa: PLC0415 - brings torch

    return save_llama(tmp_path_factory.mktemp("models") / "random-llama")


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engines.made_models import save_llama  # noqa: PLC0415 - brings torch

    return save_llama(tmp_path_factory.mktemp("models") / "random-base", template=None)


@pytest.fixture(scope="session")
def fake_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_model(
        tmp_path_factory.mktemp("models") / "fake", context_length=256, per_step=5
    )
