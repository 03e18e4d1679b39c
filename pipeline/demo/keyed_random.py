"""Reproducible random values: each is computed from a hash of its key.

No value depends on the order of calls, so a page can be built alone, in any process. Only simple
arithmetic follows the hash, so the results do not depend on the Python version.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Item = TypeVar("Item")


def _hash_number(key: tuple[object, ...], size_bytes: int) -> int:
    text = ":".join(map(str, key))
    return int.from_bytes(blake2b(text.encode(), digest_size=size_bytes).digest(), "big")


def uniform(*key: object) -> float:
    """Return the number in [0, 1) that belongs to the key."""
    return _hash_number(key, 6) / 2**48


def smooth_noise(day: int, period_days: int, *key: object) -> float:
    """Return smooth noise in [-1, 1] that approaches a new random value every `period_days`.

    `day` is a proleptic ordinal. Neighbouring days differ by at most about 3 / period_days.
    """
    step, offset = divmod(day, period_days)
    start, end = uniform(*key, step), uniform(*key, step + 1)
    progress = offset / period_days
    smoothstep = progress * progress * (3 - 2 * progress)
    return 2 * (start + (end - start) * smoothstep) - 1


class KeyedRandom:
    """A short sequence of random choices that is determined by one key."""

    def __init__(self, *key: object) -> None:
        """Start the sequence of the key."""
        self._state = _hash_number(key, 32)

    def randbelow(self, limit: int) -> int:
        """Return the next integer in [0, limit)."""
        self._state, number = divmod(self._state, limit)
        return number

    def choice(self, items: Sequence[Item]) -> Item:
        """Return the next random item of a sequence."""
        return items[self.randbelow(len(items))]
