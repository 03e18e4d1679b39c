"""Chance that never changes: everything random here is a hash of what it is about.

A hash needs no order of calls, so a page can be made alone, in any process, and come out the same.
Only plain arithmetic is used on top of it; the results do not depend on the interpreter.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Item = TypeVar("Item")


def _number(key: tuple[object, ...], size: int) -> int:
    text = ":".join(map(str, key))
    return int.from_bytes(blake2b(text.encode(), digest_size=size).digest(), "big")


def share(*key: object) -> float:
    """A number in [0, 1) that belongs to this key for ever."""
    return _number(key, 6) / 2**48


def wave(day: int, period: int, *key: object) -> float:
    """A slow wave in [-1, 1]: a new target every `period` days, approached smoothly.

    `day` is a proleptic ordinal. Neighbouring days differ by at most about 3 / period.
    """
    step, inside = divmod(day, period)
    start, end = share(*key, step), share(*key, step + 1)
    along = inside / period
    eased = along * along * (3 - 2 * along)
    return 2 * (start + (end - start) * eased) - 1


class Draws:
    """A handful of picks that all follow from one key."""

    def __init__(self, *key: object) -> None:
        """Start the draws that belong to this key."""
        self._left = _number(key, 32)

    def below(self, count: int) -> int:
        """The next whole number in [0, count)."""
        self._left, drawn = divmod(self._left, count)
        return drawn

    def pick(self, items: Sequence[Item]) -> Item:
        """The next item out of a sequence."""
        return items[self.below(len(items))]
