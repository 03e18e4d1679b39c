"""How long a session waits between two attempts, and what it logs."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY
from support.transports import make_session

from pipeline import clock
from pipeline.tmdb.errors import Stopped, Transient
from pipeline.tmdb.session import ApiSession, _sleep

PATH = "/movie/popular"


class Held:
    """A limiter that notes for how long it was held."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def hold(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def chance(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Whatever chance is asked for is its upper end; what it was asked for."""
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", uniform)
    return asked


def session(limiter: Any = None, backoff: float = 0.5) -> ApiSession:
    return make_session("http://127.0.0.1:9/3", V3_KEY, limiter, retries=9, backoff_seconds=backoff)


def after(attempt: int, fault: Exception | None, sleep: float = 1.25) -> Any:
    return SimpleNamespace(
        attempt_number=attempt,
        outcome=fault and SimpleNamespace(exception=lambda: fault),
        next_action=SimpleNamespace(sleep=sleep),
    )


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 32.0), (8, 60.0), (900, 60.0)]
)
def test_the_backoff_doubles_up_to_its_maximum(
    attempt: int, seconds: float, chance: list[tuple[float, float]]
) -> None:
    assert session()._backoff(after(attempt, Transient("x"))) == seconds
    assert chance == [(0.5, 1.0)]


def test_a_wait_without_a_known_error_is_our_own_backoff(chance: list[tuple[float, float]]) -> None:
    assert session()._backoff(after(1, None)) == 0.5
    assert session()._backoff(after(1, ValueError("x"))) == 0.5


@pytest.mark.parametrize(
    ("asked", "seconds"), [(7.0, 7.0), (60.0, 60.0), (600.0, 600.0), (0.0, 0.2), (0.1, 0.2)]
)
def test_a_retry_after_counts_but_never_less_than_a_tenth_of_our_backoff(
    asked: float, seconds: float, chance: list[tuple[float, float]]
) -> None:
    assert session()._backoff(after(3, Transient("x", asked))) == pytest.approx(seconds)


def test_a_429_without_retry_after_holds_all_processes_back(
    chance: list[tuple[float, float]],
) -> None:
    limiter = Held()
    asker = session(limiter)
    asker._backoff(after(1, Transient("x")))
    assert limiter.seconds == []
    asker._backoff(after(2, Transient("x", rate_limited=True)))
    assert limiter.seconds == [1.0]
    assert session()._backoff(after(1, Transient("x", rate_limited=True))) == 0.5


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the clock."""
    return lambda moment: monkeypatch.setattr(clock, "monotonic", lambda: moment)


def test_identical_retry_messages_are_logged_once_a_second(
    at: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "luigi-interface.pipeline")
    asker = session()
    for moment, what in ((0.0, "a"), (0.9, "a"), (0.9, "b"), (1.0, "a"), (1.9, "a")):
        at(moment)
        asker._log_retry(PATH, after(1, Transient(what)))
    assert caplog.messages == [
        f"{PATH}: a; attempt 2 follows in 1.2 s",
        f"{PATH}: b; attempt 2 follows in 1.2 s",
        f"{PATH}: a; attempt 2 follows in 1.2 s",
    ]


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.01])
def test_a_wait_ends_when_the_list_is_given_up(seconds: float) -> None:
    stop = threading.Event()
    _sleep(seconds, stop)
    stop.set()
    with pytest.raises(Stopped):
        _sleep(seconds, stop)
