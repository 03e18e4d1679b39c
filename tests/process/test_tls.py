"""A run that meets a certificate it does not trust."""

from __future__ import annotations

import trustme
from support.luigi_runs import LuigiRun
from support.tls import TlsServer


def test_a_run_says_what_to_do_about_a_certificate(luigi_run: LuigiRun) -> None:
    with TlsServer(trustme.CA().issue_cert("127.0.0.1")) as server:
        run = luigi_run(
            *("PopularMovies", "--date", "2024-01-07"),
            TMDB_API_URL=f"https://127.0.0.1:{server.port}/3",
            TMDB_MAX_RETRIES="0",
            REQUESTS_CA_BUNDLE=None,
        )

    assert run.status == 30
    assert "certificate is not trusted" in run.err
    assert "REQUESTS_CA_BUNDLE" in run.err
    assert "Traceback" not in run.err
    assert server.paths == []
