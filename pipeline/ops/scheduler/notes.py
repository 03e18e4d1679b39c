"""The notes of the scheduler, from which events are made later, in another thread.

Taking a note costs microseconds, on the scheduler's own thread. Decoding and redacting are left to
the thread that writes.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.ops.scheduler.events import LONGEST_REASON, Event
from pipeline.sanitize import plain
from pipeline.settings import redacted

_LONGEST_TEXT = 20_000
"""Characters of a reason that are looked at; the end of a traceback says the most."""

_LONGEST_ESCAPE = 6

_SENTENCE = re.compile(r"^pipeline\.errors\.\w+: (?P<sentence>.+)\Z", re.M | re.S)
"""The end of a traceback whose error is one of ours."""


@dataclass(frozen=True)
class Note:
    """An event in the scheduler's words."""

    task_id: str
    family: str
    params: Mapping[str, Any]
    host: str | None
    name: str
    at: datetime
    reason: str | None


def note_of(task: Any, name: str, at: datetime, host: str | None, reason: str | None) -> Note:
    """Return what is worth keeping of a luigi.scheduler.Task; its hidden parameters are not."""
    return Note(
        task_id=str(task.id),
        family=str(task.family or ""),
        params=dict(task.public_params),
        host=host,
        name=name,
        at=at,
        reason=reason and reason[-_LONGEST_TEXT:],
    )


def event_of(note: Note) -> Event:
    """Return the event, its texts free of secrets."""
    return Event(
        task_id=redacted(note.task_id),
        family=note.family,
        params={str(name): redacted(str(value)) for name, value in note.params.items()},
        host=None if note.host is None else str(note.host),
        name=note.name,
        at=note.at,
        reason=_reason(note.reason) if note.reason else None,
    )


def _reason(text: str) -> str | None:
    """Return a fault's sentence where it has one, else the end of its text."""
    decoded = plain(redacted(_decoded(text))).strip()
    sentence = _SENTENCE.search(decoded)
    reason = sentence["sentence"].strip() if sentence else decoded
    return reason if len(reason) <= LONGEST_REASON else f"…{reason[1 - LONGEST_REASON :]}"


def _decoded(text: str) -> str:
    """Return a worker's explanation as it was before luigi wrapped it as JSON.

    Where its beginning was cut off, maybe inside an escape, return as much as can be read.
    """
    for candidate in (text, *(f'"{text[start:]}' for start in range(_LONGEST_ESCAPE))):
        with contextlib.suppress(ValueError, RecursionError):
            decoded = json.loads(candidate, strict=False)
            return decoded if isinstance(decoded, str) else text
    return text
