"""However the module is named, a run of ours is found to be one."""

from __future__ import annotations

import sys

import pytest

from pipeline.runtime import luigi_setup

OURS = [
    ["--module", "pipeline"],
    ["--module=pipeline"],
    ["--module", "pipeline.tasks.daily"],
    ["--module=pipeline.tasks.daily"],
    ["--mod", "pipeline"],
    ["--m=pipeline"],
    ["--mo", "pipeline.tasks"],
    ["--module", "os", "--module", "pipeline"],
    ["--module", "os", "--mod=pipeline.tasks.daily"],
]
OTHERS = [
    [],
    ["--module", "os"],
    ["--module", "pipelines"],
    ["--module", "pipeline_of_mine.tasks"],
    ["--mod", "os.path"],
    ["--module", "pipeline", "--module", "os"],
    ["--task", "--module pipeline"],
    ["--modules", "pipeline"],
    ["--", "--module", "pipeline"],
    ["--module"],
]


@pytest.mark.parametrize("words", OURS)
def test_any_module_of_this_package_is_ours(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    for command in (["DailySummary", *words], [*words, "DailySummary", "--workers", "2"]):
        monkeypatch.setattr(sys, "argv", ["/usr/bin/luigi", *command])
        assert not luigi_setup.serves_another_module()


@pytest.mark.parametrize("words", OTHERS)
def test_any_other_module_is_not(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/luigi", "DailySummary", *words])
    assert luigi_setup.serves_another_module()


@pytest.mark.parametrize("program", ["script.py", "/usr/lib/python3/luigi/__main__.py", "pytest"])
def test_what_is_no_luigi_command_serves_nobody_else(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sys, "argv", [program, "--module", "os"])
    assert not luigi_setup.serves_another_module()
