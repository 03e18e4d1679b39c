"""Tests against a real luigid: the stock one and the hardened one, shared by all tests of a worker.

A test that shares one adds tasks of days that no other test uses, and leaves it as it was. A test
that breaks, restarts or configures a luigid starts one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_history import FakeHistory
from support.luigid_process import PASSWORD, Luigid, our_luigid, plain_luigid

from pipeline.ops.luigid.scheduler import PipelineScheduler


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luigid]:
    """The luigid that luigi brings."""
    with plain_luigid(tmp_path_factory.mktemp("plain")) as luigid:
        yield luigid


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luigid]:
    """The hardened luigid."""
    with our_luigid(tmp_path_factory.mktemp("ours"), "--allow-host", "luigid") as luigid:
        yield luigid


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luigid]:
    """The hardened luigid with a password."""
    folder = tmp_path_factory.mktemp("locked")
    with our_luigid(folder, PIPELINE_LUIGID_PASSWORD=PASSWORD) as luigid:
        yield luigid


@pytest.fixture
def history() -> FakeHistory:
    return FakeHistory()


@pytest.fixture
def scheduler(history: FakeHistory, tmp_path: Path) -> PipelineScheduler:
    return PipelineScheduler(history, tmp_path / "state/luigid.pickle", keeps_history=True)
