"""The limit to compare with: the week's 140 pages in a bare concurrent loop, at the same pace.

No files, no checks, no retries: `requests`, 16 threads, a token bucket in memory. Reads the same
variables as the pipeline; prints how many films it saw.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

GENRES = (28, 35, 18, 27, 10749, 878, 53, 16)
URL = os.environ["TMDB_API_URL"]
KEY = os.environ["TMDB_API_KEY"]
RATE = float(os.environ.get("TMDB_REQUESTS_PER_SECOND", "38"))

session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16, pool_block=True))
lock = threading.Lock()
full_at = 0.0


def pace() -> None:
    global full_at
    with lock:
        now = time.monotonic()
        full_at = max(full_at, now) + 1 / RATE
        pause = full_at - 1 / RATE - (RATE - 1) / RATE - now
    time.sleep(max(0.0, pause))


def page(request: tuple[str, dict[str, str]]) -> int:
    path, parameters = request
    pace()
    query = {"api_key": KEY, "language": "ko-KR", "region": "KR", **parameters}
    answer = session.get(URL + path, params=query, timeout=15)
    answer.raise_for_status()
    return len(answer.json()["results"])


def week() -> list[tuple[str, dict[str, str]]]:
    genres = [
        ("/discover/movie", {"with_genres": str(genre), "page": str(number)})
        for genre in GENRES
        for number in range(1, 16)
    ]
    return genres + [("/movie/top_rated", {"page": str(number)}) for number in range(1, 21)]


if __name__ == "__main__":
    with ThreadPoolExecutor(16) as pool:
        print(sum(pool.map(page, week())))
