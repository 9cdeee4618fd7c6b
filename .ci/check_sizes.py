"""Fail where a Python file is too long, or where a name says nothing."""

import subprocess
import sys
from pathlib import Path

MOST_LINES = 400
NO_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py"}


def main() -> int:
    """Return 1 where a tracked or new Python file breaks a rule."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    bad = 0
    for name in listed:
        path = Path(name)
        if not path.is_file():
            continue
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES or path.name in NO_NAMES:
            print(f"{name}: {lines} lines")  # noqa: T201
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
