"""What `make hosts` finds wrong."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from support.fake_tmdb import FakeTmdb
from support.object_store import Store
from trials.hosts.disturbances import CASES
from trials.hosts.hub import Hub, Run
from trials.hosts.judge import Document, faults
from trials.hosts.network import Network

from pipeline.paths import Layout

AT = datetime(2024, 1, 7, 3, 0, tzinfo=UTC)
NOTHING, KILLED = CASES[:2]
WEEK = {"raw/a.json": Document("{}\n", AT)}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    layout = Layout(Path("/data"), tmp_path)
    hub = Hub(tmp_path, Network("n"), Store(1, 1), FakeTmdb(), date(2024, 1, 7), layout, 1)
    for number in (1, 2, 3):
        output = tmp_path / f"output-{number}"
        output.write_text("2024-01-07T03:00:00Z ERROR: It is broken.\n", encoding="utf-8")
        hub.runs.append(Run(cast("subprocess.Popen[bytes]", None), output, 0.0, status=0))
    return hub


def test_an_undisturbed_week_has_no_fault(hub: Hub) -> None:
    assert [*faults(NOTHING, hub, WEEK, WEEK)] == []


def test_documents_that_are_missing_foreign_or_different_are_faults(hub: Hub) -> None:
    found = {"raw/b.json": Document("{}\n", AT)}
    assert [*faults(NOTHING, hub, found, WEEK)] == [
        "raw/a.json is missing",
        "raw/b.json is not of the week",
    ]
    changed = {"raw/a.json": Document("[]\n", AT)}
    assert [*faults(NOTHING, hub, changed, WEEK)] == [
        "raw/a.json differs from that of the undisturbed week"
    ]


def test_a_document_that_was_written_again_is_a_fault(hub: Hub) -> None:
    journal = hub.folder / "host-1/machine/movies/logs/journal/20240107.log"
    journal.parent.mkdir(parents=True)
    journal.write_text(f'{{"event": "done", "file": "raw/a.json", "at": "{AT.isoformat()}"}}\n')
    assert [*faults(NOTHING, hub, WEEK, WEEK)] == []
    again = {"raw/a.json": Document("{}\n", AT + timedelta(seconds=5))}
    assert [*faults(NOTHING, hub, again, WEEK)] == [
        "raw/a.json was written again after it was done"
    ]


def test_only_the_disturbed_host_may_fail_and_only_with_a_sentence(hub: Hub) -> None:
    hub.runs[1].status = 30
    assert [*faults(KILLED, hub, WEEK, WEEK)] == []
    assert [*faults(NOTHING, hub, WEEK, WEEK)] == [
        "host 2 ended with 30, though the week is complete"
    ]
    hub.runs[1].output.write_text("", encoding="utf-8")
    assert [*faults(KILLED, hub, WEEK, WEEK)] == ["host 2 ended with 30 and no sentence"]
    hub.runs[1].output.write_text("Traceback (most recent call last):\n", encoding="utf-8")
    assert "host 2: a traceback" in [*faults(KILLED, hub, WEEK, WEEK)]
