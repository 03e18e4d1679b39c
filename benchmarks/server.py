"""The API of the benchmarks: the demo catalogue behind the tests' fake TMDB, in its own process.

100 ms an answer and a bucket of 40 requests that refills at 40 a second, so that the 140 pages of a
week cannot take less than 2.6 s, and the 6 pages of a day not less than 0.1 s.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from support.fake_tmdb import FakeTmdb
from support.fake_tmdb.wire import Reply

from pipeline import demo
from pipeline.clock import today

KEY = "00112233445566778899aabbccddeeff"
LATENCY_SECONDS = 0.1
A_SECOND = 40
GENRES = (28, 35, 18, 27, 10749, 878, 53, 16)
REFILL_SECONDS = 1.5
"""After that long without requests the bucket is full again, with a margin."""


@dataclass(frozen=True)
class Api:
    """The running API: its address, and the connection to its process."""

    url: str
    _process: Connection

    @property
    def environment(self) -> dict[str, str]:
        """What a contender needs to know."""
        return {"TMDB_API_URL": self.url, "TMDB_API_KEY": KEY}

    def refusals(self) -> int:
        """How many requests were too fast since it was started."""
        return self._counts()[1]

    def requests(self) -> int:
        """How many requests came since it was started, refused ones included."""
        return self._counts()[0]

    def refill(self) -> None:
        """Wait until the next contender finds a full bucket."""
        time.sleep(REFILL_SECONDS)

    def _counts(self) -> tuple[int, int]:
        self._process.send("counts")
        requests, refusals = self._process.recv()
        return requests, refusals


def limit_seconds(requests: int) -> float:
    """Return the least time in which that many requests can be answered."""
    return max(0, requests - A_SECOND) / A_SECOND + LATENCY_SECONDS


@contextlib.contextmanager
def serving() -> Iterator[Api]:
    """Serve within the block."""
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe()
    process = processes.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Api(ours.recv(), ours)
    finally:
        ours.close()
        process.join()


def _serve(connection: Connection) -> None:
    """Serve until the other end is closed; answer each message with the counts so far."""
    _fill_caches()
    with FakeTmdb(limit=A_SECOND, latency=LATENCY_SECONDS, answer=demo_answer) as tmdb:
        connection.send(tmdb.url)
        with contextlib.suppress(EOFError):
            while connection.recv():
                connection.send((tmdb.count(), tmdb.refusals))


def _fill_caches() -> None:
    """Sort the lists before the first request, which would be slower than the others."""
    query = {"region": "KR", "sort_by": "popularity.desc"}
    for path in ("/3/movie/popular", "/3/movie/top_rated", "/3/trending/movie/day"):
        demo_answer(path, query)
    for genre in GENRES:
        demo_answer("/3/discover/movie", query | {"with_genres": str(genre)})


def demo_answer(path: str, query: Mapping[str, str]) -> Reply:
    """Answer from the demo catalogue of today."""
    response = demo.answer(path.removeprefix("/3"), query, day=today())
    return Reply(response.status, response.body, response.headers)
