"""The key goes to the right host and nowhere else: certificates, proxies, redirects, clear text."""

from __future__ import annotations

import ast
import datetime
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeGuard

import pytest
import support.fake_tmdb as fake
import trustme
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.repository import REPOSITORY
from support.tls import PAGE, ConnectProxy, TlsServer
from support.transports import make_session, unchanged

from pipeline.errors import RequestRejected, TmdbBlocked, TmdbUnavailable
from pipeline.ops.doctor.network import clock_and_zone, host
from pipeline.ops.settings import sends_key_in_clear
from pipeline.settings import current
from pipeline.tmdb.transport import Network

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ0bHMifQ.c2lnbmF0dXJlLW9mLXRscw"
NAME = "films.invalid"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(autouse=True)
def no_other_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[TlsServer]:
    """One whose certificate is good for 127.0.0.1 and one name, for who trusts its authority."""
    with TlsServer(authority.issue_cert("127.0.0.1", NAME)) as server:
        yield server


def ask(url: str, secret: str = V3_KEY, retries: int = 0) -> Any:
    with make_session(url, secret, retries=retries) as session:
        return session.get("/movie/popular", {"page": "1"}, unchanged, threading.Event())


def test_a_certificate_of_a_trusted_authority_is_accepted(
    server: TlsServer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)

    assert ask(f"https://127.0.0.1:{server.port}/3") == PAGE
    assert server.paths == [f"/3/movie/popular?api_key={V3_KEY}&page=1"]


def test_a_certificate_of_an_unknown_authority_is_refused_before_the_key_is_sent(
    server: TlsServer,
) -> None:
    with pytest.raises(TmdbUnavailable, match="certificate is not trusted") as raised:
        ask(f"https://127.0.0.1:{server.port}/3")

    assert "REQUESTS_CA_BUNDLE" in str(raised.value)
    assert server.paths == []


def test_a_certificate_of_another_host_is_refused_before_the_key_is_sent(
    authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with (
        TlsServer(authority.issue_cert("127.0.0.2", NAME)) as server,
        pytest.raises(TmdbUnavailable, match="the certificate is of another host"),
    ):
        ask(f"https://127.0.0.1:{server.port}/3")

    assert server.paths == []


def test_a_certificate_that_has_expired_is_named_as_that(
    authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    old = authority.issue_cert("127.0.0.1", not_after=yesterday)
    with TlsServer(old) as server, pytest.raises(TmdbBlocked, match="has expired, or this clock"):
        ask(f"https://127.0.0.1:{server.port}/3")


def test_a_certificate_that_is_not_trusted_is_met_once(
    server: TlsServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Another attempt a second later meets the same certificate."""
    caplog.set_level("INFO", "luigi-interface.pipeline")
    with pytest.raises(TmdbBlocked):
        ask(f"https://127.0.0.1:{server.port}/3", retries=5)

    assert caplog.messages == []


def test_doctor_trusts_the_same_certificates_as_a_run(
    server: TlsServer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", f"https://127.0.0.1:{server.port}/3")

    untrusted = host()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    trusted, clock = host(), clock_and_zone()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{bundle}.gone")
    gone = host()

    assert (untrusted.state, trusted.state, clock.state, gone.state) == (
        "problem", "ok", "ok", "problem",
    )  # fmt: skip
    assert "is not trusted" in untrusted.found
    assert "REQUESTS_CA_BUNDLE" in untrusted.fix
    assert "REQUESTS_CA_BUNDLE" in gone.found
    assert V3_KEY not in "".join(server.paths)


def test_a_folder_of_certificates_is_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("ssl.create_default_context", lambda **given: asked.append(given))
    for value in (str(tmp_path), f"{tmp_path}/x.pem"):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", value)
        Network("https://127.0.0.1/3")
    assert asked == [
        {"cafile": None, "capath": tmp_path},
        {"cafile": tmp_path / "x.pem", "capath": None},
    ]


def test_no_code_switches_the_look_at_certificates_off() -> None:
    """`verify=False`, `CERT_NONE` and the like are not in the source, nor a variable for it."""
    found = [
        f"{path}:{node.lineno}"
        for path in (REPOSITORY / "pipeline").rglob("*.py")
        for text in [path.read_text("utf-8")]
        if any(name in text for name in _SWITCHES)
        for node in ast.walk(ast.parse(text))
        if _switches_off(node)
    ]
    assert found == []
    for line in ("get(verify=False)", "ssl.CERT_NONE", "ssl._create_unverified_context()",
                 "session.verify = False", "context.check_hostname = False"):  # fmt: skip
        assert any(map(_switches_off, ast.walk(ast.parse(line)))), line


_FLAGS = ("verify", "check_hostname")
_UNVERIFIED = ("CERT_NONE", "_create_unverified_context", "disable_warnings")
_SWITCHES = _FLAGS + _UNVERIFIED


def _switches_off(node: ast.AST) -> TypeGuard[ast.keyword | ast.Assign | ast.Attribute]:
    if isinstance(node, ast.keyword):
        return node.arg in _FLAGS and _is_false(node.value)
    if isinstance(node, ast.Assign):
        names = {each.attr for each in node.targets if isinstance(each, ast.Attribute)}
        return not names.isdisjoint(_FLAGS) and _is_false(node.value)
    return isinstance(node, ast.Attribute) and node.attr in _UNVERIFIED


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


# proxies


@pytest.mark.parametrize("secret", [V3_KEY, TOKEN], ids=["key", "token"])
def test_a_proxy_of_an_https_address_sees_its_name_and_nothing_else(
    secret: str, server: TlsServer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with ConnectProxy(server.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        answer = ask(f"https://{NAME}/3", secret)

    assert answer == PAGE
    assert secret in "".join(server.paths + server.headers), "the server itself gets it"
    head, _, tunnelled = bytes(proxy.seen).partition(b"\r\n\r\n")
    assert head.startswith(f"CONNECT {NAME}:443 HTTP/1.".encode())
    assert len(tunnelled) > 500
    for part in (secret, *secret.split("."), "api_key", "Bearer", "/movie/popular"):
        assert part.encode() not in proxy.seen


def test_a_proxy_that_answers_in_the_hosts_place_is_refused(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(server.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(TmdbUnavailable, match="certificate is not trusted"):
            ask(f"https://{NAME}/3")

    assert server.paths == []
    assert V3_KEY.encode() not in proxy.seen


# redirects


@pytest.fixture
def elsewhere() -> Iterator[FakeTmdb]:
    """Another host, which takes any key: it has to hear nothing."""
    with FakeTmdb(limit=None) as stranger:
        yield stranger


PLACES: dict[str, Callable[[str], str]] = {
    "another port": lambda url: f"{url}/movie/popular",
    "another name": lambda url: url.replace("127.0.0.1", "localhost") + "/movie/popular",
    "no scheme": lambda url: url.removeprefix("http:") + "/movie/popular",
    "a login before it": lambda url: url.replace("//", "//api.themoviedb.org@") + "/x",
    "https": lambda url: url.replace("http:", "https:") + "/movie/popular",
}


@pytest.mark.parametrize("secret", [V3_KEY, TOKEN], ids=["key", "token"])
@pytest.mark.parametrize("header", ["Location", "Refresh", "Content-Location", "Link"])
@pytest.mark.parametrize("place", PLACES)
def test_no_header_of_an_answer_leads_the_key_to_another_host(
    place: str, header: str, secret: str, elsewhere: FakeTmdb
) -> None:
    target = PLACES[place](elsewhere.url)
    value = {"Refresh": f"0; url={target}", "Link": f"<{target}>; rel=canonical"}.get(
        header, target
    )
    with FakeTmdb(key=secret, limit=None) as asked:
        asked.fail(fake.status(307, b"", {header: value}), times=None)
        with pytest.raises(RequestRejected, match="307"):
            ask(asked.url, secret)
        assert asked.count() == 1

    assert elsewhere.connections == 0


# in clear


@pytest.mark.parametrize(
    ("url", "key", "in_clear"),
    [
        ("https://api.themoviedb.org/3", V3_KEY, False),
        ("http://127.0.0.1:8000/3", V3_KEY, False),
        ("http://localhost/3", V3_KEY, False),
        ("http://[::1]:1/3", V3_KEY, False),
        ("http://films.invalid/3", V3_KEY, True),
        ("http://192.0.2.1/3", V3_KEY, True),
        ("http://127.0.0.1.films.invalid/3", V3_KEY, True),
        ("http://films.invalid/3", "demo", False),
    ],
)
def test_it_is_known_whether_the_key_would_cross_a_network_in_clear(
    url: str, key: str, in_clear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_URL", url)
    monkeypatch.setenv("TMDB_API_KEY", key)

    assert sends_key_in_clear(current()) is in_clear


def test_doctor_warns_of_it_too(monkeypatch: pytest.MonkeyPatch, tmdb: FakeTmdb) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", f"http://{NAME}/3")
    monkeypatch.setenv("http_proxy", tmdb.url.removesuffix("/3"))

    found = host()

    assert found.state == "warning"
    assert "in clear" in found.found
    assert "https" in found.fix
