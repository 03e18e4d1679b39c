"""The fake itself: how a request is answered, and what a test may ask of it afterwards."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Self

from support.fake_tmdb.catalogue import (
    LAST_PAGE_ALLOWED,
    Catalogue,
    RowsOf,
    below_base,
    page_of,
    refusal,
)
from support.fake_tmdb.connections import Connection
from support.fake_tmdb.exchange import Exchange
from support.fake_tmdb.faults import Fault, Schedule
from support.fake_tmdb.faults_of_content import too_many_reply
from support.fake_tmdb.gates import CredentialCheck, TokenBucket
from support.fake_tmdb.ledger import Ledger, Request
from support.fake_tmdb.listener import Listener
from support.fake_tmdb.wire import Asked, BadRequestError, Reply, json_reply, read_request

from pipeline.demo.response import error

_NO_FAULT = Fault("none")
_INVALID_KEY = 7

Chance = Callable[[str, Mapping[str, str]], Fault | None]
"""(path such as "/movie/popular", query) -> what befalls this request, if anything."""

Answer = Callable[[str, Mapping[str, str]], Reply]
"""(path such as "/3/movie/popular", query) -> the reply without a fault."""


class FakeTmdb:
    """TMDB on 127.0.0.1 for as long as the `with` lasts.

    The rate limit is looked at first, then the credential: faults befall only what passes both.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        limit: float | None = 40,
        latency: float = 0.0,
        total_pages: int = LAST_PAGE_ALLOWED,
        repeat_last_on_next_page: bool = False,
        low_ratings: bool = False,
        rows: RowsOf | None = None,
        chance: Chance | None = None,
        answer: Answer | None = None,
    ) -> None:
        self._credential = CredentialCheck(key)
        self._limit = limit
        self._bucket = TokenBucket(limit)
        self._latency = latency
        catalogue = Catalogue(total_pages, repeat_last_on_next_page, low_ratings, rows)
        self._answer = answer or (lambda path, query: json_reply(*catalogue.answer(path, query)))
        self._schedule = Schedule()
        self._chance = chance
        self._ledger = Ledger()
        self._listener = Listener(self._serve)
        self._errors: list[Exception] = []
        self.url = ""

    def __enter__(self) -> Self:
        self.url = f"http://127.0.0.1:{self._listener.start()}/3"
        return self

    def __exit__(self, kind: object, _error: object, _trace: object) -> None:
        self._listener.stop()
        if self._errors and kind is None:
            raise ExceptionGroup("inside the fake, by its own code or by the test's", self._errors)

    def fail(
        self,
        fault: Fault,
        path: str | None = None,
        page: int | None = None,
        times: int | None = 1,
        query: Mapping[str, str] | None = None,
    ) -> None:
        """Schedules a fault for matching requests: `times` of them, or always with None.

        `query` names parameters that must be there, as in `{"with_genres": "27"}`.
        """
        self._schedule.add(fault, path, page, query or {}, times)

    def mend(self) -> None:
        """Forgets every fault that is still to come."""
        self._schedule.clear()
        self._listener.resets_to_come = 0

    def reset_next_connections(self, number: int) -> None:
        """Resets so many of the next connections as soon as they are accepted."""
        self._listener.resets_to_come += number

    def vanish(self) -> None:
        """Ends every connection and refuses new ones, as a server does that has died."""
        self._listener.vanish()

    @property
    def requests(self) -> list[Request]:
        """All so far, in the order in which they were answered."""
        return self._ledger.requests

    def count(self, path: str | None = None) -> int:
        """Requests to a path, refused and failed ones too."""
        return len(self._asked_of(path))

    def pages(self, path: str) -> list[int]:
        """The pages asked for, sorted; one asked for twice stands there twice."""
        pages = (page_of(request.query) for request in self._asked_of(path))
        return sorted(page for page in pages if page is not None)

    @property
    def refusals(self) -> int:
        """Requests refused by the rate limit; a scheduled `too_many` is none."""
        return self._ledger.refusals

    @property
    def connections(self) -> int:
        """Connections ever opened."""
        return self._listener.open.opened

    @property
    def peak_connections(self) -> int:
        """Most connections open at the same time."""
        return self._listener.open.peak

    @property
    def peak_in_flight(self) -> int:
        """Most requests waiting for the end of their answer at the same time."""
        return self._ledger.peak_in_flight

    def _asked_of(self, path: str | None) -> list[Request]:
        if path is None:
            return self.requests
        return [one for one in self.requests if below_base(one.path) == below_base(path)]

    def _serve(self, connection: Connection) -> None:
        """A connection from its first request to its end; a client that leaves is no error."""
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
                asked = read_request(connection.stream)
            except BadRequestError:
                connection.sock.sendall(Reply(400, b"", {"Connection": "close"}).whole())
                return
            if asked is None:
                return
            self._respond(connection, asked)

    def _respond(self, connection: Connection, asked: Asked) -> None:
        at = time.monotonic()
        self._ledger.entered()
        exchange = Exchange(connection, self._listener.stopping, self._ledger.left)
        try:
            fault, reply = self._decide(asked, at)
            self._ledger.note(
                Request(
                    at=at,
                    method=asked.method,
                    path=asked.path,
                    query=asked.query,
                    headers=asked.headers,
                    status=None if fault.silent else reply.status,
                    connection=connection.number,
                )
            )
            connection.keep_alive = asked.keep_alive
            exchange.sleep(self._latency)
            fault.deliver(exchange, reply)
        finally:
            exchange.over()

    def _decide(self, asked: Asked, at: float) -> tuple[Fault, Reply]:
        """What is answered, and how it travels. A test's own code (rows, edit) may raise here."""
        refused = self._refuse(asked, at)
        if refused is not None:
            return _NO_FAULT, refused
        fault = self._schedule.take(asked)
        if fault is None and self._chance:
            fault = self._chance(below_base(asked.path), asked.query)
        fault = fault or _NO_FAULT
        try:
            return fault, fault.change(self._answer(asked.path, asked.query))
        except Exception as error:
            self._errors.append(error)
            return _NO_FAULT, json_reply(500, refusal(11, f"Internal error: {error!r}"))

    def _refuse(self, asked: Asked, at: float) -> Reply | None:
        if self._limit is not None and not self._bucket.take(at):
            self._ledger.refused()
            return too_many_reply(self._limit)
        if not self._credential.accepts(asked.query, asked.headers):
            return json_reply(*error(_INVALID_KEY))
        if asked.method != "GET":
            return json_reply(405, refusal(4, "This service doesn't exist in that format."))
        return None
