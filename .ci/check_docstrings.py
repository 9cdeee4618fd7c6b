"""Fail where a docstring documents an argument or attribute that is not there.

Not every argument needs a word: those do whose shape, unit, range or special value is not said by
name and type.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SECTION = re.compile(r"^(Args|Attributes):\n((?: {4}.*\n|\n)+)", re.MULTILINE)
ENTRY = re.compile(r"^ {4}\*{0,2}(\w+): ", re.MULTILINE)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def list_arguments(node: Function) -> list[str]:
    """Return a function's arguments in their order."""
    found = node.args
    named = [*found.posonlyargs, *found.args, found.vararg, *found.kwonlyargs, found.kwarg]
    return [argument.arg for argument in named if argument]


def list_attributes(node: ast.ClassDef) -> list[str]:
    """Return what a class's body declares, in its order."""
    declared = [
        item.target.id
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]
    stored = [item.attr for item in ast.walk(node)
              if isinstance(item, ast.Attribute) and isinstance(item.ctx, ast.Store)]  # fmt: skip
    methods = [item.name for item in node.body if isinstance(item, Function)]
    return list(dict.fromkeys(declared + stored + methods))


def find_wrong(path: Path) -> Iterator[str]:
    """Yield one line for each section that does not fit what it documents."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, Function | ast.ClassDef):
            continue
        for kind, body in SECTION.findall(f"{ast.get_docstring(node) or ''}\n"):
            names = ENTRY.findall(body)
            there = _list_there(node, kind)
            wrong = [name for name in names if name not in there]
            in_order = names == [name for name in there if name in names]
            if wrong or (kind == "Args" and not in_order):
                yield f"{path}:{node.lineno}: {node.name}: {', '.join(wrong) or 'the order'}"


def _list_there(node: Function | ast.ClassDef, kind: str) -> list[str]:
    if not isinstance(node, ast.ClassDef):
        return list_arguments(node)
    makers = [item for item in node.body if isinstance(item, Function) and item.name == "__init__"]
    return list_arguments(makers[0]) if kind == "Args" and makers else list_attributes(node)


def main() -> int:
    """Return 1 where a docstring of the package is untrue."""
    listed = subprocess.run(
        ["git", "ls-files", "synth_local/*.py"],  # noqa: S607
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    wrong = [line for name in listed if Path(name).is_file() for line in find_wrong(Path(name))]
    print(*wrong, sep="\n", end="\n" * bool(wrong))  # noqa: T201
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
