"""However the module is named, a run of ours is recognized."""

from __future__ import annotations

import pytest

from pipeline.luigi_cli import module_in
from pipeline.runtime.luigi_setup import is_module_of_ours

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
def test_any_module_of_this_package_is_ours(words: list[str]) -> None:
    for command in (["DailySummary", *words], [*words, "DailySummary", "--workers", "2"]):
        assert is_module_of_ours(module_in(command))


@pytest.mark.parametrize("words", OTHERS)
def test_any_other_module_is_not(words: list[str]) -> None:
    assert not is_module_of_ours(module_in(["DailySummary", *words]))
