"""A TMDB to test against: a real HTTP server on 127.0.0.1 that can be told to misbehave.

    with FakeTmdb(key="0" * 32) as tmdb:
        tmdb.fail(status(503), path="/movie/popular", page=3, times=2)
        ...                               # the code under test talks to tmdb.url
        assert tmdb.pages("/movie/popular") == [1, 2, 3, 3, 3, 4, 5]

Real sockets, because what hurts a client in the wild (a reset, half a body, a byte a second)
happens below the level a mock can reach.
"""

from support.fake_tmdb.catalogue import RowsOf
from support.fake_tmdb.faults import Fault
from support.fake_tmdb.faults_of_content import (
    blocked,
    edit,
    empty_page,
    error,
    html_ok,
    json_body,
    not_json,
    redirect,
    refused,
    status,
    too_many,
)
from support.fake_tmdb.faults_of_encoding import (
    corrupt_gzip,
    cut_gzip,
    gzip_announced,
    gzip_bomb,
    gzip_unannounced,
    huge_body,
)
from support.fake_tmdb.faults_of_transport import (
    chunked,
    cut_body,
    cut_chunked,
    hang,
    hang_mid_body,
    no_answer,
    reset,
    reset_in_head,
    reset_mid_body,
    slow_body,
    slow_headers,
    wrong_length,
)
from support.fake_tmdb.films import Row
from support.fake_tmdb.ledger import Request
from support.fake_tmdb.server import FakeTmdb

V3_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
"""The key that the fake accepts in tests; they look for it where no key may appear."""

__all__ = [
    "V3_KEY",
    "FakeTmdb",
    "Fault",
    "Request",
    "Row",
    "RowsOf",
    "blocked",
    "chunked",
    "corrupt_gzip",
    "cut_body",
    "cut_chunked",
    "cut_gzip",
    "edit",
    "empty_page",
    "error",
    "gzip_announced",
    "gzip_bomb",
    "gzip_unannounced",
    "hang",
    "hang_mid_body",
    "html_ok",
    "huge_body",
    "json_body",
    "no_answer",
    "not_json",
    "redirect",
    "refused",
    "reset",
    "reset_in_head",
    "reset_mid_body",
    "slow_body",
    "slow_headers",
    "status",
    "too_many",
    "wrong_length",
]
