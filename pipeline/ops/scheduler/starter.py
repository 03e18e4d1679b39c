"""Start luigid, hardened: luigi's scheduler, page and API on one address, until a signal."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Iterable
from pathlib import Path

import luigi.server
import tornado.netutil
from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from tornado.web import Application

from pipeline import settings
from pipeline.errors import SettingsError, StorageError
from pipeline.ops import settings as ops_settings
from pipeline.ops.data_root_id import data_root_id
from pipeline.ops.scheduler import history_pages, report_pages
from pipeline.ops.scheduler.daemon_log import set_up_log
from pipeline.ops.scheduler.guards import guarded
from pipeline.ops.scheduler.policy import LOCAL_NAMES, policy_of
from pipeline.ops.scheduler.recorder import HistoryRecorder
from pipeline.ops.scheduler.refused import LOGGER
from pipeline.ops.scheduler.scheduling import PipelineScheduler
from pipeline.ops.scheduler.state import prepare_folder
from pipeline.ops.scheduler.store import HistoryStore
from pipeline.paths import Layout
from pipeline.tmdb.credential import Secret

EVERY_MINUTE = 60_000.0
"""Milliseconds between two prunings, and between two savings of the state."""

LARGEST_BODY_BYTES = 2_000_000

_END = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_PAGE = Path(luigi.server.__file__).parent / "static/visualiser/index.html"


def serve(
    address: str = "127.0.0.1",
    port: int = 8082,
    state_path: Path | None = None,
    allowed_hosts: Iterable[str] = (),
) -> None:
    """Serve until SIGTERM or SIGINT; then save the state, write the history, and return.

    Args:
        address: where to listen; other machines reach it only if this is not the local one.
        port: 0 takes a free one; the log names it.
        state_path: what is remembered between two starts; by default below the data root.
        allowed_hosts: names besides the local ones by which requests may ask for it.

    Raises:
        SettingsError: the port is taken, the address is none of this machine, or a setting.
        StorageError: the state cannot be kept, or somebody else could have written it.
    """
    now = settings.current()
    set_up_log(now.log_format)
    layout = Layout(now.data_dir)
    state_path = state_path or layout.luigid_state
    password = _usable(ops_settings.luigid_password())
    policy = policy_of(address, allowed_hosts, password, _PAGE)
    sockets = _listen(address, port)
    prepare_folder(state_path)
    history_url = ops_settings.history_url()
    store = HistoryStore(history_url) if history_url else None
    recorder = HistoryRecorder(store, layout.luigid_spool)
    try:
        scheduler = _scheduler(recorder, state_path, keeps_history=store is not None)
        pages = [*history_pages.handlers(store), *report_pages.handlers(layout)]
        application = guarded(scheduler, policy, pages, data_root_id(layout))
        _tell(sockets, password)
        asyncio.run(_serve(application, sockets, scheduler))
    finally:
        recorder.close()
    LOGGER.info("luigid ended; its state is in %s", state_path)


def _scheduler(
    recorder: HistoryRecorder, state_path: Path, keeps_history: bool
) -> PipelineScheduler:
    """Return the scheduler as an earlier luigid left it."""
    scheduler = PipelineScheduler(recorder, state_path, keeps_history)
    scheduler.load()
    recorder.close_left_running(scheduler.running())
    return scheduler


async def _serve(
    application: Application, sockets: list[socket.socket], scheduler: PipelineScheduler
) -> None:
    """Answer requests until a signal comes, then save the state."""
    server = HTTPServer(application, max_body_size=LARGEST_BODY_BYTES)
    end_requested = asyncio.Event()
    for number in _END:
        asyncio.get_running_loop().add_signal_handler(number, end_requested.set)
    server.add_sockets(sockets)
    for regularly in (scheduler.prune, scheduler.dump):
        PeriodicCallback(regularly, EVERY_MINUTE).start()
    await end_requested.wait()
    server.stop()
    scheduler.dump()


def _listen(address: str, port: int) -> list[socket.socket]:
    try:
        return tornado.netutil.bind_sockets(port, address=address)
    except socket.gaierror:
        raise SettingsError(f"{address!r} is no address of this machine: see --address.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"Port {port} on {address} is taken, perhaps by another luigid: end that, or "
                "choose another one with --port."
            ) from None
        raise StorageError(
            f"luigid cannot listen on {address}, port {port} ({error.strerror})."
        ) from None


def _usable(password: Secret | None) -> Secret | None:
    """Return the password, unless no client could send it: those speak plain ASCII."""
    if password and not (password.secret.isascii() and password.secret.isprintable()):
        raise SettingsError(
            "PIPELINE_LUIGID_PASSWORD has to be of printable ASCII characters.",
            variable="PIPELINE_LUIGID_PASSWORD",
        )
    return password


def _tell(sockets: list[socket.socket], password: Secret | None) -> None:
    for host, port, *_ in (each.getsockname() for each in sockets):
        shown = f"[{host}]" if ":" in host else host
        LOGGER.info("luigid listens on http://%s:%d/", shown, port)
        if host not in LOCAL_NAMES and password is None:
            LOGGER.warning(
                "any host that reaches this address can use luigid: set PIPELINE_LUIGID_PASSWORD "
                "or let nothing but this machine reach it"
            )
