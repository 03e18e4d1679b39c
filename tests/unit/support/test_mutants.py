"""Counting the mutants: each in its module and area, and none that counts for more than it is."""

from __future__ import annotations

from collections import Counter

import pytest
from support.repository import REPOSITORY
from trials import mutants

LINES = """
    pipeline.documents.consolidate.x_add_list__mutmut_1: killed
    pipeline.documents.consolidate.x_add_list__mutmut_2: survived
    pipeline.quality.fields.x_number__mutmut_1: no tests
    pipeline.storage.temporary.x_sweep__mutmut_1: timeout
    pipeline.tmdb.body.x_read__mutmut_1: killed
"""


def test_outcomes_are_counted_by_module() -> None:
    assert mutants.tally(mutants.read(LINES)) == {
        "pipeline.documents.consolidate": {"killed": 1, "survived": 1},
        "pipeline.quality.fields": {"no tests": 1},
        "pipeline.storage.temporary": {"timeout": 1},
        "pipeline.tmdb.body": {"killed": 1},
    }


def test_what_no_test_noticed_is_found_again() -> None:
    assert mutants.unnoticed(mutants.read(LINES)) == [
        "pipeline.documents.consolidate.x_add_list__mutmut_2",
        "pipeline.quality.fields.x_number__mutmut_1",
    ]


def test_each_area_is_listed_with_its_modules() -> None:
    assert list(mutants.rows(mutants.tally(mutants.read(LINES)))) == [
        ["**pure core**", "3", "1", "0", "1", "1", "33.3 %"],
        ["documents.consolidate", "2", "1", "0", "1", "0", "50.0 %"],
        ["quality.fields", "1", "0", "0", "0", "1", "0.0 %"],
        ["**client**", "1", "1", "0", "0", "0", "100.0 %"],
        ["tmdb.body", "1", "1", "0", "0", "0", "100.0 %"],
        ["**storage**", "1", "0", "1", "0", "0", "100.0 %"],
        ["storage.temporary", "1", "0", "1", "0", "0", "100.0 %"],
    ]


@pytest.mark.parametrize(
    ("killed", "survived", "other", "shortcomings"),
    [
        (85, 15, {}, []),
        (84, 16, {}, ["client: 84.0 percent noticed, less than 85"]),
        (99, 0, {"not checked": 1}, ["client: 1 mutants not checked"]),
        (99, 0, {"suspicious": 1}, ["client: 1 mutants suspicious"]),
    ],
)
def test_an_area_with_too_few_killed_or_unfinished_mutants_is_reported(
    killed: int, survived: int, other: dict[str, int], shortcomings: list[str]
) -> None:
    counts = Counter({"killed": killed, "survived": survived, **other})
    assert list(mutants.shortcomings({"pipeline.tmdb.body": counts})) == shortcomings


def test_a_new_module_of_a_lower_layer_is_changed_too() -> None:
    changed = set(mutants.changed_files())
    assert {
        "pipeline/catalog.py",
        "pipeline/storage/local.py",
        "pipeline/tmdb/client.py",
    } <= changed
    assert not any(file.startswith(("pipeline/ops/", "pipeline/tasks/")) for file in changed)
    assert all((REPOSITORY / file).is_file() for file in changed)
