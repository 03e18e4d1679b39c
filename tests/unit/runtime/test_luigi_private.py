"""A new version of luigi that lacks a private name, or words a message anew, is noticed by name."""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import Any

import luigi.execution_summary
import luigi.parameter
import luigi.task
import luigi.worker
import pytest
from luigi.cmdline_parser import CmdlineParser

from pipeline.runtime import luigi_messages
from pipeline.runtime.luigi_setup import PRIVATE_NAMES

SOURCE = "".join(
    inspect.getsource(module)
    for module in (luigi.worker, luigi.task, luigi.execution_summary, luigi.parameter)
)


def owner_of(name: str) -> Any:
    module, _, rest = name.rpartition(".")[0].partition(".")
    parts = rest.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join((module, *parts[:length])))
        except ModuleNotFoundError:
            continue
        return functools.reduce(getattr, parts[length:], found)
    raise AssertionError(f"{name} is in no module")


@pytest.mark.parametrize("name", PRIVATE_NAMES)
def test_luigi_has_the_private_name(name: str) -> None:
    owner, attribute = owner_of(name), name.rpartition(".")[2]
    if owner is CmdlineParser:  # also attributes of the instance
        owner = CmdlineParser(["Task"])
    elif owner is luigi.worker.TaskStatusReporter:
        owner = luigi.worker.TaskStatusReporter(None, "task", "worker", None)
    assert hasattr(owner, attribute), f"luigi no longer has {name}"


@pytest.mark.parametrize(
    "words",
    [
        luigi_messages._SUMMARY,
        "Data for %s does not exist",
        "[pid %s] Worker %s failed    %s",
        "Unfulfilled %s at run time: ",
        "requires the '%s' parameter to be set",
        "Error when parsing the default value of '%s'",
        "Task {} died unexpectedly with exit code {}",
        "Task {} timed out",
        "{var} is not a valid choice from {choices}",
    ],
)
def test_luigi_still_words_its_message_so(words: str) -> None:
    assert words in SOURCE, f"luigi's sources no longer contain {words!r}"
