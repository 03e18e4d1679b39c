"""The bare concurrent client: the week's 140 pages by `requests`, 16 threads, at the same pace.

No files, no checks, no retries: the least that a client of this kind can do. Prints how many movies
it saw.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from week import CONNECTIONS, Pace, requests_of_the_week

session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
pace, lock = Pace(), threading.Lock()


def page(request: tuple[str, dict[str, str]]) -> int:
    """Wait for this request's turn, ask, and count the movies."""
    url, query = request
    with lock:
        pause = pace.pause(time.monotonic())
    time.sleep(pause)
    answer = session.get(url, params=query, timeout=15)
    answer.raise_for_status()
    return len(answer.json()["results"])


if __name__ == "__main__":
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        print(sum(pool.map(page, requests_of_the_week())))
