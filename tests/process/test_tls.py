"""A run that meets a certificate it does not trust."""

from __future__ import annotations

import trustme
from support.fake_tmdb import FakeTmdb
from support.luigi_runs import LuigiRun
from support.tls import TlsServer

POPULAR = ("PopularMovies", "--date", "2024-01-07")


def test_a_run_says_what_to_do_about_a_certificate(luigi_run: LuigiRun) -> None:
    with TlsServer(trustme.CA().issue_cert("127.0.0.1")) as server:
        run = luigi_run(
            *POPULAR,
            TMDB_API_URL=f"https://127.0.0.1:{server.port}/3",
            TMDB_MAX_RETRIES="0",
            REQUESTS_CA_BUNDLE=None,
        )

    assert run.status == 30
    assert "certificate is not trusted" in run.err
    assert "REQUESTS_CA_BUNDLE" in run.err
    assert "Traceback" not in run.err
    assert server.paths == []


def test_a_run_warns_of_it_once_and_does_its_work(luigi_run: LuigiRun, tmdb: FakeTmdb) -> None:
    proxy = tmdb.url.removesuffix("/3")
    message = "TMDB_API_URL is no https address: the key crosses the network in clear"

    clear = luigi_run(*POPULAR, TMDB_API_URL="http://films.invalid/3", http_proxy=proxy)
    here = luigi_run("TrendingMovies", "--date", "2024-01-07")

    assert (clear.status, here.status) == (0, 0), clear.output
    assert clear.err.count(message) == 1
    assert message not in here.err
