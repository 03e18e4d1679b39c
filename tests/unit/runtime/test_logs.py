"""A line of the log is what was logged, whatever its text holds."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from pipeline import settings
from pipeline.runtime.logs import Formatter, failures

FORGED = "no title\n2024-01-07T02:00:03Z ERROR: forged\x1b[2J"


@pytest.fixture
def record() -> logging.LogRecord:
    return logging.LogRecord("x", logging.WARNING, "x.py", 1, "%s", (FORGED,), None)


def test_a_text_from_outside_cannot_forge_a_line(record: logging.LogRecord) -> None:
    lines = Formatter("text").format(record).splitlines()
    assert all("Z WARNING: " in line and "\x1b" not in line for line in lines)
    (line,) = Formatter("json", "run").format(record).splitlines()
    assert json.loads(line)["level"] == "WARNING"


def test_a_reason_of_an_alert_is_one_line_even_without_text(record: logging.LogRecord) -> None:
    assert Formatter("failure").format(record) == "unexpected\tno title"
    record.msg, record.args = "", None
    assert Formatter("failure").format(record) == "unexpected\t"


def test_a_file_of_reasons_that_cannot_be_read_fails_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.RUN_FAILURES, str(tmp_path))
    assert failures() == []
