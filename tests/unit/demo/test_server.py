"""The HTTP server of the demo catalogue."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from datetime import date

import pytest

from pipeline.demo import answer
from pipeline.demo.server import DemoServer, main

SUNDAY = date(2024, 1, 7)


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(read_day=lambda: SUNDAY) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def connection(server: DemoServer) -> Iterator[http.client.HTTPConnection]:
    opened = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    yield opened
    opened.close()


def fetch(connection: http.client.HTTPConnection, path: str) -> tuple[int, dict[str, str], bytes]:
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def test_the_server_sends_the_answers_of_the_catalogue(
    connection: http.client.HTTPConnection,
) -> None:
    for page in ("2", "501"):
        status, headers, body = fetch(connection, f"/3/movie/popular?page={page}&api_key=x")
        expected = answer("/movie/popular", {"page": page}, day=SUNDAY)
        assert (status, body) == (expected.status, expected.body)
        assert expected.headers.items() <= headers.items()


def test_a_path_outside_the_base_url_is_not_found(connection: http.client.HTTPConnection) -> None:
    status, _, body = fetch(connection, "/movie/popular")
    assert (status, json.loads(body)["status_code"]) == (404, 34)


def test_a_response_is_sent_in_one_piece(server: DemoServer) -> None:
    """A second piece would wait until the client acknowledges the first one."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        for page in range(1, 6):
            request = f"GET /3/movie/top_rated?page={page} HTTP/1.1\r\nHost: localhost\r\n\r\n"
            connection.sendall(request.encode())
            _, _, body = connection.recv(1 << 18).partition(b"\r\n\r\n")
            assert json.loads(body)["page"] == page


@pytest.mark.parametrize("port", ["eighty", "1.5"])
def test_an_invalid_port_is_reported(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--port", port])
    assert ended.value.code == 2
    assert f"argument --port: invalid int value: '{port}'" in capsys.readouterr().err


def test_a_port_that_is_not_available_is_one_line_and_status_1(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    used = server.port
    for port, reason in (
        (used, "[Errno 98] Address already in use"),
        (70_000, "bind(): port must be 0-65535."),
    ):
        assert main(["--port", str(port)]) == 1
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err == f"Cannot listen on port {port} ({reason}); choose another --port\n"
