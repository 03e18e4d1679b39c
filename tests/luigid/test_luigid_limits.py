"""What many calls, logins, connections or lines can fill in our luigid: everything has an end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import socket
import threading
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest
import tornado.netutil
import tornado.web
from support.luigid_process import (
    CONFIGURATION,
    PASSWORD,
    Luigid,
    added,
    login,
    our_luigid,
    popular,
)
from support.waiting import wait_for

from pipeline.ops.luigid import log, policy, serve
from pipeline.ops.luigid.policy import Policy, Refused
from pipeline.ops.luigid.scheduler import MAX_TASKS, PipelineScheduler
from pipeline.tmdb.credential import Secret

FLOOD = 1_000


def flood(luigid: Luigid, number: int) -> int:
    """Add a task that requires a thousand others; return the status of the answer."""
    date = f"2024-01-{number + 1:02}"
    deps = [f"PopularMovies_{number}_{each:010x}" for each in range(FLOOD)]
    task = added("DailySummary", {"date": date}, "pipeline.tasks.daily", worker="flood", deps=deps)
    return luigid.call("add_task", **task).status


def test_tasks_that_others_require_count_and_make_room_once_nobody_waits(tmp_path: Path) -> None:
    configuration = CONFIGURATION.replace("disconnect_delay = 30", "disconnect_delay = 0.5")
    with our_luigid(tmp_path, configuration=configuration) as luigid:
        statuses = [flood(luigid, number) for number in range(12)]
        assert statuses == [200] * 9 + [503] * 3

        def is_accepted_again() -> bool:
            luigid.call("get_work", worker="honest")  # luigi looks for workers that are gone
            return flood(luigid, 12) == 200

        wait_for(is_accepted_again, 20)
        assert [flood(luigid, number) for number in range(13, 20)] == [200] * 7
        assert luigid.call("add_task", **popular(worker="honest")).status == 200
        luigid.stop()
    lines = [line for line in luigid.log.read_text().splitlines() if "503" in line]
    assert len(lines) == 1, "repeated refusals are logged once a minute, also those of tornado"


def test_workers_are_bounded_and_known_ones_stay(
    scheduler: PipelineScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ops.luigid.scheduler.MAX_WORKERS", 2)
    for worker in ("w1", "w2"):
        scheduler.refuse_excess(worker, [])
        scheduler.ping(worker=worker)
    scheduler.refuse_excess("w2", [])
    with pytest.raises(Refused, match="2 workers"):
        scheduler.refuse_excess("w3", [])


def test_a_task_that_is_known_is_accepted_at_the_bound(
    scheduler: PipelineScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ops.luigid.scheduler.MAX_TASKS", 1)
    task = popular()
    scheduler.add_task(**task)
    scheduler.refuse_excess("w1", [task["task_id"]])
    with pytest.raises(Refused) as caught:
        scheduler.refuse_excess("w1", [popular("2024-01-08")["task_id"]])
    assert caught.value.status == 503
    assert MAX_TASKS == 10_000


def test_a_password_cannot_be_guessed_for_ever(tmp_path: Path) -> None:
    with our_luigid(tmp_path, PIPELINE_LUIGID_PASSWORD=PASSWORD) as luigid:
        statuses = {
            luigid.ask("GET", "/api/is_paused", Authorization=login(f"guess-{number}")).status
            for number in range(policy.MAX_FAILED_LOGINS)
        }
        assert statuses == {401}
        answer = luigid.ask("GET", "/api/is_paused", Authorization=login(PASSWORD))
        assert answer.status in (200, 429), "the minute may have ended meanwhile"
        assert luigid.ask("GET", "/healthz").status == 200


def test_wrong_passwords_are_counted_by_address_and_forgotten_after_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 600.0
    monkeypatch.setattr("pipeline.clock.monotonic", lambda: now)
    (tmp_path / "page.html").touch()
    guard = Policy("127.0.0.1", [], Secret(PASSWORD), tmp_path / "page.html")
    for authorization in ("", login("wrong")):
        for _ in range(policy.MAX_FAILED_LOGINS):
            with pytest.raises(Refused) as caught:
                guard.refuse_stranger(authorization, "192.0.2.1")
            assert caught.value.status == 401
    with pytest.raises(Refused) as caught:
        guard.refuse_stranger(login(PASSWORD), "192.0.2.1")
    assert caught.value.status == 429
    guard.refuse_stranger(login(PASSWORD), "192.0.2.2")
    now += 60
    guard.refuse_stranger(login(PASSWORD), "192.0.2.1")


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "MAX_CONNECTIONS", 2)
    assert asyncio.run(answers_while_others_idle(2)) == b""
    assert asyncio.run(answers_while_others_idle(1)).startswith(b"HTTP/1.1 404")


async def answers_while_others_idle(others: int) -> bytes:
    """What a client is answered while so many others only hold a connection."""
    server = serve.BoundedServer(tornado.web.Application([]))
    (listener,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server.add_socket(listener)
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        for _ in range(others):
            stack.enter_context(socket.create_connection(listener.getsockname()))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        stack.callback(writer.close)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            return await reader.read()
        return b""


@pytest.mark.parametrize(
    ("limit", "sent"),
    [
        ("IDLE_SECONDS", b""),
        ("IDLE_SECONDS", b"GET / HTTP/1.1\r\nHost: x\r\n"),
        ("BODY_SECONDS", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"),
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_connection_that_sends_nothing_more_is_closed(
    limit: str, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the limit this test would not end."""
    monkeypatch.setattr(serve, limit, 0.1)

    async def answer() -> bytes:
        server = serve.BoundedServer(tornado.web.Application([]))
        (listener,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
        server.add_socket(listener)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(sent)
        received = await reader.read()
        writer.close()
        server.stop()
        return received

    assert asyncio.run(answer()) == b""


def test_a_slow_disk_delays_no_call_that_is_logged(
    root_logger: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, written = threading.Event(), []

    def emit(_: logging.Handler, record: logging.LogRecord) -> None:
        released.wait(20)
        written.append(record.getMessage())

    monkeypatch.setattr(RotatingFileHandler, "emit", emit)
    with log.logging_to(tmp_path / "luigid.log", "text"):
        root_logger.info("a call")
        assert written == []
        released.set()
    assert written == ["a call"]


def test_a_slow_disk_delays_no_call_while_the_state_is_saved(
    scheduler: PipelineScheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: released.wait(20))
    (tmp_path / "state").mkdir()

    async def save_and_call() -> None:
        saving = asyncio.create_task(scheduler.save())
        await asyncio.sleep(0.05)
        assert scheduler.ping(worker="w1") is not None
        assert not saving.done()
        released.set()
        await saving

    asyncio.run(save_and_call())
    assert (tmp_path / "state/luigid.pickle").exists()


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, left as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_the_log_makes_room_while_luigid_runs(
    root_logger: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 2_000)
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "luigid.log"
    path.touch(mode=0o640)
    with log.logging_to(path, "text"):
        for number in range(100):
            root_logger.info("line %d of what luigid logs", number)
    assert sorted(each.name for each in folder.iterdir()) == ["luigid.log", "luigid.log.1"]
    assert all(each.stat().st_size <= 2_000 for each in folder.iterdir())
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_text().endswith("line 99 of what luigid logs\n")


def test_what_anybody_can_cause_is_logged_once_a_minute(
    root_logger: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 600.0
    monkeypatch.setattr("pipeline.clock.monotonic", lambda: now)
    path = tmp_path / "luigid.log"
    with log.logging_to(path, "text"):
        for name in ("pipeline.luigid.refusals", "tornado.application"):
            now += 1_000
            for _ in range(50):
                logging.getLogger(name).error("a call of %s failed", name)
            now += 60
            logging.getLogger(name).error("a call of %s failed", name)
    lines = path.read_text().splitlines()
    assert len(lines) == 4
    assert lines[1].endswith("a call of pipeline.luigid.refusals failed (and 49 more before it)")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_its_log_has_the_form_of_the_logs_of_runs(log_format: str, tmp_path: Path) -> None:
    with our_luigid(tmp_path, PIPELINE_LOG_FORMAT=log_format, TZ="Asia/Seoul") as luigid:
        luigid.call("add_task", **popular(module="planted"))
        luigid.stop()
    lines = luigid.log.read_text().splitlines()
    assert lines
    for line in lines:
        if log_format == "json":
            assert set(json.loads(line)) == {"time", "level", "task", "message", "run"}
        else:
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING): \S", line)
        assert "pipeline.luigid" not in line, "the message has another form in front"
