"""What all tests share: no network, no hub, and no silent skip where CI must run a test."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import settings

from synth_local.cli.main import QUIET
from synth_local.core.capacity import count_cores
from synth_local.engines.choose import has_gpu
from tests.pipeline.real_model import RealModel, make_real_model

os.environ.update(QUIET)
SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
REQUIRED = set(filter(None, os.environ.get("SYNTH_LOCAL_REQUIRE", "").split(",")))

# a machine with other work to do is no reason to fail: how long an example takes is not tested
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def _namespace() -> tuple[str, ...]:
    for start in (("unshare", "--user", "--map-root-user", "--mount"), ("unshare", "--mount")):
        mount = (*start, "mount", "-t", "tmpfs", "tmpfs", "/mnt")
        if (
            shutil.which("unshare")
            and not subprocess.run(mount, capture_output=True, check=False).returncode
        ):
            return start
    return ()


# what a command starts with that may mount a file system for itself; empty where nothing may
NAMESPACE = _namespace()
MARKERS: dict[str, tuple[Callable[[], bool], str]] = {
    "vllm": (lambda: importlib.util.find_spec("vllm") is not None, "vLLM is not installed"),
    "gpu": (has_gpu, "no CUDA device"),
    "slurm": (
        lambda: all(shutil.which(name, path=SYSTEM_PATH) for name in ("slurmctld", "sbatch")),
        "Slurm is not installed (Debian: apt-get install slurm-wlm munge)",
    ),
    "shellcheck": (
        lambda: shutil.which("shellcheck") is not None,
        "shellcheck is not installed (Debian: apt-get install shellcheck)",
    ),
    "tmpfs": (lambda: bool(NAMESPACE), "this machine does not let us mount a tmpfs"),
    "cores": (lambda: count_cores() > 1, "one processor trains one at a time"),
    "data": (lambda: bool(os.environ.get("SYNTH_LOCAL_DATA")), "SYNTH_LOCAL_DATA is not set"),
    "network": (
        lambda: os.environ.get("SYNTH_LOCAL_NETWORK") == "1",
        "SYNTH_LOCAL_NETWORK is not 1",
    ),
    "cases": (lambda: bool(os.environ.get("SYNTH_LOCAL_CASES")), "SYNTH_LOCAL_CASES is not set"),
}


def pytest_configure() -> None:
    for name in sorted(REQUIRED):
        is_there, reason = MARKERS[name]
        if not is_there():
            pytest.exit(f"tests marked {name} must run here, but {reason}", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for name, (is_there, reason) in MARKERS.items():
        marked = [item for item in items if item.get_closest_marker(name)]
        if not marked or is_there():
            continue
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))
    # several workers take file after file: a cluster is mostly waited for, so its files come first,
    # then those of many slow tests, and the quick ones last: no worker ends long after the others
    clusters = {item.path for item in items if item.get_closest_marker("slurm")}
    num_slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (item.path not in clusters, -num_slow[item.path]))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Tests must not depend on the models or the data of the machine that they run on."""
    monkeypatch.delenv("SYNTH_LOCAL_MODELS", raising=False)
    if not request.node.get_closest_marker("data"):
        monkeypatch.delenv("SYNTH_LOCAL_DATA", raising=False)


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory) -> RealModel:
    """A miniature generator, trained once for all tests that need a real model."""
    return make_real_model(tmp_path_factory.mktemp("tiny"))
