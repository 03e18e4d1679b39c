"""HTTP services on loopback that receive what an unattended run sends: alerts and heartbeats."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any, Self

import pytest
from support.repository import TESTS

PASSWORD = "hunter2hunter2"
TOKEN = "s3cret-heartbeat-token"


class Service:
    """A service that answers each request, or holds its answers back while `hold` is not set."""

    def __init__(self) -> None:
        self.hold = threading.Event()
        self.hold.set()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                status = service.receive(self.path, self.rfile.read(length))
                service.hold.wait(30)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def receive(self, path: str, body: bytes) -> int:
        """Note a request and return the status of its answer."""
        raise NotImplementedError

    @contextlib.contextmanager
    def serving(self) -> Iterator[Self]:
        """Answer requests until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.hold.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class Receiver(Service):
    """The service behind PIPELINE_ALERT_URL: it keeps the alerts, and may refuse them."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.answer = 200
        self.url = f"json://operator:{PASSWORD}@127.0.0.1:{self.port}/"

    def receive(self, path: str, body: bytes) -> int:
        self.messages.append(json.loads(body))
        return self.answer

    @property
    def titles(self) -> list[str]:
        """The titles of the alerts without their dates."""
        return [message["title"].partition(" on ")[0] for message in self.messages]


class Switch(Service):
    """The service behind PIPELINE_HEARTBEAT_URL: it may refuse the first requests."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []
        self.refuses = 0
        self.url = f"http://127.0.0.1:{self.port}/ping/{TOKEN}"

    def receive(self, path: str, body: bytes) -> int:
        self.paths.append(path)
        return 503 if len(self.paths) <= self.refuses else 200


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A service that receives alerts."""
    with Receiver().serving() as receiver:
        yield receiver


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A service that receives heartbeats."""
    with Switch().serving() as switch:
        yield switch


@pytest.fixture
def fake_apprise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have alerts delivered by the fake Apprise, which spares each delivery 0.3 s of imports."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS / "support/fake_apprise"))
