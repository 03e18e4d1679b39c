"""A fake TMDB: a real HTTP server on 127.0.0.1 that fails on demand.

    with FakeTmdb(key="0" * 32) as tmdb:
        tmdb.fail(status(503), path="/movie/popular", page=3, times=2)
        ...                               # the code under test talks to tmdb.url
        assert tmdb.pages("/movie/popular") == [1, 2, 3, 3, 3, 4, 5]

It uses real sockets, because many failures of a real connection (a reset, half a body, a byte a
second) cannot be simulated by a mock.
"""

from support.fake_tmdb.catalogue import MakeRows
from support.fake_tmdb.content_faults import (
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
from support.fake_tmdb.encoding_faults import (
    corrupt_gzip,
    cut_gzip,
    gzip_announced,
    gzip_bomb,
    gzip_unannounced,
    huge_body,
)
from support.fake_tmdb.faults import Fault
from support.fake_tmdb.movies import Row
from support.fake_tmdb.request_log import Request
from support.fake_tmdb.server import FakeTmdb
from support.fake_tmdb.transport_faults import (
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

V3_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
"""The key that tests use; some of them check that it appears in no file or message."""

__all__ = [
    "V3_KEY",
    "FakeTmdb",
    "Fault",
    "MakeRows",
    "Request",
    "Row",
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
