"""The requests of a heartbeat: repeated, bounded, and never shown."""

from __future__ import annotations

import logging

import pytest
from support.receivers import TOKEN, Switch

from pipeline.ops.alerts import heartbeat
from pipeline.tmdb.credential import Secret


@pytest.fixture(autouse=True)
def quick(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pause between no attempts, and record every line, as with --log-level DEBUG."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(heartbeat, "PAUSE_SECONDS", 0.0)


def test_a_service_that_refuses_is_asked_again(switch: Switch) -> None:
    switch.refuses = heartbeat.ATTEMPTS - 1
    assert heartbeat.send(Secret(switch.url))
    assert switch.paths == [f"/ping/{TOKEN}"] * heartbeat.ATTEMPTS


def test_a_service_that_refuses_each_attempt_is_given_up_with_one_line(
    switch: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    switch.refuses = 100
    assert not heartbeat.send(Secret(switch.url))
    assert len(switch.paths) == heartbeat.ATTEMPTS
    assert caplog.text.count("The heartbeat was not accepted") == 1


def test_a_service_that_does_not_answer_is_asked_again(
    switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch.hold.clear()
    monkeypatch.setattr(heartbeat, "READ_SECONDS", 0.1)
    assert not heartbeat.send(Secret(switch.url))
    assert len(switch.paths) == heartbeat.ATTEMPTS


def test_a_service_that_hangs_is_given_up_when_the_time_for_all_attempts_is_over(
    switch: Switch, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service holds its answer until the test is over: without the limit this never ends."""
    switch.hold.clear()
    monkeypatch.setattr(heartbeat, "READ_SECONDS", 60.0)
    monkeypatch.setattr(heartbeat, "TOTAL_SECONDS", 0.2)
    assert not heartbeat.send(Secret(switch.url))
    assert "The heartbeat was not accepted" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "nonsense", "http://[", "ftp://a"])
def test_an_address_that_cannot_be_requested_is_never_shown(
    caplog: pytest.LogCaptureFixture, url: str
) -> None:
    assert not heartbeat.send(Secret(f"{url}/{TOKEN}"))
    assert "The heartbeat was not accepted" in caplog.text
    assert TOKEN not in caplog.text


def test_all_attempts_together_take_no_longer_than_ten_seconds() -> None:
    assert heartbeat.TOTAL_SECONDS <= 10
