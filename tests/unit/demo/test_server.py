"""The catalogue on a port: who is let in, how fast, and how it ends."""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import pytest

from pipeline.demo import answer
from pipeline.demo.__main__ import main
from pipeline.demo.admission import TokenBucket
from pipeline.demo.server import CatalogueServer, Manners

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"
SUNDAY = date(2024, 1, 7)


def sunday() -> date:
    return SUNDAY


@contextmanager
def connected(server: CatalogueServer) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    try:
        yield connection
    finally:
        connection.close()


def fetched(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection.request("GET", path, headers=dict(headers or {}))
    reply = connection.getresponse()
    return reply.status, dict(reply.getheaders()), reply.read()


@pytest.fixture
def server() -> Iterator[CatalogueServer]:
    with CatalogueServer(Manners(requests_per_second=0, on=sunday)) as running:
        yield running


def test_the_port_gives_what_the_catalogue_answers(server: CatalogueServer) -> None:
    with connected(server) as connection:
        status, headers, body = fetched(connection, f"/3/movie/popular?page=2&api_key={KEY}")
    expected = answer("/movie/popular", {"page": "2"}, on=SUNDAY)
    assert (status, body) == (expected.status, expected.body)
    assert expected.headers.items() <= headers.items()


@pytest.mark.parametrize(
    ("query", "headers"),
    [(f"?api_key={KEY}", {}), ("", {"Authorization": f"Bearer {TOKEN}"})],
    ids=["key in the query", "token as bearer"],
)
def test_each_credential_works_where_it_belongs(
    server: CatalogueServer, query: str, headers: dict[str, str]
) -> None:
    with connected(server) as connection:
        assert fetched(connection, f"/3/authentication{query}", headers)[0] == 200


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        (f"?api_key={TOKEN}", {}),
        ("", {"Authorization": f"Bearer {KEY}"}),
        ("", {"Authorization": TOKEN}),
        ("?api_key=demo", {}),
        (f"?api_key={KEY}0", {}),
    ],
    ids=["none", "token in the query", "key as bearer", "no scheme", "malformed", "too long"],
)
def test_any_other_credential_is_refused(
    server: CatalogueServer, query: str, headers: dict[str, str]
) -> None:
    with connected(server) as connection:
        status, _, body = fetched(connection, f"/3/movie/popular{query}", headers)
    assert (status, json.loads(body)) == (
        401,
        {
            "success": False,
            "status_code": 7,
            "status_message": "Invalid API key: You must be granted a valid key.",
        },
    )


def test_a_server_can_insist_on_one_key() -> None:
    manners = Manners(requests_per_second=0, key=KEY, on=sunday)
    with CatalogueServer(manners) as server, connected(server) as connection:
        assert server.url == f"http://127.0.0.1:{server.server_port}/3"
        assert fetched(connection, f"/3/authentication?api_key={KEY}")[0] == 200
        assert fetched(connection, f"/3/authentication?api_key={KEY[::-1]}")[0] == 401


def test_asking_too_fast_gives_429_without_a_hint_when_to_return() -> None:
    manners = Manners(requests_per_second=5, on=sunday)
    with CatalogueServer(manners) as server, connected(server) as connection:
        server.bucket = TokenBucket(5, clock=lambda: 0.0)
        replies = [fetched(connection, f"/3/configuration?api_key={KEY}") for _ in range(12)]
        assert server.requests == 12
        assert server.refusals == 7
    assert [status for status, _, _ in replies[:5]] == [200] * 5
    status, headers, body = replies[-1]
    assert (status, json.loads(body)["status_code"]) == (429, 25)
    assert "Retry-After" not in headers


def test_a_bucket_refills_at_its_rate_and_never_beyond_its_capacity() -> None:
    now = [0.0]
    bucket = TokenBucket(4, clock=lambda: now[0])
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]
    now[0] += 0.5
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] += 60
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]


def test_latency_is_added_to_each_request() -> None:
    waits: list[float] = []
    manners = Manners(latency_seconds=0.1, requests_per_second=0, on=sunday, sleep=waits.append)
    with CatalogueServer(manners) as server, connected(server) as connection:
        for _ in range(2):
            fetched(connection, f"/3/configuration?api_key={KEY}")
    assert waits == [0.1, 0.1]


def test_a_kept_connection_is_answered_without_a_pause(server: CatalogueServer) -> None:
    """Each reply comes in one piece: a second one would wait until the first is acknowledged."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as connection:
        for page in range(1, 6):
            line = f"GET /3/movie/top_rated?page={page}&api_key={KEY} HTTP/1.1"
            connection.sendall(f"{line}\r\nHost: localhost\r\n\r\n".encode())
            _, _, body = connection.recv(1 << 18).partition(b"\r\n\r\n")
            assert json.loads(body)["page"] == page
    assert server.peak_connections == 1


def test_stats_need_no_key_and_count_only_the_api(server: CatalogueServer) -> None:
    with connected(server) as first, connected(server) as second, connected(server) as watcher:
        for connection in (first, second):
            fetched(connection, f"/3/configuration?api_key={KEY}")
        fetched(watcher, "/stats")
        status, _, body = fetched(watcher, "/stats")
    assert (status, json.loads(body)) == (
        200,
        {"requests": 2, "refusals": 0, "connections_peak": 2},
    )


def test_a_path_outside_the_base_is_not_found(server: CatalogueServer) -> None:
    with connected(server) as connection:
        status, _, body = fetched(connection, f"/movie/popular?api_key={KEY}")
    assert (status, json.loads(body)["status_code"]) == (404, 34)


def test_a_client_that_has_the_document_gets_304(server: CatalogueServer) -> None:
    path = f"/3/movie/popular?api_key={KEY}"
    with connected(server) as connection:
        tag = fetched(connection, path)[1]["ETag"]
        status, headers, body = fetched(connection, path, {"If-None-Match": tag})
        assert (status, headers["ETag"], body) == (304, tag, b"")
        assert fetched(connection, path, {"If-None-Match": 'W/"other"'})[0] == 200


def test_leaving_the_block_hangs_up() -> None:
    server = CatalogueServer(Manners(on=sunday))
    with connected(server) as connection:
        with server:
            fetched(connection, f"/3/configuration?api_key={KEY}")
        assert connection.sock.recv(1) == b""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: --port"),
        (["--port", "70000"], "argument --port: '70000' is no port; give 0 to 65535"),
        (
            ["--port", "0", "--latency-ms", "nan"],
            "argument --latency-ms: 'nan' is no number of 0 or more",
        ),
        (
            ["--port", "0", "--date", "20240107"],
            "argument --date: '20240107' is no date like 2024-01-07",
        ),
        (
            ["--port", "0", "--date", "tomorrow"],
            "argument --date: 'tomorrow' is no date like 2024-01-07",
        ),
        (
            ["--port", "0", "--latency-ms", "fast"],
            "argument --latency-ms: 'fast' is no number of 0 or more",
        ),
        (
            ["--port", "0", "--date", "2024-01-07", "--key", "secret"],
            "argument --key: neither a v3 key (32 hex digits) nor a Read Access Token (starts "
            "with eyJ)",
        ),
    ],
)
def test_a_bad_argument_ends_in_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"python -m pipeline.demo: {complaint}\n"


def test_a_port_in_use_is_one_line_and_status_1(
    server: CatalogueServer, capsys: pytest.CaptureFixture[str]
) -> None:
    port = server.server_port
    assert main(["--port", str(port)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"
