"""docs/reliability.md names tests that exist, and trials that are commands of the Makefile."""

from __future__ import annotations

import re

import pytest
from support.repository import REPOSITORY, TESTS
from trials.record import PAGE

TRIALS = ("faults", "chaos", "year", "crashes", "fuzz", "mutants")
PAGE_TEXT = PAGE.read_text(encoding="utf-8")


def block(name: str) -> str:
    """What a trial wrote between its markers."""
    found = re.search(f"<!-- {name}: begin -->(.*?)<!-- {name}: end -->", PAGE_TEXT, re.DOTALL)
    assert found, f"docs/reliability.md has no block named {name}"
    return found.group(1)


def test_every_test_that_holds_a_promise_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE_TEXT))
    code = "".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    assert len(named) > 15
    assert named <= set(re.findall(r"^def (test_\w+)\(", code, re.MULTILINE))


def test_every_promise_is_held_by_something() -> None:
    _, _, table = PAGE_TEXT.partition("## What is promised")
    promises = re.findall(r"^\| \*\*.+", table.partition("\n## ")[0], re.MULTILINE)
    assert len(promises) >= 6
    assert all("`test_" in each.rsplit(" | ", 1)[1] for each in promises)


@pytest.mark.parametrize("name", TRIALS)
def test_a_trial_is_on_record_with_its_day_and_its_command(name: str) -> None:
    assert re.search(rf"\d{{4}}-\d\d-\d\d, `make {name}`, Python 3\.", block(name))


@pytest.mark.parametrize("name", TRIALS)
def test_each_trial_is_a_command_of_the_makefile(name: str) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^[\w ]*\b{name}\b[\w ]*:", makefile, re.MULTILINE)
    trials = REPOSITORY / "tests" / "trials"
    assert (trials / f"{name}.py").is_file() or (trials / name / "__main__.py").is_file()
