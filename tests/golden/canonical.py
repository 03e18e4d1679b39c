"""The canonical form of a document: equal for two runs over the same movies. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

CLOCK_AND_EFFORT = (
    *("collected_at", "duration_seconds", "requests", "retries", "bytes_received"),
    *("run_id", "start_time", "end_time", "duration_minutes"),
    *("task", "started_at", "ended_at", "seconds", "attempts"),
)
"""The keys in which two runs over the same movies may differ; docs/reliability.md lists them.

`task` is among them because the summary lists the tasks in the order in which Luigi ran them.
"""

ENGLISH_TEXTS = (
    "checks[].description",
    "checks[].evidence[].finding",
    "common_issues[].description",
)
"""The texts that may be worded differently. `[]` stands for each item of an array."""

_IGNORED = tuple(f".{path}" for path in (*CLOCK_AND_EFFORT, *ENGLISH_TEXTS))


def canonical(text: str) -> str:
    """Return a JSON document in its canonical form.

    The values of ignored keys are null, because such a key has to stay where it is. All else is
    kept, the order of keys included. White space and the spelling of a number are not compared.
    """
    return json.dumps(_without_ignored(json.loads(text), ""), indent=2, ensure_ascii=False) + "\n"


def checksum(text: str) -> str:
    """Return the SHA-256 of the canonical form of a JSON document, in hexadecimal."""
    return hashlib.sha256(canonical(text).encode()).hexdigest()


def _without_ignored(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        paths = {key: f"{path}.{key}" for key in value}
        return {
            key: None if paths[key].endswith(_IGNORED) else _without_ignored(each, paths[key])
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_without_ignored(each, f"{path}[]") for each in value]
    return value
