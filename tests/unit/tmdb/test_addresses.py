"""Names are looked up, and connections opened, as what was asked for."""

from __future__ import annotations

import logging
import socket
from typing import Any

import pytest
from urllib3.exceptions import NewConnectionError

from pipeline.tmdb import transport
from pipeline.tmdb.credential import Credential, redact_api_key


def test_a_host_is_looked_up_by_name_and_port_and_ipv4_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def look_up(*arguments: Any, **named: Any) -> list[Any]:
        asked.append((arguments, named))
        return [(0, 0, 0, "", (each, 443)) for each in ("::1", "10.0.0.1", "::1", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert transport.look_up("[::1]", 443) == ["10.0.0.1", "127.0.0.1", "::1"]
    assert asked == [(("::1", 443), {"type": socket.SOCK_STREAM})]
    transport.look_up("Xenon.example", 80)
    assert asked[1][0] == ("Xenon.example", 80)


def test_a_name_that_no_host_can_have_is_not_known() -> None:
    with pytest.raises(socket.gaierror) as caught:
        transport.look_up("a" * 70 + ".example", 443)
    assert caught.value.args == (socket.EAI_NONAME, "it is no host name")


def test_each_address_has_its_share_of_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Any] = []

    def create(address: Any, timeout: float, socket_options: Any = None) -> socket.socket:
        tried.append((address, timeout, socket_options))
        if len(tried) in (1, 2):
            raise ConnectionRefusedError(f"no {len(tried)}")
        return socket.socket()

    monkeypatch.setattr(transport, "create_connection", create)
    with pytest.raises(ConnectionRefusedError, match="no 2"):
        transport.connect(["10.0.0.1", "10.0.0.2"], 443, 5.0, ["options"])
    assert tried == [(("10.0.0.1", 443), 2.5, ["options"]), (("10.0.0.2", 443), 2.5, ["options"])]
    with transport.connect(["10.0.0.3"], 80, 5.0, ["options"]) as connection:
        assert connection.gettimeout() == 5.0
    assert tried[2] == (("10.0.0.3", 80), 5.0, ["options"])
    with pytest.raises(OSError, match=r"^the name has no addresses$"):
        transport.connect([], 80, 5.0)


def test_a_connection_is_to_its_host_and_port(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def look_up(*host_and_port: Any) -> list[str]:
        asked.append(host_and_port)
        return []

    monkeypatch.setattr(transport, "look_up", look_up)
    connection = transport.Connection("tmdb.example", 8080, timeout=5.0)
    with pytest.raises(NewConnectionError, match="no addresses") as caught:
        connection._new_conn()
    assert asked == [("tmdb.example", 8080)]
    assert caught.value.conn is connection


def test_no_logger_of_urllib3_shows_the_key() -> None:
    transport.Transport("http://127.0.0.1:9", Credential("0" * 32), connections=1).close()
    for name in ("connectionpool", "connection", "util.retry"):
        assert redact_api_key in logging.getLogger(f"urllib3.{name}").filters
    assert redact_api_key not in logging.getLogger().filters
