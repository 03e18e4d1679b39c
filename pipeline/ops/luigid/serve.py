"""Start luigid, hardened: luigi's scheduler, page and API on one address, until a signal."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import luigi.server
import tornado.netutil
from luigi.task_status import RUNNING
from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from tornado.iostream import IOStream

from pipeline import settings
from pipeline.errors import SettingsError
from pipeline.ops.history import pages as history_pages
from pipeline.ops.history.recorder import HistoryRecorder
from pipeline.ops.history.store import HistoryStore
from pipeline.ops.luigid import private, report_pages
from pipeline.ops.luigid.application import Guarded
from pipeline.ops.luigid.log import LOGGER, logging_to
from pipeline.ops.luigid.metrics import FindRuns, PipelineMetrics
from pipeline.ops.luigid.policy import LOCAL_NAMES, ROOT_HEADER, Policy
from pipeline.ops.luigid.scheduler import PipelineScheduler
from pipeline.ops.luigid.state import prepare_file
from pipeline.tmdb.credential import Secret

MAX_BODY_BYTES = 2_000_000
# Connections at a time, below the usual limit of 1,024 open files; further ones are closed.
MAX_CONNECTIONS = 500
# Seconds in which a connection has to send a request's head, and its body.
IDLE_SECONDS, BODY_SECONDS = 120, 30


class BoundedServer(HTTPServer):
    """A server that closes connections beyond a number, and those that send nothing for long."""

    def initialize(self, application: Any) -> None:  # type: ignore[override, unused-ignore]
        """Set the limits of a request."""
        super().initialize(
            application,
            max_body_size=MAX_BODY_BYTES,
            idle_connection_timeout=IDLE_SECONDS,
            body_timeout=BODY_SECONDS,
        )

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Serve a new connection, or close it."""
        if private.connection_count(self) >= MAX_CONNECTIONS:
            stream.close()
        else:
            super().handle_stream(stream, address)


def serve(
    address: str,
    port: int,
    *,
    state_path: Path | None,
    allowed_hosts: Iterable[str],
    password: Secret | None,
    history_url: Secret | None,
    log_path: Path | None,
    data_root: str | None,
    find_report: report_pages.FindReport,
    find_runs: FindRuns,
) -> None:
    """Serve until SIGTERM or SIGINT; then save the state, write the history, and return.

    Port 0 takes a free one, and no `log_path` is standard error. `data_root` is the id of the data
    root that it serves; the last two find pages below /pages/ and figures of root tasks.
    """
    current = settings.current()
    layout = current.layout
    state_path = state_path or layout.luigid_state
    if password and not (password.secret.isascii() and password.secret.isprintable()):
        sentence = "PIPELINE_LUIGID_PASSWORD has to be of printable ASCII characters."
        raise SettingsError(sentence, variable="PIPELINE_LUIGID_PASSWORD")
    page = Path(luigi.server.__file__).parent / "static/visualiser/index.html"
    policy = Policy(address, allowed_hosts, password, page)
    if data_root:
        policy.headers[ROOT_HEADER] = data_root
    try:
        sockets = tornado.netutil.bind_sockets(port, address=address)
    except OSError as error:
        raise SettingsError(
            f"Port {port} on {address} is taken or not of this machine ({error.strerror}): choose "
            "others with --port and --address, or end the other luigid."
        ) from None
    prepare_file(state_path)
    with logging_to(log_path, current.log_format):
        store = HistoryStore(history_url) if history_url else None
        with contextlib.closing(HistoryRecorder(store, layout.luigid_spool)) as recorder:
            collector = PipelineMetrics(find_runs, recorder)
            scheduler = PipelineScheduler(recorder, state_path, store is not None, collector)
            scheduler.load()
            running = scheduler.state.get_active_tasks_by_status(RUNNING)
            recorder.close_left_running({task.id for task in running})
            pages = history_pages.handlers(store) + report_pages.handlers(layout, find_report)
            _log_addresses(sockets, is_open=password is None)
            asyncio.run(_serve(Guarded(scheduler, policy, pages), sockets, scheduler))
        LOGGER.info("luigid ended; its state is in %s", state_path)


async def _serve(
    application: Guarded, sockets: list[socket.socket], scheduler: PipelineScheduler
) -> None:
    """Answer requests until a signal comes, then save the state."""
    server = BoundedServer(application)
    server.add_sockets(sockets)
    end_requested = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        asyncio.get_running_loop().add_signal_handler(number, end_requested.set)
    for regularly in (scheduler.prune, scheduler.save):
        PeriodicCallback(regularly, 60_000).start()
    await end_requested.wait()
    server.stop()
    await scheduler.save()


def _log_addresses(sockets: list[socket.socket], *, is_open: bool) -> None:
    for host, port, *_ in (each.getsockname() for each in sockets):
        shown = f"[{host}]" if ":" in host else host
        LOGGER.info("luigid listens on http://%s:%d/", shown, port)
        if host not in LOCAL_NAMES and is_open:
            LOGGER.warning(
                "any host that reaches this address can use luigid: set PIPELINE_LUIGID_PASSWORD "
                "or let nothing but this machine reach it"
            )
