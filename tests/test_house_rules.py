"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import synth_local

PACKAGE = Path(synth_local.__file__).parent
MOST_WITH_THE_RUN = 30
CONTEXT = re.compile(r"(?<![.\w])Context\b")


def list_nodes() -> Iterator[tuple[str, ast.AST]]:
    """Yield every node of the package's source with the file it stands in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield str(path.relative_to(PACKAGE)), node


def is_context(annotation: ast.expr | None) -> bool:
    """Return whether the run's own ``Context`` is named; a library's has its module before it."""
    return annotation is not None and bool(CONTEXT.search(ast.unparse(annotation)))


def test_few_functions_take_the_whole_run() -> None:
    takers = [
        f"{file}: {node.name}"
        for file, node in list_nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        if is_context(argument.annotation)
    ]
    assert len(takers) <= MOST_WITH_THE_RUN, "\n".join(takers)


def test_no_class_holds_the_whole_run() -> None:
    holders = [
        f"{file}: {node.name}"
        for file, node in list_nodes()
        if isinstance(node, ast.ClassDef)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and is_context(field.annotation)
    ]
    assert holders == []


def test_no_part_of_a_run_knows_the_whole() -> None:
    above = {"run/context.py", "run/checks.py"}  # what is checked before any work is of all parts
    knowing = {
        file
        for file, node in list_nodes()
        if file.startswith("run/")
        and isinstance(node, ast.ImportFrom)
        and node.module == "synth_local.run.context"
    }
    assert knowing <= above
