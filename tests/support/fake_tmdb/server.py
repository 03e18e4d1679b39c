"""The fake itself: it answers requests, and tests inspect it afterwards."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Self

from support.fake_tmdb.admission import CredentialCheck, TokenBucket
from support.fake_tmdb.catalogue import (
    MAX_PAGE,
    Catalogue,
    MakeRows,
    api_path,
    error_document,
    page_number,
)
from support.fake_tmdb.connections import Connection
from support.fake_tmdb.content_faults import too_many_reply
from support.fake_tmdb.exchange import Exchange
from support.fake_tmdb.faults import Fault, Schedule
from support.fake_tmdb.listener import Listener
from support.fake_tmdb.request_log import Request, RequestLog
from support.fake_tmdb.wire import (
    IncomingRequest,
    InvalidRequestError,
    Reply,
    json_reply,
    read_request,
)

from pipeline.demo.response import error

_NO_FAULT = Fault("none")
_INVALID_KEY = 7

ChooseFault = Callable[[str, Mapping[str, str]], Fault | None]
"""(path such as "/movie/popular", query) -> a fault for this request, or None."""

Answer = Callable[[str, Mapping[str, str]], Reply]
"""(path such as "/3/movie/popular", query) -> the reply without a fault."""


class FakeTmdb:
    """A fake TMDB on 127.0.0.1, until the end of the `with` block.

    An `address` of "0.0.0.0" is for a network namespace, which other machines do not reach.
    The rate limit is checked first, then the credential. Only admitted requests get faults.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        limit: float | None = 40,
        latency: float = 0.0,
        total_pages: int = MAX_PAGE,
        repeat_last_on_next_page: bool = False,
        low_ratings: bool = False,
        rows: MakeRows | None = None,
        choose_fault: ChooseFault | None = None,
        answer: Answer | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self._credential = CredentialCheck(key)
        self._limit = limit
        self._bucket = TokenBucket(limit)
        self._latency = latency
        catalogue = Catalogue(total_pages, repeat_last_on_next_page, low_ratings, rows)
        self._answer = answer or (lambda path, query: json_reply(*catalogue.answer(path, query)))
        self._schedule = Schedule()
        self._choose_fault = choose_fault
        self._log = RequestLog()
        self._listener = Listener(self._serve, address)
        self._errors: list[Exception] = []
        self.url, self.port = "", 0

    def __enter__(self) -> Self:
        self.port = self._listener.start()
        self.url = f"http://127.0.0.1:{self.port}/3"
        return self

    def __exit__(self, kind: object, _error: object, _trace: object) -> None:
        self._listener.stop()
        if self._errors and kind is None:
            raise ExceptionGroup("errors in the fake or in the code of the test", self._errors)

    def fail(
        self,
        fault: Fault,
        path: str | None = None,
        page: int | None = None,
        times: int | None = 1,
        query: Mapping[str, str] | None = None,
    ) -> None:
        """Schedule a fault for the next `times` matching requests, or for all with None.

        `query` are parameters that a request must have, such as `{"with_genres": "27"}`.
        """
        self._schedule.add(fault, path, page, query or {}, times)

    def clear_faults(self) -> None:
        """Remove all scheduled faults."""
        self._schedule.clear()
        self._listener.pending_resets = 0

    def reset_next_connections(self, number: int) -> None:
        """Reset a number of the next connections as soon as they are accepted."""
        self._listener.pending_resets += number

    def vanish(self) -> None:
        """Close all connections and refuse new ones, as a crashed server."""
        self._listener.vanish()

    @property
    def requests(self) -> list[Request]:
        """All requests so far, in the order of their responses."""
        return self._log.requests

    def count(self, path: str | None = None) -> int:
        """Return the number of requests to a path, including refused and failed ones."""
        return len(self._requests_to(path))

    def pages(self, path: str) -> list[int]:
        """Return the requested pages, sorted; a page that was requested twice is included twice."""
        pages = (page_number(request.query) for request in self._requests_to(path))
        return sorted(page for page in pages if page is not None)

    @property
    def refusals(self) -> int:
        """The number of requests that the rate limit refused, without scheduled faults."""
        return self._log.refusals

    @property
    def connections(self) -> int:
        """The number of connections so far."""
        return self._listener.open.opened

    @property
    def peak_connections(self) -> int:
        """The maximum number of connections open at the same time."""
        return self._listener.open.peak

    @property
    def peak_in_flight(self) -> int:
        """The maximum number of requests in flight at the same time."""
        return self._log.peak_in_flight

    def _requests_to(self, path: str | None) -> list[Request]:
        if path is None:
            return self.requests
        return [each for each in self.requests if api_path(each.path) == api_path(path)]

    def _serve(self, connection: Connection) -> None:
        """Serve a connection until it is closed; a client that closes it is no error."""
        try:
            with contextlib.suppress(OSError):
                self._serve_each(connection)
        except Exception as error:
            self._errors.append(error)
        finally:
            connection.hang_up()

    def _serve_each(self, connection: Connection) -> None:
        while connection.keep_alive:
            try:
                request = read_request(connection.stream)
            except InvalidRequestError:
                connection.sock.sendall(Reply(400, b"", {"Connection": "close"}).encode())
                return
            if request is None:
                return
            self._respond(connection, request)

    def _respond(self, connection: Connection, request: IncomingRequest) -> None:
        at = time.monotonic()
        self._log.start()
        exchange = Exchange(connection, self._listener.stopping, self._log.end)
        try:
            fault, reply = self._decide(request, at)
            self._log.add(
                Request(
                    at=at,
                    method=request.method,
                    path=request.path,
                    query=request.query,
                    headers=request.headers,
                    status=None if fault.silent else reply.status,
                    connection=connection.number,
                )
            )
            connection.keep_alive = request.keep_alive
            exchange.sleep(self._latency)
            fault.deliver(exchange, reply)
        finally:
            exchange.end()

    def _decide(self, request: IncomingRequest, at: float) -> tuple[Fault, Reply]:
        """Return the fault and the reply. The code of a test (rows, edit) can raise here."""
        refused = self._refuse(request, at)
        if refused is not None:
            return _NO_FAULT, refused
        fault = self._schedule.take(request)
        if fault is None and self._choose_fault:
            fault = self._choose_fault(api_path(request.path), request.query)
        fault = fault or _NO_FAULT
        try:
            return fault, fault.change(self._answer(request.path, request.query))
        except Exception as error:
            self._errors.append(error)
            return _NO_FAULT, json_reply(500, error_document(11, f"Internal error: {error!r}"))

    def _refuse(self, request: IncomingRequest, at: float) -> Reply | None:
        if self._limit is not None and not self._bucket.take(at):
            self._log.add_refusal()
            return too_many_reply(self._limit)
        if not self._credential.accepts(request.query, request.headers):
            return json_reply(*error(_INVALID_KEY))
        if request.method != "GET":
            return json_reply(405, error_document(4, "This service doesn't exist in that format."))
        return None
