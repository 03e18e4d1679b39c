"""`import pipeline` registers the tasks with luigi and changes nothing else in a process."""

from __future__ import annotations

import ast

import pytest
from support.layers import SOURCES


def test_the_package_itself_only_imports_its_tasks() -> None:
    tree = ast.parse(SOURCES["pipeline"])
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert set(imported) == {"pathlib", "pipeline.version", "pipeline.tasks.registry"}


@pytest.mark.parametrize("module", [m for m in SOURCES if m.startswith("pipeline.runtime.")])
def test_a_module_of_the_runtime_calls_nothing_when_it_is_imported(module: str) -> None:
    statements = ast.parse(SOURCES[module]).body
    assert not [each for each in statements if is_call(each)]


def is_call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
