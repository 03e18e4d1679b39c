"""Tests against a real PostgreSQL: its databases, empty and with a history."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from support.backup_runs import root, write_history
from support.postgres import Postgres

from pipeline.ops.history.store import HistoryStore
from pipeline.tmdb.credential import Secret

__all__ = ["root"]


@pytest.fixture
def tables_database(history_database: str, history_url: str) -> str:
    """A database with the tables of the history and no rows."""
    with contextlib.closing(HistoryStore(Secret(history_url))) as store:
        store.create_schema()
    return history_database


@pytest.fixture
def tables_url(postgres: Postgres, tables_database: str) -> str:
    """The URL of `tables_database`."""
    return postgres.url(tables_database)


@pytest.fixture
def store(tables_url: str) -> Iterator[HistoryStore]:
    """A history without rows."""
    with contextlib.closing(HistoryStore(Secret(tables_url))) as store:
        yield store


@pytest.fixture
def recorded_database(history_database: str, history_url: str) -> str:
    """A database with the runs of `write_history`."""
    write_history(history_url).close()
    return history_database


@pytest.fixture
def recorded_url(postgres: Postgres, recorded_database: str) -> str:
    """The URL of `recorded_database`."""
    return postgres.url(recorded_database)


@pytest.fixture
def another_database(postgres: Postgres) -> Iterator[str]:
    """An empty database beside that of the test."""
    with postgres.lent_database() as name:
        yield name
