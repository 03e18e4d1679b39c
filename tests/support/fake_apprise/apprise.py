"""A fake Apprise of one service, JSON over HTTP, without the time that loading a hundred takes.

A delivery finds it instead of the real one where this folder is in PYTHONPATH.
"""

from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlsplit


class Apprise:
    """The addresses of a delivery."""

    def __init__(self) -> None:
        self._services: list[JsonService] = []

    def add(self, urls: str) -> None:
        """Add the addresses of a text that are understood."""
        for url in re.findall(r"json://[^\s,]+", urls):
            self._services.append(JsonService(url))

    def __len__(self) -> int:
        return len(self._services)

    def __iter__(self) -> object:
        return iter(self._services)


class JsonService:
    """An address like json://user:password@host:port/."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._address = parts.hostname, parts.port

    def notify(self, body: str, title: str) -> bool:
        """Send one message; return whether the service accepted it."""
        content = json.dumps({"title": title, "message": body}).encode()
        request = b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(content)
        try:
            with socket.create_connection(self._address, timeout=20) as connection:
                connection.sendall(request + content)
                return connection.makefile("rb").readline().split()[1:2] == [b"200"]
        except OSError:
            return False
