"""The pages below /history as a browser gets them."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import select
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import luigi.server
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web
from support.ports import free_port
from support.postgres import PASSWORD, Postgres

from pipeline.ops.history.pages import handlers
from pipeline.ops.history.store import Event, HistoryStore
from pipeline.tmdb.credential import Secret

START = datetime(2024, 1, 7, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    url: str


class Site:
    """The pages on a port of their own, served by a thread."""

    def __init__(self, store: HistoryStore | None) -> None:
        self._store = store
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        self._ready.wait(10)

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        folder = luigi.server.__file__.rpartition("/")[0] + "/static"
        routes = [*handlers(self._store), ("/quick", Quick)]
        server = tornado.httpserver.HTTPServer(
            tornado.web.Application(routes, static_path=folder)  # type: ignore[arg-type]
        )
        (listener,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.add_socket(listener)
        self._ready.set()
        await self._ended.wait()
        server.stop()
        await server.close_all_connections()

    def get(self, path: str) -> Answer:
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return Answer(answer.status, answer.read().decode(), answer.url)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), error.url)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()


class Quick(tornado.web.RequestHandler):
    def get(self) -> None:
        self.write("ok")


@pytest.fixture
def site(store: HistoryStore) -> Iterator[Site]:
    site = Site(store)
    yield site
    site.close()


def events_of(number: int, outcome: str = "DONE", family: str = "T") -> list[Event]:
    """Return the events of one run."""
    known = (f"{family}_{number}", family, {"date": "2024-01-07", "n": str(number)})
    at = START + timedelta(minutes=number)
    reason = "<b>TMDB</b> refused" if outcome == "FAILED" else None
    return [
        Event(*known, "worker-1", "RUNNING", at),
        Event(*known, None, outcome, at + timedelta(seconds=4.25), reason=reason),
    ]


def ran(store: HistoryStore, number: int, outcome: str = "DONE", family: str = "T") -> None:
    store.write(events_of(number, outcome, family))


def test_recent_runs_tell_times_in_utc_attempts_and_reasons(
    site: Site, store: HistoryStore
) -> None:
    ran(store, 1)
    ran(store, 2, "FAILED")
    page = site.get("/history")
    assert page.status == 200
    for text in ("2024-01-07 02:01:00", "4.2 s", "worker-1", "n=1", "FAILED", "UTC"):
        assert text in page.text
    assert "&lt;b&gt;TMDB&lt;/b&gt; refused" in page.text
    assert page.text.index("02:02:00") < page.text.index("02:01:00")


def test_a_page_needs_no_script_and_nothing_from_elsewhere(site: Site, store: HistoryStore) -> None:
    ran(store, 1)
    for path in ("/history", "/history/by_task_id/T_1", "/history/by_name/T"):
        text = site.get(path).text
        assert "<script" not in text
        assert "://" not in text
        assert "style=" not in text
    sheet = site.get("/history").text.split('<link href="')[1].split('"')[0]
    assert site.get(sheet).status == 200


def test_runs_by_name(site: Site, store: HistoryStore) -> None:
    ran(store, 1)
    ran(store, 2)
    ran(store, 3, family="Other")
    by_name = site.get("/history/by_name/T").text
    assert "n=1" in by_name
    assert "n=2" in by_name
    assert "n=3" not in by_name
    assert "Nothing is recorded" in site.get("/history/by_name/Nobody").text


def test_the_runs_of_one_task(site: Site, store: HistoryStore) -> None:
    ran(store, 1, "FAILED")
    ran(store, 2)
    page = site.get("/history/by_task_id/T_1")
    assert page.status == 200
    for text in ("T_1", "FAILED", "2024-01-07 02:01:04", "worker-1", "refused"):
        assert text in page.text
    assert "n=2" not in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/history/by_id/1", 404),
        ("/history/by_task_id/x'; DROP TABLE tasks", 200),
        ("/history/by_task_id/", 404),
        ("/history/by_task_id/unheard", 200),
        ("/history/by_task_id/%00%00", 200),
        ("/history/by_params/T?data={}", 404),
        ("/history?before=soon", 400),
        ("/history?before=0001-01-01T00:00:00", 200),
    ],
)
def test_a_missing_page_is_reported_in_a_sentence(site: Site, path: str, status: int) -> None:
    page = site.get(urllib.parse.quote(path, safe="/?=%"))
    assert page.status == status
    assert "Traceback" not in page.text
    assert "</p>" in page.text or f"{status}: Not Found" in page.text


def test_long_lists_come_in_pages(site: Site, store: HistoryStore) -> None:
    store.write([event for number in range(1, 251) for event in events_of(number)])
    first = site.get("/history/by_name/T")
    assert first.text.count("<tr") == 201
    older = first.text.split('<a href="?')[1].split('"')[0].replace("&amp;", "&")
    second = site.get(f"/history/by_name/T?{older}")
    assert second.text.count("<tr") == 51
    assert "Older" not in second.text


@pytest.mark.parametrize(
    ("path", "target"), [("/tasklist", "/history"), ("/tasklist/T", "/history/by_name/T")]
)
def test_the_task_lists_lead_to_pages_that_work(site: Site, path: str, target: str) -> None:
    page = site.get(path)
    assert (page.status, page.url) == (200, site.url + target)


def test_without_a_history_the_pages_say_how_to_have_one() -> None:
    site = Site(None)
    page = site.get("/history")
    site.close()
    assert page.status == 404
    assert "PIPELINE_HISTORY_URL" in page.text


def test_a_database_that_is_down_is_reported_without_its_password() -> None:
    store = HistoryStore(
        Secret(f"postgresql+psycopg2://luigi:{PASSWORD}@127.0.0.1:{free_port()}/luigi")
    )
    site = Site(store)
    page = site.get("/history")
    site.close()
    store.close()
    assert page.status == 503
    assert PASSWORD not in page.text


def test_a_frozen_database_holds_up_no_other_page(
    site: Site, store: HistoryStore, postgres: Postgres
) -> None:
    address = urllib.parse.urlsplit(site.url)
    waiting = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    with contextlib.closing(waiting), postgres.frozen():
        waiting.request("GET", "/history")
        for _ in range(5):
            assert site.get("/quick").text == "ok"
        is_answered, _, _ = select.select([waiting.sock], [], [], 0)
        assert not is_answered, "the other pages were answered after the history"
