"""The task history as the commands read it: what it holds, or a sentence why it cannot be had."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pipeline.errors import SettingsError
from pipeline.ops.scheduler.store import HistoryStore
from pipeline.ops.settings import history_url

NOT_SET = (
    "No task history is kept here: set PIPELINE_HISTORY_URL to postgresql://luigi:PASSWORD@HOST:"
    "5432/luigi, in the environment or .env, for luigid and for this command."
)


@contextlib.contextmanager
def opened() -> Iterator[HistoryStore]:
    """Open the history for reading.

    Raises:
        SettingsError: none is configured.
        StorageError: the database cannot be reached or read.
    """
    url = history_url()
    if url is None:
        raise SettingsError(NOT_SET, variable="PIPELINE_HISTORY_URL")
    store = HistoryStore(url)
    try:
        yield store
    finally:
        store.close()
