"""The messages of errors, word for word, and what they keep to themselves."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.transports import make_session, unchanged

from pipeline.errors import CredentialRefused, RequestRejected
from pipeline.tmdb.errors import network_error

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ0ZXN0In0.c2lnbmF0dXJl"
OTHER_KEY = "f" * 32
PATH = "/movie/popular"


def said(tmdb: FakeTmdb, key: str, kind: type[Exception]) -> str:
    """What asking with that key fails with, the host left out."""
    with make_session(tmdb.url, key) as session, pytest.raises(kind) as caught:
        session.get(PATH, {}, unchanged, threading.Event())
    return str(caught.value).replace(urlsplit(tmdb.url).netloc, "HOST")


@pytest.mark.parametrize(("key", "name"), [(OTHER_KEY, "v3 key"), (TOKEN, "Read Access Token")])
def test_a_refusal_names_the_kind_of_credential_and_where_yours_is(
    tmdb: FakeTmdb, key: str, name: str
) -> None:
    assert said(tmdb, key, CredentialRefused) == (
        f"HOST refuses the {name} in TMDB_API_KEY: correct it in the environment or .env (yours is "
        "at https://www.themoviedb.org/settings/api), then run the same command again: what is "
        "finished is kept."
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"status_code": 34, "status_message": "No such\n page"}, " (No such page)"),
        ({"status_code": 34, "status_message": "x" * 300}, f" ({'x' * 200})"),
        ({"other": 1}, ""),
        ([1], ""),
        (5, ""),
    ],
)
def test_a_rejection_passes_tmdbs_words_on_where_there_are_some(
    tmdb: FakeTmdb, body: object, words: str
) -> None:
    answer = fake.json_body(body)
    tmdb.fail(replace(answer, change=lambda reply: replace(answer.change(reply), status=422)))
    assert said(tmdb, V3_KEY, RequestRejected) == (
        f"HOST rejects the request {PATH} with HTTP status 422{words}; retrying cannot help: check "
        "TMDB_API_URL, and whether a proxy or a captive portal answers instead."
    )


# What urllib3 logs


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")
    with make_session("http://127.0.0.1/3"):
        return caplog


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("GET /3?api_key=abc&page=1", "GET /3?api_key=[credential]&page=1"),
        ("GET /3?page=1&api_key=abc", "GET /3?page=1&api_key=[credential]"),
        ('"GET /3?api_key=abc HTTP/1.1" 200', '"GET /3?api_key=[credential] HTTP/1.1" 200'),
        ('"GET /3?api_key=abc" & more', '"GET /3?api_key=[credential]" & more'),
        ("?api_key=abc&x ?api_key=abc", "?api_key=[credential]&x ?api_key=[credential]"),
        ("url: '/3?api_key=abc'", "url: '/3?api_key=[credential]'"),
        ("nothing of that kind: api_ke", "nothing of that kind: api_ke"),
    ],
)  # fmt: skip
def test_a_key_is_redacted_anywhere_in_what_urllib3_logs(
    message: str, kept: str, logged: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("urllib3.connectionpool").debug(message)
    assert logged.messages == [kept]


def test_a_key_among_the_arguments_of_a_message_is_left_out(
    logged: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("urllib3.connectionpool").debug("%s and %d", "?api_key=abc&page=1", 7)
    assert logged.messages == ["?api_key=[credential]&page=1 and 7"]


# Reasons


class ProxyError(Exception):
    """Named as that of requests is: the reasons go by names."""


REFUSED = OSError(111, "Connection refused")


@pytest.mark.parametrize(
    ("error", "cause", "words"),
    [
        (ProxyError("y"), "unreachable", "the proxy does not work: the connection broke"),
        (ValueError("x", KeyError(ProxyError(REFUSED))), "unreachable",
         "the proxy does not work: the connection was refused"),
        (REFUSED, "unreachable", "the connection was refused"),
        (OSError(101, "Network is unreachable"), "unreachable", "there is no route to the host"),
        (OSError(113, "No route to host"), "unreachable", "there is no route to the host"),
        (ValueError("something secret"), "unanswered", "the connection broke"),
    ],
)  # fmt: skip
def test_a_reason_is_found_wherever_an_error_wraps_it(
    error: Exception, cause: str, words: str
) -> None:
    failure = network_error(error)
    assert (failure.cause, str(failure)) == (cause, words)
