"""doctor: what is wrong on the way to TMDB is named, and nothing healthy is blamed."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import V3_KEY, FakeTmdb
from urllib3.util.connection import create_connection

from pipeline.ops.doctor import network as probe
from pipeline.tmdb import transport

NAME = "films.invalid"


def test_doctor_names_ipv6_where_its_addresses_are_silent(
    tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = create_connection

    def silent_ipv6(to: tuple[str, int], timeout: float, **options: Any) -> socket.socket:
        if ":" in to[0]:
            raise TimeoutError
        return real(to, timeout, **options)

    monkeypatch.setattr(transport, "create_connection", silent_ipv6)
    monkeypatch.setattr(transport, "look_up", lambda *_: ["2001:db8::1", "127.0.0.1"])
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", tmdb.url)

    found = probe.host()

    assert found.state == "warning"
    assert "IPv6: none of its 1 address(es) answers" in found.found
    assert "IPv6" in found.fix
    assert probe.key().state == "ok"


def test_doctor_asks_nothing_while_tmdb_asks_to_wait(
    tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", tmdb.url)
    tmdb.fail(fake.too_many("3600"))
    assert probe.key().state == "problem"
    asked = tmdb.count()

    found, host, clock = probe.key(), probe.host(), probe.clock_and_zone()

    assert {found.state, host.state, clock.state} == {"warning"}
    assert "TMDB asks to wait until 20" in found.found
    assert tmdb.count() == asked


def test_doctor_tells_a_block_page_from_a_refused_key(
    tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", tmdb.url)
    tmdb.fail(fake.blocked(403), times=None)

    found = probe.key()

    assert found.state == "problem"
    assert "something between here and TMDB answers" in found.found
    assert "TMDB_API_KEY" not in found.found + found.fix


@pytest.mark.parametrize("answer", [{}, {"ok": True}, [], {"success": False}])
def test_doctor_does_not_call_a_key_accepted_that_something_else_took(
    answer: object, tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", tmdb.url)
    tmdb.fail(fake.json_body(answer), times=None)

    assert probe.key().state == "problem"


def test_doctor_sees_certificates_that_cannot_be_used_behind_a_proxy_too(
    tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", f"https://{NAME}/3")
    monkeypatch.setenv("https_proxy", tmdb.url.removesuffix("/3"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")

    assert "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file" in probe.host().found


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "https_proxy"])
def test_doctor_sees_a_proxy_that_cannot_work(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", f"https://{NAME}/3")
    monkeypatch.setenv(variable, "socks5h://127.0.0.1:1080")

    found = probe.host()

    assert found.state == "problem"
    assert "ALL_PROXY names a proxy that cannot be used (SOCKS" in found.found
