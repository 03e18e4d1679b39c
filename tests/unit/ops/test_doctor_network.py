"""doctor: what is wrong on the way to TMDB is named, and nothing healthy is blamed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import V3_KEY, FakeTmdb
from trials.outages import full_backlog

from pipeline.ops.probes import tmdb as probe
from pipeline.ops.probes.machine import clock_and_zone
from pipeline.tmdb import addresses
from pipeline.tmdb.addresses import Address

NAME = "films.invalid"
V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def silent() -> Iterator[tuple[str, int]]:
    """An address that takes no connection and says nothing."""
    with full_backlog() as url:
        yield "127.0.0.1", int(url.rsplit(":", 1)[1].removesuffix("/3"))


def test_doctor_names_ipv6_where_its_addresses_are_silent(
    silent: tuple[str, int], tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = ("127.0.0.1", int(tmdb.url.rsplit(":", 1)[1].removesuffix("/3")))
    of_a_name = [Address(V6, silent), Address(V4, alive)]
    monkeypatch.setattr(probe, "_SECONDS", 0.8)
    monkeypatch.setattr(addresses, "look_up", lambda *_: of_a_name)
    real = addresses._begin

    def begin(address: Address, *given: Any) -> socket.socket:
        return real(Address(V4, address.to), *given)

    monkeypatch.setattr(addresses, "_begin", begin)
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

    found, clock = probe.key(), clock_and_zone()

    assert (found.state, clock.state) == ("warning", "warning")
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

    assert probe.host().found.startswith("REQUESTS_CA_BUNDLE names no file of certificates")


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "https_proxy"])
def test_doctor_sees_a_proxy_that_cannot_work(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", f"https://{NAME}/3")
    monkeypatch.setenv(variable, "socks5h://127.0.0.1:1080")

    found = probe.host()

    assert found.state == "problem"
    assert found.found.startswith(f"{variable} names a proxy that cannot be used (SOCKS")
