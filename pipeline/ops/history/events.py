"""The events of the history, as the scheduler reports them and as the tables can hold them."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from pipeline.sanitize import plain
from pipeline.settings import redacted

# Characters of a failure's reason that are kept.
MAX_REASON = 2_000
_MAX_VALUE = 10_000
# The lengths of luigi's columns.
_MAX_TASK_ID, _MAX_NAME = 200, 128
# The end of a traceback whose error is one of the pipeline.
_SENTENCE = re.compile(r"^pipeline\.errors\.\w+: (?P<sentence>.+)\Z", re.M | re.S)


class Event(msgspec.Struct, frozen=True):
    """One thing that happened to a task; task, name and instant together are its identity."""

    task_id: str
    family: str
    params: dict[str, str]
    host: str | None
    name: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    reason: str | None = None


def storable_event(event: Event) -> Event:
    """Return the event without secrets, its texts cut to what the tables can hold."""
    params = {
        name_key(name): _storable(redacted(str(value)))[:_MAX_VALUE]
        for name, value in event.params.items()
    }
    return msgspec.structs.replace(
        event,
        task_id=task_key(redacted(event.task_id)),
        family=name_key(event.family),
        params=params,
        host=None if event.host is None else name_key(str(event.host)),
        reason=_reason(event.reason) if event.reason else None,
    )


def naive_utc(at: datetime) -> datetime:
    """Return an instant as the tables hold it."""
    return at.astimezone(UTC).replace(tzinfo=None)


def task_key(task_id: str) -> str:
    """Return a task's id as its column holds it: luigi's hash at its end identifies the task."""
    text = _storable(task_id)
    return text if len(text) <= _MAX_TASK_ID else text[: _MAX_TASK_ID - 11] + text[-11:]


def name_key(name: str) -> str:
    """Return the name of a family, parameter or host as its column holds it."""
    return _storable(name)[:_MAX_NAME]


def explanation(story: str) -> str:
    """Return a worker's explanation without secrets, as it was before luigi wrapped it as JSON."""
    try:
        decoded = json.loads(story, strict=False)
    except (ValueError, RecursionError):
        decoded = story
    return plain(redacted(decoded if isinstance(decoded, str) else story))


def _reason(story: str) -> str:
    """Return the sentence of an error of the pipeline, else the end of the explanation."""
    reason = _storable(explanation(story).strip())
    if sentence := _SENTENCE.search(reason):
        reason = sentence["sentence"].strip()
    return reason if len(reason) <= MAX_REASON else f"…{reason[1 - MAX_REASON :]}"


def _storable(text: str) -> str:
    """Return the text without what PostgreSQL refuses: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "backslashreplace").decode("utf-8")
