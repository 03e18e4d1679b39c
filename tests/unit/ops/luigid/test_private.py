"""A new version of luigi or tornado that lacks a private name is noticed by that name."""

from __future__ import annotations

import ast
import importlib
from typing import Any

import pytest
from luigi.rpc import RemoteScheduler
from luigi.scheduler import Scheduler, SimpleTaskState
from support.layers import SOURCES
from tornado.httpserver import HTTPServer

from pipeline.ops.luigid import private

ARGUMENTS: dict[Any, tuple[Any, ...]] = {
    Scheduler: (),
    SimpleTaskState: ("",),
    RemoteScheduler: ("http://127.0.0.1:9/",),
    HTTPServer: (lambda _: None,),
}
"""What the classes are made from: some private names are of the instance only."""

ROUND_LUIGID = [
    module
    for module in SOURCES
    if module.startswith(("pipeline.ops.luigid.", "pipeline.ops.history."))
    or module == "pipeline.ops.runs.scheduler_choice"
]


@pytest.mark.parametrize("name", private.NAMES)
def test_luigi_and_tornado_have_the_private_name(name: str) -> None:
    path, attribute = name.rsplit(".", 1)
    module, owner = path.rsplit(".", 1)
    kind = getattr(importlib.import_module(module), owner)
    assert hasattr(kind(*ARGUMENTS[kind]), attribute), f"{module} no longer has {owner}.{attribute}"


def private_names(source: str) -> list[str]:
    """The private attributes of others that a module uses."""
    return [
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]


@pytest.mark.parametrize("module", ROUND_LUIGID)
def test_private_names_of_others_stand_in_one_module(module: str) -> None:
    found = set(private_names(SOURCES[module]))
    listed = {name.rpartition(".")[2] for name in private.NAMES}
    assert found <= (listed if module == "pipeline.ops.luigid.private" else set())


def test_a_private_name_elsewhere_is_noticed() -> None:
    assert private_names("scheduler._state.load()\nself._own = 1") == ["_state"]
