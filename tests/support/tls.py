"""A server with a certificate, and a proxy that passes TLS on, both on loopback; they keep it all.

with TlsServer(authority.issue_cert("films.invalid")) as server: ...
"""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import ssl
import threading
from typing import Self

import trustme

PAGE = {"page": 1, "results": [], "total_pages": 1, "total_results": 0}


class TlsServer:
    """Answers every request that gets through with an empty page, and remembers its path."""

    def __init__(self, certificate: trustme.LeafCert) -> None:
        self.paths: list[str] = []
        self.headers: list[str] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.paths.append(self.path)
                server.headers.append(str(self.headers))
                body = json.dumps(PAGE).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = int(self._server.server_port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that does not trust the certificate hangs up, which is what is looked for."""


class ConnectProxy:
    """Passes a tunnel on to one port, whatever its name, and keeps each byte of the client's."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.seen = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(65536)
                self.seen += piece
                head += piece
                if not piece:
                    return
            if not head.startswith(b"CONNECT "):
                client.sendall(b"HTTP/1.1 405 Tunnels only\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                threading.Thread(target=_pass, args=(server, client), daemon=True).start()
                while piece := client.recv(65536):
                    self.seen += piece
                    server.sendall(piece)


def _pass(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
