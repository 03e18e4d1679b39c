"""Headless Chromium, driven over its own protocol: open a page, run a line of script in it."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import WebSocketClientConnection, websocket_connect

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,1000",
    "--remote-debugging-port=0",
)


BROKEN_WORDS = """
[...document.querySelectorAll("SELECTOR")].flatMap(element => {
  const found = [];
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const parent = text.parentElement;
    if (!parent.offsetParent || parent.closest(".sr, time, details:not([open]) > :not(summary)")) {
      continue;
    }
    for (const word of text.data.matchAll(/[\\p{L}\\d,.]{2,12}(?![^\\s])/gu)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(each => each.top)).size > 1) found.push(word[0]);
    }
  }
  return found;
})
"""
"""A script that returns the short words that are broken over two lines, in a SELECTOR."""


class Page:
    """A tab."""

    def __init__(self, runner: asyncio.Runner, socket: WebSocketClientConnection) -> None:
        self._runner = runner
        self._socket = socket
        self._numbers = itertools.count(1)

    def open(self, url: str) -> None:
        """Go to an address and wait until it is loaded."""
        self._send("Page.navigate", url=url)
        self.wait_for(f"location.href.startsWith({json.dumps(url)})")
        self.wait_for("document.readyState === 'complete'")

    def evaluate(self, script: str) -> Any:
        """Run an expression in the page and return its value."""
        answer = self._send("Runtime.evaluate", expression=script, returnByValue=True)
        return answer.get("result", {}).get("value")

    def wait_for(self, script: str, seconds: float = 15) -> Any:
        """Wait until the expression is true and return its value."""
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(script)):
            assert time.monotonic() < deadline, f"{script} stayed {value!r}"
            time.sleep(0.05)
        return value

    def screenshot(self, path: Path) -> None:
        """Save what is to be seen."""
        path.write_bytes(base64.b64decode(self._send("Page.captureScreenshot")["data"]))

    def _send(self, method: str, **params: Any) -> Any:
        return self._runner.run(self._exchange(method, params))

    async def _exchange(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self._numbers)
        request = json.dumps({"id": number, "method": method, "params": params})
        await self._socket.write_message(request)
        while True:
            answer = json.loads(await self._socket.read_message() or "{}")
            if answer.get("id") == number:
                return answer.get("result", {})  # none of a page that was left meanwhile


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser with one empty tab; the test skips, saying so, where none is installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("no Chromium is installed")
    profile = folder / "profile"
    process = subprocess.Popen(
        [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        env={**os.environ, "TMPDIR": "/tmp"},  # its socket's path has to be short
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with asyncio.Runner() as runner:
            socket = runner.run(_connect(_tab(profile / "DevToolsActivePort")))
            try:
                yield Page(runner, socket)
            finally:
                process.terminate()
                runner.run(_hear_out(socket))
    finally:
        process.kill()
        process.wait()


async def _hear_out(socket: WebSocketClientConnection) -> None:
    while await socket.read_message() is not None:
        pass
    socket.close()


async def _connect(url: str) -> WebSocketClientConnection:
    return await websocket_connect(url, max_message_size=50_000_000)


def _tab(port_file: Path) -> str:
    deadline = time.monotonic() + 30
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            port = port_file.read_text().split()[0]
            with opener.open(f"http://127.0.0.1:{port}/json/list") as answer:
                tabs = json.load(answer)
            return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
        except (OSError, IndexError, StopIteration):
            assert time.monotonic() < deadline, "Chromium did not start"
            time.sleep(0.05)
