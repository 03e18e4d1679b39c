"""Validate the values of arguments, so that luigi can process them.

Beyond its type a value is bounded, and a text is one that a page, a pickle and a database can keep.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from luigi import task_status

STATUSES = frozenset(
    value for name, value in vars(task_status).items() if name.isupper() and isinstance(value, str)
)

_ABOUT_A_WORKER = {"assistant", "first_task", "host", "pid", "salt", "sudo_user", "username"}
_POLICY = {"retry_count", "disable_hard_timeout", "disable_window"}
_MOST_NAMES = 1_000

Check = Callable[[Any], bool]


def _text(longest: int, shortest: int = 0) -> Check:
    """No NUL and no half of a surrogate pair either: no database would keep them."""

    def check(value: Any) -> bool:
        return (
            isinstance(value, str)
            and shortest <= len(value) <= longest
            and "\0" not in value
            and value.isprintable() | (longest > _MOST_NAMES)
            and not any("\ud800" <= each <= "\udfff" for each in value)
        )

    return check


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _one_of(allowed: frozenset[str]) -> Check:
    return lambda value: isinstance(value, str) and value in allowed


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _number(low: float, high: float) -> Check:
    def check(value: Any) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value) and low <= value <= high

    return check


def _whole(low: int, high: int) -> Check:
    number = _number(low, high)
    return lambda value: isinstance(value, int) and number(value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= _MOST_NAMES and all(map(_word, value))


def _table(values: Check) -> Check:
    def check(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and len(value) <= _MOST_NAMES
            and all(_word(name) and values(each) for name, each in value.items())
        )

    return check


def _policy(value: Any) -> bool:
    return _table(_optional(_whole(0, 10**9)))(value) and value.keys() <= _POLICY


def _worker_facts(value: Any) -> bool:
    """Pairs or a table: what luigi's worker tells of itself, and nothing that breaks the page."""
    try:
        facts = dict(value)
    except (TypeError, ValueError):
        return False
    processes = facts.pop("workers", 1)
    return (
        facts.keys() <= _ABOUT_A_WORKER
        and all(_optional(_fact)(each) for each in facts.values())
        and _whole(0, 10_000)(processes)
    )


def _fact(value: Any) -> bool:
    return _truth(value) or _word(value) or _whole(0, 10**18)(value)


def _address(value: Any) -> bool:
    try:
        return _word(value) and urlsplit(value).scheme in ("http", "https")
    except ValueError:
        return False


_word = _text(500, shortest=1)
_story = _text(1_000_000)

CHECKS: Mapping[str, Check] = {
    "accepts_messages": _optional(_truth),
    "assistant": _truth,
    "batch_id": _optional(_word),
    "batchable": _optional(_truth),
    "current_tasks": _optional(_names),
    "deps": _optional(_names),
    "expl": _optional(_story),
    "family": _text(128),
    "host": _optional(_word),
    "include_done": _truth,
    "include_running": _truth,
    "info": _worker_facts,
    "limit": _truth,
    "max_shown_tasks": _optional(_whole(0, 10**6)),
    "module": _optional(_word),
    "new_deps": _optional(_names),
    "owners": _optional(_names),
    "param_visibilities": _optional(_table(_whole(0, 2))),
    "params": _optional(_table(_text(500))),
    "priority": _number(-1e6, 1e6),
    "progress_percentage": _optional(_number(0, 100)),
    "resources": _optional(_table(_whole(0, 10**6))),
    "retry_policy_dict": _optional(_policy),
    "runnable": _optional(_truth),
    "search": _optional(_text(500)),
    "statistics": lambda value: isinstance(value, dict),
    "status": _one_of(STATUSES | {""}),
    "status_message": _optional(_text(10_000)),
    "task_family": _word,
    "task_id": _optional(_word),
    "task_name": _word,
    "task_str": _text(500),
    "tracking_url": _optional(_address),
    "upstream_status": _text(50),
    "worker": _word,
}
"""Argument -> whether luigi can live with such a value; the same in all calls that have it."""
