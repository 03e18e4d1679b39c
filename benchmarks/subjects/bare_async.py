"""The bare concurrent client again, by `aiohttp`: 16 connections, at the same pace.

Needs an interpreter that has aiohttp; `suite.py` makes one below `.bench`.
"""

from __future__ import annotations

import asyncio
import time

import aiohttp
from week import CONNECTIONS, Pace, requests_of_the_week

pace = Pace()


async def page(session: aiohttp.ClientSession, url: str, query: dict[str, str]) -> int:
    """Wait for this request's turn, ask, and count the movies."""
    await asyncio.sleep(pace.pause(time.monotonic()))
    async with session.get(url, params=query) as answer:
        answer.raise_for_status()
        return len((await answer.json())["results"])


async def week() -> int:
    """Ask for all pages; the pool of connections keeps to its limit by itself."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        pages = (page(session, url, query) for url, query in requests_of_the_week())
        return sum(await asyncio.gather(*pages))


if __name__ == "__main__":
    print(asyncio.run(week()))
