"""The fake TMDB has tests of its own: every way to misbehave, as a client meets it."""

import gzip
import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from support import fake_tmdb
from support.fake_tmdb import FakeTmdb, Fault
from support.fake_tmdb.admission import TokenBucket
from support.waiting import wait_for

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"
POPULAR = "/movie/popular"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def tmdb() -> Iterator[FakeTmdb]:
    with FakeTmdb(limit=None) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as open_session:
        open_session.params = {"language": "ko-KR"}
        yield open_session


def ask(
    session: requests.Session, tmdb: FakeTmdb, path: str = POPULAR, **query: Any
) -> requests.Response:
    return session.get(tmdb.url + path, params=query, timeout=2, allow_redirects=False)


def test_faults_can_be_taken_back(session: requests.Session, tmdb: FakeTmdb) -> None:
    tmdb.fail(fake_tmdb.status(502), times=None)
    assert ask(session, tmdb).status_code == 502
    tmdb.reset_next_connections(1)
    tmdb.clear_faults()
    assert requests.get(tmdb.url + POPULAR, timeout=2).status_code == 200


def rows(
    session: requests.Session, tmdb: FakeTmdb, path: str = POPULAR, **query: Any
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(session, tmdb, path, **query).json()["results"]
    return found


def raw_answer(tmdb: FakeTmdb, request: bytes = b"GET /3/movie/popular HTTP/1.1\r\n\r\n") -> bytes:
    """What comes over a socket until the server closes it."""
    return b"".join(pieces_of(tmdb, request))


def pieces_of(tmdb: FakeTmdb, request: bytes) -> list[bytes]:
    """The same, piece by piece as it was read."""
    with connected(tmdb) as sock:
        sock.sendall(request)
        return list(iter(lambda: sock.recv(65536), b""))


def connected(tmdb: FakeTmdb) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(tmdb.url).port or 0), timeout=2)


class TestLists:
    def test_every_position_of_every_list_is_another_film(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        asked: list[tuple[str, dict[str, Any]]] = [
            (POPULAR, {}),
            ("/movie/top_rated", {}),
            ("/trending/movie/day", {}),
            ("/trending/movie/week", {}),
            ("/discover/movie", {"with_genres": "28"}),
            ("/discover/movie", {"with_genres": "10749"}),
        ]
        ids = [
            row["id"]
            for path, query in asked
            for page in (1, 2, 3)
            for row in rows(session, tmdb, path, page=page, **query)
        ]
        assert len(ids) == len(set(ids)) == 6 * 60

    def test_two_servers_give_the_same_bytes(self, session: requests.Session) -> None:
        with FakeTmdb() as one, FakeTmdb() as other:
            assert ask(session, one).content == ask(session, other).content

    def test_a_forgotten_language_gives_english(self, tmdb: FakeTmdb) -> None:
        answer = requests.get(tmdb.url + POPULAR, timeout=2).json()
        assert answer["results"][0]["title"] == "Action Film 1-1"

    def test_votes_fall_with_rank_and_stay_above_the_threshold(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        votes = [
            row["vote_average"]
            for page in range(1, 21)
            for row in rows(session, tmdb, "/movie/top_rated", page=page)
        ]
        assert votes[0] == 8.9
        assert votes == sorted(votes, reverse=True)
        assert votes[-1] >= 7.5
        assert {type(vote) for vote in votes} == {int, float}

    @pytest.mark.parametrize("total_pages", [3, 500])
    def test_low_ratings_end_the_collected_part_of_top_rated(
        self, session: requests.Session, total_pages: int
    ) -> None:
        last = min(total_pages, 20)
        with FakeTmdb(low_ratings=True, total_pages=total_pages) as tmdb:
            first_page = rows(session, tmdb, "/movie/top_rated")
            last_page = rows(session, tmdb, "/movie/top_rated", page=last)
        assert all(row["vote_average"] >= 7.5 for row in first_page)
        assert any(row["vote_average"] < 7.5 for row in last_page)

    def test_a_list_that_ends_early_answers_empty_pages(self, session: requests.Session) -> None:
        with FakeTmdb(total_pages=2) as tmdb:
            assert len(rows(session, tmdb, page=2)) == 20
            beyond = ask(session, tmdb, page=3)
        assert (beyond.status_code, beyond.json()) == (
            200,
            {"page": 3, "results": [], "total_pages": 2, "total_results": 40},
        )

    def test_the_last_film_of_a_page_can_stand_first_on_the_next(
        self, session: requests.Session
    ) -> None:
        with FakeTmdb(repeat_last_on_next_page=True) as tmdb:
            pages = [rows(session, tmdb, page=page) for page in (1, 2, 3)]
        assert pages[0][-1] == pages[1][0]
        assert pages[1][-1] == pages[2][0]
        assert len({row["id"] for page in pages for row in page}) == 3 * 19 + 1

    def test_a_test_brings_its_own_rows(self, session: requests.Session) -> None:
        with FakeTmdb(
            rows=lambda name, page, query: [{"id": page}] if name == POPULAR else None
        ) as tmdb:
            assert rows(session, tmdb, page=4) == [{"id": 4}]
            assert len(rows(session, tmdb, "/movie/top_rated")) == 20


class TestCredential:
    @pytest.mark.parametrize(
        ("key", "query", "headers", "expected"),
        [
            (KEY, {"api_key": KEY}, {}, 200),
            (KEY, {}, {"Authorization": f"Bearer {KEY}"}, 401),
            (KEY, {"api_key": KEY[::-1]}, {}, 401),
            (KEY, {}, {}, 401),
            (TOKEN, {}, {"Authorization": f"Bearer {TOKEN}"}, 200),
            (TOKEN, {"api_key": TOKEN}, {}, 401),
            (None, {}, {}, 200),
        ],
    )
    def test_each_form_counts_in_its_own_place_alone(
        self, key: str | None, query: dict[str, str], headers: dict[str, str], expected: int
    ) -> None:
        with FakeTmdb(key=key) as tmdb:
            answer = requests.get(
                tmdb.url + "/authentication", params=query, headers=headers, timeout=2
            )
        assert answer.status_code == expected
        if expected == 401:
            assert answer.json() == {
                "success": False,
                "status_code": 7,
                "status_message": "Invalid API key: You must be granted a valid key.",
            }


class TestRateLimit:
    def test_the_bucket_holds_a_second_worth_and_refills(self) -> None:
        bucket = TokenBucket(4)
        assert [bucket.take(100.0) for _ in range(5)] == [True] * 4 + [False]
        assert [bucket.take(100.5) for _ in range(3)] == [True, True, False]
        assert [bucket.take(109.0) for _ in range(5)] == [True] * 4 + [False]

    def test_beyond_it_429_without_retry_after(self, session: requests.Session) -> None:
        with FakeTmdb(limit=1) as tmdb:
            answers = [ask(session, tmdb, "/authentication") for _ in range(2)]
            assert tmdb.refusals == 1
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[-1].json()["status_code"] == 25
        assert "Retry-After" not in answers[-1].headers


class TestRecords:
    def test_a_request_is_kept_as_it_arrived(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        answer = ask(session, tmdb, page=3, api_key=KEY)
        (seen,) = tmdb.requests
        assert (seen.method, seen.path, seen.status) == ("GET", "/3/movie/popular", 200)
        assert seen.query == {"language": "ko-KR", "page": "3", "api_key": KEY}
        assert seen.headers["User-Agent"] == answer.request.headers["User-Agent"]
        assert seen.connection == 1

    def test_counts_and_pages_by_path(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        for page in (2, 1, 2):
            ask(session, tmdb, page=page)
        ask(session, tmdb, "/movie/top_rated")
        assert (tmdb.count(), tmdb.count(POPULAR), tmdb.count("/3/movie/popular")) == (4, 3, 3)
        assert tmdb.pages(POPULAR) == [1, 2, 2]

    def test_keep_alive_is_one_connection(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        for _ in range(5):
            ask(session, tmdb)
        assert (tmdb.connections, tmdb.peak_connections, tmdb.peak_in_flight) == (1, 1, 1)

    def test_what_happens_together_is_counted_together(self) -> None:
        all_asked = threading.Barrier(8, timeout=20)

        def rows(name: str, page: int, query: Mapping[str, str]) -> None:
            all_asked.wait()

        with FakeTmdb(rows=rows) as tmdb, ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(requests.get, tmdb.url + POPULAR, timeout=20) for _ in range(8)]
            assert {one.result().status_code for one in asked} == {200}
            assert (tmdb.peak_in_flight, tmdb.peak_connections) == (8, 8)


class TestScheduling:
    def test_a_fault_is_used_for_matching_requests_and_a_number_of_times(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.status(503), path=POPULAR, page=2, times=2)
        asked = [(POPULAR, 1), ("/movie/top_rated", 2), (POPULAR, 2), (POPULAR, 2), (POPULAR, 2)]
        seen = [ask(session, tmdb, path, page=page).status_code for path, page in asked]
        assert seen == [200, 200, 503, 503, 200]
        assert [request.status for request in tmdb.requests] == seen

    def test_the_first_match_wins_and_the_next_takes_over(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.status(500))
        tmdb.fail(fake_tmdb.status(502), times=None)
        assert [ask(session, tmdb).status_code for _ in range(3)] == [500, 502, 502]

    def test_a_fault_can_wait_for_one_genre(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.status(500), query={"with_genres": "27"})
        genres = ["28", "27", "27"]
        answers = [ask(session, tmdb, "/discover/movie", with_genres=genre) for genre in genres]
        assert [answer.status_code for answer in answers] == [200, 500, 200]

    def test_many_clients_share_the_faults_exactly(self, tmdb: FakeTmdb) -> None:
        tmdb.fail(fake_tmdb.status(503), times=5)
        with ThreadPoolExecutor(10) as pool:
            asked = [pool.submit(requests.get, tmdb.url + POPULAR, timeout=2) for _ in range(20)]
        assert [one.result().status_code for one in asked].count(503) == 5

    def test_a_mistake_in_the_tests_own_code_is_not_swallowed(
        self, session: requests.Session
    ) -> None:
        def wrong(document: dict[str, Any]) -> None:
            del document["no such field"]

        def run() -> None:
            with FakeTmdb() as tmdb:
                tmdb.fail(fake_tmdb.edit(wrong))
                assert ask(session, tmdb).status_code == 500

        with pytest.raises(ExceptionGroup) as caught:
            run()
        assert caught.group_contains(KeyError)

    def test_a_chosen_fault_is_used_where_none_is_scheduled(
        self, session: requests.Session
    ) -> None:
        def choose_fault(path: str, query: Mapping[str, str]) -> Fault | None:
            return fake_tmdb.status(502) if (path, query["page"]) == (POPULAR, "2") else None

        with FakeTmdb(limit=None, choose_fault=choose_fault) as tmdb:
            tmdb.fail(fake_tmdb.status(503), page=2)
            answers = [ask(session, tmdb, page=page).status_code for page in (1, 2, 2)]
        assert answers == [200, 503, 502]


class TestWrongContent:
    def test_an_error_with_html(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.status(503, headers={"X-Cache": "Error from cloudfront"}))
        answer = ask(session, tmdb)
        assert (answer.status_code, answer.headers["X-Cache"]) == (503, "Error from cloudfront")
        assert answer.text.startswith("<html>")

    @pytest.mark.parametrize("after", [None, "1", "nonsense", "Sun, 07 Jan 2024 02:00:00 GMT"])
    def test_too_many_with_any_retry_after(
        self, tmdb: FakeTmdb, session: requests.Session, after: str | None
    ) -> None:
        tmdb.fail(fake_tmdb.too_many(after))
        answer = ask(session, tmdb)
        assert (answer.status_code, answer.json()["status_code"]) == (429, 25)
        assert answer.headers.get("Retry-After") == after
        assert tmdb.refusals == 0

    def test_a_web_page_that_says_ok(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.html_ok())
        answer = ask(session, tmdb)
        assert (answer.status_code, answer.text[:6]) == (200, "<html>")

    def test_a_200_that_is_no_json(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.not_json(b"\xff\xfe{"))
        assert ask(session, tmdb).content == b"\xff\xfe{"

    @pytest.mark.parametrize("document", [None, [], "text", {"results": None}])
    def test_any_json(self, tmdb: FakeTmdb, session: requests.Session, document: object) -> None:
        tmdb.fail(fake_tmdb.json_body(document))
        assert ask(session, tmdb).json() == document

    def test_an_edited_answer(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.edit(lambda document: document.pop("total_pages")))
        tmdb.fail(fake_tmdb.edit(lambda document: document | {"page": 9}))
        assert set(ask(session, tmdb).json()) == {"page", "results", "total_results"}
        assert ask(session, tmdb).json()["page"] == 9

    def test_an_empty_page_in_the_middle(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.empty_page(), page=3)
        assert ask(session, tmdb, page=3).json() == {
            "page": 3,
            "results": [],
            "total_pages": 500,
            "total_results": 10000,
        }

    def test_a_redirect(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.redirect("http://127.0.0.1:9/elsewhere"))
        answer = ask(session, tmdb)
        assert (answer.status_code, answer.headers["Location"]) == (
            302,
            "http://127.0.0.1:9/elsewhere",
        )


class TestEncodings:
    def test_announced_gzip_is_read_as_ever(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.gzip_announced())
        answer = ask(session, tmdb)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.json()["results"]) == 20

    def test_unannounced_gzip_comes_through_as_it_is(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.gzip_unannounced())
        answer = ask(session, tmdb)
        assert answer.content[:2] == b"\x1f\x8b"
        assert "Content-Encoding" not in answer.headers
        assert json.loads(gzip.decompress(answer.content)) == ask(session, tmdb).json()

    def test_spoilt_gzip(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.corrupt_gzip())
        with pytest.raises(requests.exceptions.ContentDecodingError):
            ask(session, tmdb)

    def test_cut_gzip_is_whole_http_and_lacks_its_end(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.cut_gzip())
        with pytest.raises(EOFError):
            gzip.decompress(ask(session, tmdb).content)

    def test_a_bomb_is_small_on_the_wire_and_valid_inside(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.gzip_bomb(5_000_000))
        answer = ask(session, tmdb)
        assert int(answer.headers["Content-Length"]) < 20_000
        assert len(answer.content) == 5_000_000
        assert answer.json()["results"] == []

    def test_a_huge_body_has_its_size_and_no_end(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.huge_body(3_000_001))
        answer = ask(session, tmdb)
        assert len(answer.content) == 3_000_001
        assert answer.content.startswith(b'{"page": 1, "results": [{"id": 1')


class TestBrokenTransport:
    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            (fake_tmdb.reset(), requests.ConnectionError),
            (fake_tmdb.no_answer(), requests.ConnectionError),
            (fake_tmdb.hang(0.05), requests.ConnectionError),
            (fake_tmdb.reset_in_head(), requests.ConnectionError),
            (fake_tmdb.hang_mid_body(0.05), requests.exceptions.ChunkedEncodingError),
            (fake_tmdb.reset_mid_body(), requests.exceptions.ChunkedEncodingError),
            (fake_tmdb.cut_body(), requests.exceptions.ChunkedEncodingError),
            (fake_tmdb.cut_chunked(), requests.exceptions.ChunkedEncodingError),
        ],
        ids=lambda value: value.name.replace(" ", "_") if isinstance(value, Fault) else "",
    )
    def test_the_client_notices_and_the_next_request_is_answered(
        self,
        tmdb: FakeTmdb,
        session: requests.Session,
        fault: Fault,
        expected: type[requests.RequestException],
    ) -> None:
        ask(session, tmdb)
        tmdb.fail(fault)
        with pytest.raises(expected):
            ask(session, tmdb)
        assert ask(session, tmdb).status_code == 200
        assert tmdb.requests[1].status == (None if fault.silent else 200)

    def test_reset_mid_body_comes_after_half_of_it(self, tmdb: FakeTmdb) -> None:
        tmdb.fail(fake_tmdb.reset_mid_body())
        with connected(tmdb) as sock:
            sock.sendall(b"GET /3/movie/popular HTTP/1.1\r\n\r\n")
            assert b'"results": [' in sock.recv(65536)
            with pytest.raises(ConnectionResetError):
                sock.recv(65536)

    def test_reset_in_head_comes_after_half_of_it(self, tmdb: FakeTmdb) -> None:
        tmdb.fail(fake_tmdb.reset_in_head())
        with connected(tmdb) as sock:
            sock.sendall(b"GET /3/movie/popular HTTP/1.1\r\n\r\n")
            head = sock.recv(65536)
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert b"\r\n\r\n" not in head
            with pytest.raises(ConnectionResetError):
                sock.recv(65536)

    def test_connections_are_reset_before_they_can_ask(self, tmdb: FakeTmdb) -> None:
        tmdb.reset_next_connections(2)
        for _ in range(2):
            with pytest.raises(OSError, match=r"reset|pipe"):
                raw_answer(tmdb)
        assert raw_answer(tmdb, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert tmdb.count() == 1

    def test_a_server_that_vanished_ends_connections_and_refuses_new_ones(
        self, tmdb: FakeTmdb
    ) -> None:
        with connected(tmdb) as sock:
            sock.sendall(b"GET /3/authentication HTTP/1.1\r\n\r\n")
            assert sock.recv(65536)
            tmdb.vanish()
            assert sock.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            connected(tmdb)

    def test_a_cut_body_is_shorter_than_promised(self, tmdb: FakeTmdb) -> None:
        tmdb.fail(fake_tmdb.cut_body())
        head, _, body = raw_answer(tmdb).partition(b"\r\n\r\n")
        promised = re.search(rb"Content-Length: (\d+)", head)
        assert promised
        assert 0 < len(body) < int(promised[1])

    def test_chunks_are_put_together(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.chunked())
        answer = ask(session, tmdb)
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.json() == ask(session, tmdb).json()
        assert tmdb.connections == 1

    def test_a_wrong_length_cuts_the_json(self, tmdb: FakeTmdb, session: requests.Session) -> None:
        tmdb.fail(fake_tmdb.wrong_length())
        with pytest.raises(requests.exceptions.JSONDecodeError):
            ask(session, tmdb).json()

    def test_a_slow_body_comes_byte_by_byte(self, tmdb: FakeTmdb) -> None:
        tmdb.fail(fake_tmdb.slow_body(0.002), path="/authentication")
        pieces = pieces_of(tmdb, b"GET /3/authentication HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert b"".join(pieces).endswith(b'"Success."}')
        assert len(pieces) > 10

    def test_slow_headers_come_in_pieces_and_the_body_at_once(self, tmdb: FakeTmdb) -> None:
        tmdb.fail(fake_tmdb.slow_headers(0.2))
        pieces = pieces_of(tmdb, b"GET /3/movie/popular HTTP/1.1\r\nConnection: close\r\n\r\n")
        head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert len(json.loads(body)["results"]) == 20
        assert len(pieces) > 4

    def test_a_hang_runs_into_the_read_timeout(
        self, tmdb: FakeTmdb, session: requests.Session
    ) -> None:
        tmdb.fail(fake_tmdb.hang(60))
        with pytest.raises(requests.ReadTimeout):
            session.get(tmdb.url + POPULAR, timeout=0.05)


class TestTheEnd:
    @pytest.mark.parametrize(
        "fault",
        [
            fake_tmdb.hang(3600),
            fake_tmdb.slow_body(3600),
            fake_tmdb.slow_headers(36_000),
            fake_tmdb.huge_body(10**15),
        ],
        ids=lambda fault: fault.name.replace(" ", "_"),
    )
    def test_it_ends_all_that_is_under_way_without_a_word(
        self, fault: Fault, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with FakeTmdb() as tmdb:
            tmdb.fail(fault, times=None)
            clients = [connected(tmdb) for _ in range(5)]
            for client in clients:
                client.sendall(b"GET /3/movie/popular HTTP/1.1\r\n\r\n")
            wait_for(lambda: tmdb.count() == 5)
        for client in clients:
            client.close()
        assert not [one for one in threading.enumerate() if one.name == "fake-tmdb"]
        assert capfd.readouterr() == ("", "")

    def test_idle_clients_do_not_hold_it_up(self, session: requests.Session) -> None:
        with FakeTmdb() as tmdb:
            ask(session, tmdb)
        assert not [one for one in threading.enumerate() if one.name == "fake-tmdb"]
        with pytest.raises(requests.ConnectionError):
            ask(session, tmdb)
