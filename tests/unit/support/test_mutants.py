"""Counting the mutants: each in its module and area, and none that counts for more than it is."""

from __future__ import annotations

import configparser
import fnmatch
from collections import Counter

import pytest
from support.layers import LAYERS, SOURCES, layer_of
from support.repository import REPOSITORY
from trials import mutants

LINES = """
    pipeline.merge.x_merged__mutmut_1: killed
    pipeline.merge.x_merged__mutmut_2: survived
    pipeline.quality.values.x_number__mutmut_1: no tests
    pipeline.storage.xǁSpooledRowsǁappend__mutmut_1: timeout
    pipeline.tmdb.body.x_read__mutmut_1: killed
"""
FACTS = {"errors", "version", "genres", "clock"}
"""Names and numbers of layer 0: nothing in them computes."""


def test_outcomes_are_counted_by_module() -> None:
    assert mutants.tally(mutants.read(LINES)) == {
        "pipeline.merge": {"killed": 1, "survived": 1},
        "pipeline.quality.values": {"no tests": 1},
        "pipeline.storage": {"timeout": 1},
        "pipeline.tmdb.body": {"killed": 1},
    }


def test_what_no_test_noticed_is_found_again() -> None:
    assert mutants.unnoticed(mutants.read(LINES)) == [
        "pipeline.merge.x_merged__mutmut_2",
        "pipeline.quality.values.x_number__mutmut_1",
    ]


def test_each_area_is_told_with_its_modules() -> None:
    assert list(mutants.rows(mutants.tally(mutants.read(LINES)))) == [
        ["**pure core**", "3", "1", "0", "1", "1", "33.3 %"],
        ["merge", "2", "1", "0", "1", "0", "50.0 %"],
        ["quality.values", "1", "0", "0", "0", "1", "0.0 %"],
        ["**client**", "1", "1", "0", "0", "0", "100.0 %"],
        ["tmdb.body", "1", "1", "0", "0", "0", "100.0 %"],
        ["**storage**", "1", "0", "1", "0", "0", "100.0 %"],
        ["storage", "1", "0", "1", "0", "0", "100.0 %"],
    ]


@pytest.mark.parametrize(
    ("killed", "survived", "other", "told"),
    [
        (85, 15, {}, []),
        (84, 16, {}, ["client: 84.0 percent noticed, less than 85"]),
        (99, 0, {"not checked": 1}, ["client: 1 mutants not checked"]),
        (99, 0, {"suspicious": 1}, ["client: 1 mutants suspicious"]),
    ],
)
def test_too_few_and_unfinished_are_told(
    killed: int, survived: int, other: dict[str, int], told: list[str]
) -> None:
    counts = Counter({"killed": killed, "survived": survived, **other})
    assert list(mutants.shortcomings({"pipeline.tmdb.body": counts})) == told


def test_every_module_that_is_meant_is_changed() -> None:
    """The pure core, what talks to TMDB, and storage; a new module is not forgotten."""
    meant = {
        module.replace(".", "/") + ".py"
        for module in SOURCES
        if module in mutants.STORAGE
        or (module.startswith("pipeline.tmdb.") and ".demo" not in module)
        or ((layer_of(module) or 0) <= 1 and module.rpartition(".")[2] not in FACTS)
    } - {"pipeline/quality.py", "pipeline/tmdb.py"}
    patterns = mutmut_setting("only_mutate")
    assert [file for file in meant if not any(fnmatch.fnmatch(file, p) for p in patterns)] == []


def test_coverage_leaves_out_the_upper_layers_and_nothing_else() -> None:
    omitted = setup()["coverage:run"]["omit"].split("\n")
    patterns = [line.removeprefix("*/") for line in omitted if line and not line.startswith("#")]
    for module in SOURCES:
        file = module.replace(".", "/")
        left_out = any(
            fnmatch.fnmatch(f"{file}.py", p) or fnmatch.fnmatch(f"{file}/__init__.py", p)
            for p in patterns
        )
        assert left_out == ((layer_of(module) or 0) > 2), module
    assert LAYERS["pipeline.storage"] == 2


def mutmut_setting(name: str) -> list[str]:
    return [line for line in setup()["mutmut"][name].split("\n") if line]


def setup() -> configparser.ConfigParser:
    read = configparser.ConfigParser()
    read.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    return read
