"""The key goes to the right host and nowhere else: certificates, proxies, redirects, clear text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from support.luigi_runs import LuigiRun
from support.tls import TlsServer

POPULAR = ("PopularMovies", "--date", "2024-01-07")


NAME = "films.invalid"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[TlsServer]:
    """One whose certificate is good for 127.0.0.1 and one name, for who trusts its authority."""
    with TlsServer(authority.issue_cert("127.0.0.1", NAME)) as server:
        yield server


def test_a_run_says_what_to_do_about_a_certificate(
    server: TlsServer, bundle: str, luigi_run: LuigiRun
) -> None:
    url = f"https://127.0.0.1:{server.port}/3"
    run = luigi_run(*POPULAR, TMDB_API_URL=url, TMDB_MAX_RETRIES="0", REQUESTS_CA_BUNDLE=None)

    assert run.status == 30
    assert "certificate is not trusted" in run.err
    assert "REQUESTS_CA_BUNDLE" in run.err
    assert "Traceback" not in run.err
    assert server.paths == []
