"""The API of the benchmarks: the catalogue alone on a loopback port, in a process of its own.

100 ms an answer and a bucket of 40 requests that refills at 40 a second, so that the 140 pages of a
week cannot take less than 2.6 s, and the 6 pages of a day not less than 0.1 s.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

KEY = "00112233445566778899aabbccddeeff"
LATENCY_SECONDS = 0.1
A_SECOND = 40
REFILL_SECONDS = 1.5
"""After that long without requests the bucket is full again, with a margin."""


@dataclass(frozen=True)
class Api:
    """Where the API is, in the words of TMDB_API_URL."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a contender needs to know."""
        return {"TMDB_API_URL": self.url, "TMDB_API_KEY": KEY}

    def refusals(self) -> int:
        """How many requests were too fast since it was started."""
        return int(self._stats()["refusals"])

    def requests(self) -> int:
        """How many requests came since it was started, refused ones included."""
        return int(self._stats()["requests"])

    def refill(self) -> None:
        """Wait until the next contender finds a full bucket."""
        time.sleep(REFILL_SECONDS)

    def _stats(self) -> dict[str, int]:
        with urllib.request.urlopen(self.url.removesuffix("/3") + "/stats") as answer:
            stats: dict[str, int] = json.load(answer)
        return stats


def limit_seconds(requests: int) -> float:
    """Return the least time in which that many requests can be answered."""
    return max(0, requests - A_SECOND) / A_SECOND + LATENCY_SECONDS


@contextlib.contextmanager
def serving() -> Iterator[Api]:
    """Serve within the block."""
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "pipeline.demo", "--port", "0"),
            *("--latency-ms", f"{LATENCY_SECONDS * 1000:.0f}"),
            *("--requests-per-second", str(A_SECOND)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        yield Api(server.stdout.readline().split()[-1])
    finally:
        server.terminate()
        server.wait()
