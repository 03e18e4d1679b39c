"""Reading the body of an answer: whole, within bounds, unpacked, decoded."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from pipeline import clock
from pipeline.tmdb import response
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.errors import Failure

# It is given streams that have no more than it needs.
read: Any = response.read

TEXT = b'{"page": 1}' * 100


class Pieces:
    """A stream that hands out its pieces one by one."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.asked: list[tuple[int | None, bool | None]] = []

    def read1(self, amt: int | None = None, decode_content: bool | None = None) -> bytes:
        self.asked.append((amt, decode_content))
        return self._pieces.pop(0) if self._pieces else b""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Take no more than so many bytes for a page."""
    monkeypatch.setattr(response, "MAX_BODY_BYTES", 3 << 20)
    return 3 << 20


def too_large(stream: Pieces) -> str:
    with pytest.raises(Failure) as caught:
        read(stream)
    assert caught.value.cause == "too large"
    return str(caught.value)


TOO_LARGE = "3 MiB"


def test_chunks_are_joined() -> None:
    stream = Pieces(b"a", b"bc", b"d")
    assert read(stream) == b"abcd"
    assert stream.asked == [(65_536, True)] * 4
    assert read(Pieces()) == b""


def test_gzip_that_was_not_announced_is_unpacked() -> None:
    packed = gzip.compress(TEXT)
    assert read(Pieces(packed[:5], packed[5:])) == TEXT


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_body_of_the_highest_size_is_accepted_and_one_byte_more_is_not(
    pack: Callable[[bytes], bytes], small: int
) -> None:
    assert len(read(Pieces(pack(bytes(small))))) == small
    assert too_large(Pieces(pack(bytes(small + 1)))) == TOO_LARGE


def test_a_body_without_end_is_left_unread(small: int) -> None:
    stream = Pieces(*[bytes(1 << 20)] * 10)
    assert too_large(stream) == TOO_LARGE
    assert len(stream.asked) == 4


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (gzip.compress(TEXT, mtime=0)[:-9], "a damaged gzip body"),
        (gzip.compress(TEXT, mtime=0)[:12], "a damaged gzip body"),
        (gzip.compress(TEXT, mtime=0)[:10] + b"\xff" * 20, "a damaged gzip body"),
        (b"\x1f\x8b" + zlib.compress(TEXT), "a damaged gzip body"),
    ],
)
def test_damaged_gzip_is_a_transient_error(packed: bytes, why: str) -> None:
    with pytest.raises(Failure, match=f"^{why}$"):
        read(Pieces(packed))


def test_a_body_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 160.0, 160.0, 160.1])
    monkeypatch.setattr(clock, "monotonic", lambda: next(moments))
    with pytest.raises(Failure, match=r"^no whole answer within 60 s$"):
        read(Pieces(b"a", b"b", b"c", b"d"))


@pytest.mark.parametrize(
    "content", [b"<html>", b"", b"{", b"NaN", b"1e999", b"1" * 5000, b"\xff", b"[" * 100_000]
)
def test_what_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        response.decode(content)


def test_32_levels_are_decoded_and_no_more() -> None:
    assert response.decode(b"[" * 32 + b"]" * 32)
    with pytest.raises(ValueError, match="32 levels"):
        response.decode(b"[" * 33 + b"]" * 33)


def test_json_is_decoded() -> None:
    assert response.decode(TEXT[:11]) == {"page": 1}
    assert response.decode(b"\xef\xbb\xbf" + TEXT[:11]) == {"page": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud800"', "\ufffd"),
        (r'"\uDFFF x"', "\ufffd x"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (r'"\ud83d\ude00\ude00"', "\U0001f600\ufffd"),
        (r'"\\ud800 \ud800"', "\\ud800 \ufffd"),
        (r'"\\\ud800"', "\\\ufffd"),
        (r'"\ud800\n\""', '\ufffd\n"'),
        (r'{"\udc00": 1}', {"\ufffd": 1}),
    ],
)
def test_a_lone_surrogate_is_replaced_and_nothing_else_is(text: str, value: object) -> None:
    assert response.decode(text.encode()) == value


def test_a_lone_surrogate_that_came_as_bytes_is_replaced() -> None:
    assert response.decode('"가\ud800나"'.encode("utf-8", "surrogatepass")) == "가\ufffd나"


KEY = Credential("00112233445566778899aabbccddeeff")


def failure_of(status: int, body: bytes) -> Failure:
    with pytest.raises(Failure) as caught:
        response.parse(response.RawResponse(status, {}, body), KEY)
    return caught.value


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"status_code": 99}'], ids=["empty", "no error", "an unknown error"]
)
def test_a_401_of_tmdb_itself_refuses_the_key(body: bytes) -> None:
    refused = failure_of(401, body)
    assert (refused.cause, refused.facts, refused.hold_seconds) == ("refused", {"status": 401}, 0)


def test_a_401_that_is_a_web_page_is_of_something_in_between() -> None:
    assert failure_of(401, b"<html>Log in</html>").cause == "blocked"
    assert failure_of(402, b"{}").cause == "rejected"


@pytest.mark.parametrize(("status", "body"), [(401, b'{"status_code": 25}'), (429, b"{}")])
def test_a_rate_limit_without_a_time_holds_for_a_moment(status: int, body: bytes) -> None:
    limited = failure_of(status, body)
    assert (limited.cause, limited.hold_seconds) == ("unanswered", 1.0)
