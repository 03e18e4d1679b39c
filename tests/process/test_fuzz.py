"""A small part of `make fuzz`, the same cases every time; and what it has found before."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from trials.answers import REFUSED, RIGHT, Day, Reply, day, genuine_pages
from trials.any_answer import any_replies
from trials.any_arguments import ArgumentsCase, arguments_cases, arguments_outcome
from trials.any_file import FileCase, file_cases, file_outcome
from trials.any_setting import SettingCase, setting_cases, setting_outcome
from trials.any_size import answer_outcome, huge_answers
from trials.children import Ended, forked
from trials.inputs import Raw, written
from trials.workspaces import TODAY, Workspaces, workspaces

_ODD = list(HealthCheck)


def few(examples: int) -> settings:
    """So many cases, the same ones in every run."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=_ODD,
    )


@pytest.fixture(scope="module")
def made() -> Iterator[Workspaces]:
    with workspaces() as done:
        yield done


@pytest.fixture
def a_day() -> Iterator[Day]:
    logging.disable(logging.CRITICAL)
    with day() as collected:
        yield collected
    logging.disable(logging.NOTSET)


def test_any_answer_is_right_or_refused(a_day: Day) -> None:
    @few(12)
    @given(any_replies(genuine_pages()))
    def holds(replies: tuple[Reply, ...]) -> None:
        assert a_day.outcome(replies) in (RIGHT, REFUSED)

    holds()


def test_genuine_answers_are_right(a_day: Day) -> None:
    """Else the trial would find nothing because nothing passes."""
    assert a_day.outcome(two_pages(genuine_pages()[0])) == RIGHT


@pytest.mark.parametrize(("levels", "outcome"), [(24, RIGHT), (60, REFUSED), (960, REFUSED)])
def test_an_answer_nested_deeply_is_refused_before_it_is_written(
    levels: int, outcome: str, a_day: Day
) -> None:
    page = genuine_pages()[0]
    page["results"][0]["title"] = Raw("[" * levels + "]" * levels)
    assert a_day.outcome(two_pages(page)) == outcome


def test_any_file_is_used_or_refused(made: Workspaces) -> None:
    @few(4)
    @given(file_cases(made))
    def holds(case: FileCase) -> None:
        assert file_outcome(made, case) in (RIGHT, REFUSED)

    holds()


def test_any_setting_is_used_or_refused(made: Workspaces) -> None:
    @few(3)
    @given(setting_cases(made))
    def holds(case: SettingCase) -> None:
        assert setting_outcome(made, case) in (RIGHT, REFUSED)

    holds()


def test_any_arguments_are_accepted_or_refused(made: Workspaces) -> None:
    @few(4)
    @given(arguments_cases(made))
    def holds(case: ArgumentsCase) -> None:
        assert arguments_outcome(made, case) in (RIGHT, REFUSED)

    holds()


def test_an_answer_of_a_gigabyte_is_refused_in_little_memory(made: Workspaces) -> None:
    with huge_answers() as url:
        assert answer_outcome(made, url, "bomb") == REFUSED


_CFG = "[core]\nscheduler_url = http://127.0.0.1:9/\n"
_DAILY = ("luigi", "DailySummary", "--date", str(TODAY), "--local-scheduler")

FOUND: dict[str, SettingCase] = {
    "a password that is no text": SettingCase(
        "", b"", {"PIPELINE_LUIGID_PASSWORD": "\udcff\udc80"}, ("operate", "status"), True
    ),
    "a status that is no number": SettingCase(
        "luigi.cfg", f"{_CFG}[retcode]\nmissing_data = x\n".encode(), {}, _DAILY, True
    ),
    "a status that is no number, checked": SettingCase(
        "luigi.cfg", f"{_CFG}[retcode]\nmissing_data = x\n".encode(), {}, ("operate", "check"), True
    ),
    "a wait without end, checked": SettingCase(
        "luigi.cfg",
        f"{_CFG}[worker]\nping_interval = 1e999\n".encode(),
        {},
        ("operate", "check"),
        True,
    ),
    "a delay that is no number": SettingCase(
        "luigi.cfg", f"{_CFG}[scheduler]\nretry_delay = x\n".encode(), {}, _DAILY, True
    ),
}


@pytest.mark.parametrize("case", FOUND.values(), ids=FOUND)
def test_what_was_found_in_settings(case: SettingCase, made: Workspaces) -> None:
    works = "PIPELINE_LUIGID_PASSWORD" in case.variables
    assert setting_outcome(made, case) == (RIGHT if works else REFUSED)


def test_days_beyond_the_calendar_in_stats(made: Workspaces) -> None:
    command = ("operate", "stats", "--days", "99999999")
    assert arguments_outcome(made, ArgumentsCase(command)) == REFUSED


# --- The trial itself finds what it looks for -------------------------------------------------


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        (Ended(None, "", "", 0.0), "it hangs"),
        (Ended(70, "", "an unexpected error", 0.0), "status 70"),
        (Ended(40, "", "Traceback (most recent call last):", 0.0), "Traceback"),
        (Ended(1, "", "", 0.0), "silent"),
        (Ended(0, "done", "", 500.0), "500 MB"),
    ],
)
def test_a_child_that_ends_badly_is_a_defect(ended: Ended, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        ended.judged()


def test_a_child_is_bounded(tmp_path: Path) -> None:
    def takes_much() -> None:
        assert len(bytearray(b"x") * (200 << 20)) == 200 << 20

    def waits() -> None:
        import threading

        threading.Event().wait()

    def writes_elsewhere() -> None:
        Path("/fuzz").write_text("")

    assert forked(takes_much, ["x"], tmp_path, {}).megabytes > 100
    assert forked(waits, ["x"], tmp_path, {}, seconds=0.2).status is None
    assert "Permission denied" in forked(writes_elsewhere, ["x"], tmp_path, {}).err


def two_pages(page: dict[str, Any]) -> tuple[Reply, Reply]:
    first, second = (written({**page, "page": number}).encode() for number in (1, 2))
    return Reply(first), Reply(second)
