"""A gigabyte in the place of an answer or a file: refused, or used as far as it can be meant."""

from __future__ import annotations

import contextlib
import functools
import socketserver
import threading
import zlib
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler

from support.fake_tmdb import V3_KEY

from trials.workspaces import TODAY, Workspaces

GIGABYTE = 1 << 30
_PIECE = bytes(1 << 20)
_DAY = ("--date", str(TODAY), "--local-scheduler")


class _Huge(BaseHTTPRequestHandler):
    """Answers with a gigabyte, in the way that the path begins with."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        way = self.path.split("/")[1]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if way in ("bomb", "unannounced-bomb"):
            body = bomb()
            if way == "bomb":
                self.send_header("Content-Encoding", "gzip")
            self._send(len(body), [body])
        elif way == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(GIGABYTE // len(_PIECE)):
                    self.wfile.write(b"100000\r\n" + _PIECE + b"\r\n")
                self.wfile.write(b"0\r\n\r\n")
        else:
            self._send(GIGABYTE, (_PIECE for _ in range(GIGABYTE // len(_PIECE))))

    def _send(self, length: int, pieces: Iterable[bytes]) -> None:
        self.send_header("Content-Length", str(length))
        self.end_headers()
        with contextlib.suppress(OSError):
            for piece in pieces:
                self.wfile.write(piece)

    def log_message(self, *_: object) -> None:
        pass


@functools.cache
def bomb() -> bytes:
    """A gigabyte of nothing, packed to one megabyte."""
    packing = zlib.compressobj(9, wbits=-15)
    block = packing.compress(_PIECE) + packing.flush(zlib.Z_FULL_FLUSH)
    header, last = b"\x1f\x8b\x08" + bytes(6) + b"\xff", packing.flush()
    return header + block * (GIGABYTE // len(_PIECE)) + last + bytes(8)


@contextlib.contextmanager
def huge_answers() -> Iterator[str]:
    """Serve such answers on a port of this machine; the address is what to put a way behind."""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, *_: object) -> None:
            """Say nothing: to be hung up on is what is hoped for."""

    bomb()
    with Server(("127.0.0.1", 0), _Huge) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def answer_outcome(workspaces: Workspaces, url: str, way: str) -> str:
    """Collect a list whose answers are a gigabyte; it has to be refused."""
    with workspaces.empty() as workspace:
        ended = workspace.spawn(
            *("luigi", "--module", "pipeline", "PopularMovies", *_DAY),
            TMDB_API_KEY=V3_KEY,
            TMDB_API_URL=f"{url}/{way}",
        )
        assert "is larger than" in ended.err, ended.err
        assert not list(workspace.data.rglob("*popular*.json"))
        return ended.judged()


_DAILY, _WEEKLY = ("luigi", "DailySummary", *_DAY), ("luigi", "WeeklyConsolidation", *_DAY)
_INDEX, _STATUS = ("luigi", "IndexPage", *_DAY), ("operate", "status")
_RAW = "data/raw/"
_D = f"{TODAY:%Y%m%d}"

FILES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (f"{_RAW}movies/daily/popular_movies_{_D}.json", _DAILY),
    (f"{_RAW}metadata/quality_reports/validation_report_{_D}.json", _DAILY),
    (f"{_RAW}movies/genre/horror_{_D}.json", _WEEKLY),
    (f"{_RAW}metadata/daily_summaries/daily_summary_{_D}.json", _INDEX),
    (f"{_RAW}metadata/daily_summaries/daily_summary_{_D}.json", _STATUS),
    (f"{_RAW}metadata/daily_summaries/daily_summary_{_D}.json", ("operate", "watch")),
    ("data/reports/index.html", _INDEX),
    (f"data/logs/journal/{_D}.log", _DAILY),
    ("data/logs/luigid.log", ("operate", "logs", "luigid")),
    ("data/state/luigid.pid", _STATUS),
    (".env", _DAILY),
    (".env", ("operate", "check")),
    ("luigi.cfg", _DAILY),
    ("config/collection.toml", _DAILY),
    ("config/quality.toml", _DAILY),
    ("config/crontab", _STATUS),
    ("backups/huge.tar.gz", ("operate", "restore", "backups/huge.tar.gz", "--yes")),
)
"""Each file that is read, and a command that reads it."""

WAYS = ("announced", "chunked", "bomb", "unannounced-bomb")


def size_outcome(workspaces: Workspaces, file: str, command: tuple[str, ...]) -> str:
    """Put a gigabyte of nothing in a file's place, and run the command in a process of its own."""
    with workspaces.done() as workspace:
        whole_day = file.startswith("config/")  # else nobody asks what is to be collected
        made = ("*",) if whole_day else ("daily_summary", "consolidated_week_*")
        for path in (each for name in made for each in workspace.data.rglob(f"{name}_{_D}.json")):
            path.unlink()
        path = workspace.folder / file
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch()
        with path.open("rb+") as stream:
            stream.truncate(GIGABYTE)
        kind, *words = command
        name = {"luigi": ("luigi", "--module", "pipeline"), "operate": ("tmdb-pipeline",)}[kind]
        return workspace.spawn(*name, *words).judged()
