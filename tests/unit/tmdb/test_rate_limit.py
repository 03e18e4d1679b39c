"""One rate limit for all processes of a machine, whatever happens to its file and to the others."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from support.rates import assert_within
from support.stopped_clock import StoppedClock

from pipeline.errors import StorageError
from pipeline.tmdb.rate_limit import MAX_HOLD_SECONDS, RateLimiter


@pytest.fixture
def open_limiter(rate_file: Path) -> Callable[..., RateLimiter]:
    return lambda rate=40: RateLimiter(rate_file, rate)


Opener = Callable[..., RateLimiter]


# --- The rate ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("stopped_clock")
def test_after_a_rest_a_burst_is_granted_and_then_the_rate(
    open_limiter: Opener,
) -> None:
    limiter = open_limiter(40)

    waits = [limiter.acquire() for _ in range(120)]

    assert waits[:40] == [0.0] * 40
    assert waits[40:] == pytest.approx([(n + 1) / 40 for n in range(80)])


def test_an_hour_of_rest_earns_no_more_than_one_burst(
    stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    limiter = open_limiter(40)
    for _ in range(100):
        limiter.acquire()
    stopped_clock.now += 3600

    assert sum(limiter.acquire() == 0 for _ in range(100)) == 40


@pytest.mark.parametrize("rate", [1, 38, 1000])
def test_over_any_span_no_more_is_granted_than_burst_and_rate_allow(
    rate: float, stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    limiter = open_limiter(rate)
    moments: list[float] = []
    for step in range(400):
        stopped_clock.now += (step % 7) * 0.2 / rate
        moments.append(stopped_clock.now + limiter.acquire())

    assert_within(moments, rate, rate)


@pytest.mark.usefixtures("stopped_clock")
def test_at_a_very_low_rate_all_waiting_requests_are_served(open_limiter: Opener) -> None:
    """4 workers with 16 connections each, at the slowest rate that can be set."""
    limiter = open_limiter(0.1)

    waits = [limiter.acquire() for _ in range(64)]

    assert waits == pytest.approx([n * 10 for n in range(64)])


@pytest.mark.usefixtures("stopped_clock")
def test_requests_are_served_first_come_first_served_between_processes(
    open_limiter: Opener,
) -> None:
    greedy, modest = open_limiter(10), open_limiter(10)
    for _ in range(30):
        greedy.acquire()

    waits = [limiter.acquire() for _ in range(20) for limiter in (modest, greedy)]

    assert waits == pytest.approx([(21 + n) / 10 for n in range(40)])


def test_a_hold_delays_every_process(stopped_clock: StoppedClock, open_limiter: Opener) -> None:
    first, other = open_limiter(40), open_limiter(40)
    first.acquire()

    first.hold(2.5)

    assert other.acquire() == pytest.approx(2.5)
    assert first.acquire() == pytest.approx(2.5)
    stopped_clock.now += 1
    first.hold(0.5)
    assert other.acquire() == pytest.approx(1.5), "a shorter hold ends no longer one"


@pytest.mark.usefixtures("stopped_clock")
def test_a_hold_keeps_the_times_that_are_reserved(open_limiter: Opener) -> None:
    limiter = open_limiter(40)
    for _ in range(120):
        limiter.acquire()

    limiter.hold(0.5)

    assert limiter.acquire() == pytest.approx(81 / 40)


@pytest.mark.parametrize("seconds", [2.5, 301.0, 600.0, 86_400.0])
def test_nothing_goes_before_a_hold_is_over_however_long_it_is(
    seconds: float, stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    first, other = open_limiter(40), open_limiter(40)
    first.hold(seconds)

    for _ in range(3):
        stopped_clock.now += seconds / 4
        left = 1000.0 + seconds - stopped_clock.now
        assert other.hold_seconds() == pytest.approx(left)
        assert other.acquire() >= left - 1e-6
    stopped_clock.now = 1000.0 + seconds + 60
    assert (other.hold_seconds(), other.acquire()) == (0.0, 0.0)


def test_a_hold_empties_the_bucket_which_refills_meanwhile(
    stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    limiter = open_limiter(40)
    limiter.hold(0.5)
    stopped_clock.now += 0.5

    assert sum(limiter.acquire() == 0 for _ in range(40)) == pytest.approx(20, abs=1)


def test_a_hold_is_believed_for_a_day_at_most(
    stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    limiter = open_limiter(40)
    limiter.hold(1e9)
    assert limiter.hold_seconds() == MAX_HOLD_SECONDS == 86_400
    stopped_clock.now += MAX_HOLD_SECONDS
    assert limiter.hold_seconds() == 0


def test_a_hold_from_before_the_machine_was_restarted_is_over(
    stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    stopped_clock.now = 3 * 86_400
    limiter = open_limiter(40)
    limiter.hold(600)
    stopped_clock.now -= 2 * 86_400
    assert (limiter.hold_seconds(), limiter.acquire()) == (0.0, 0.0)


@pytest.mark.parametrize("until", [math.inf, 1e12, math.nan, -math.inf])
@pytest.mark.usefixtures("stopped_clock")
def test_a_damaged_hold_is_ignored(until: float, rate_file: Path, open_limiter: Opener) -> None:
    rate_file.parent.mkdir(mode=0o700)
    rate_file.write_bytes(struct.pack("<2d", 0.0, until))
    limiter = open_limiter(40)
    assert (limiter.hold_seconds(), limiter.acquire()) == (0.0, 0.0)


def test_the_requests_of_a_week_stay_within_what_the_api_grants(
    stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    """TMDB grants 40 at once and 40 a second; 16 connections reserve their times together."""
    limiter = open_limiter(38)
    moments: list[float] = []
    while len(moments) < 140:
        moments += [stopped_clock.now + limiter.acquire() for _ in range(16)]
        stopped_clock.now = max(stopped_clock.now, moments[-1])

    assert_within(moments, 40, 40)
    assert moments[139] - moments[0] == pytest.approx((140 - 38) / 38)


# --- The file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"garbage",
        b"garbage that is longer than two moments",
        struct.pack("<2d", math.nan, 0),
        struct.pack("<2d", math.inf, 0),
        struct.pack("<2d", -math.inf, 0),
        struct.pack("<2d", -1e300, 0),
        struct.pack("<2d", 1000.0 + 90 * 86_400, 0),
    ],
    ids=["empty", "a byte", "short", "long", "NaN", "inf", "-inf", "past", "before a reboot"],
)
@pytest.mark.usefixtures("stopped_clock")
def test_a_damaged_file_neither_blocks_nor_unlimits(
    content: bytes, rate_file: Path, open_limiter: Opener
) -> None:
    rate_file.parent.mkdir(mode=0o700)
    rate_file.write_bytes(content)
    limiter = open_limiter(40)

    waits = [limiter.acquire() for _ in range(60)]

    assert waits[:40] == [0.0] * 40
    assert waits[40:] == pytest.approx([(n + 1) / 40 for n in range(20)])


def test_the_folder_and_the_file_are_private(rate_file: Path, open_limiter: Opener) -> None:
    open_limiter().acquire()

    assert rate_file.parent.stat().st_mode & 0o777 == 0o700
    assert rate_file.stat().st_mode & 0o777 == 0o600


def test_requests_go_on_after_the_file_is_deleted(rate_file: Path, open_limiter: Opener) -> None:
    limiter = open_limiter()
    limiter.acquire()
    rate_file.unlink()

    assert limiter.acquire() == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(rate_file: Path, open_limiter: Opener) -> None:
    rate_file.parent.mkdir(mode=0o777)
    os.chown(rate_file.parent, 12345, 12345)

    assert_refused(open_limiter(), rate_file, ": its folder belongs to another user; set TMPDIR")
    assert not rate_file.exists()


def test_a_planted_link_in_place_of_the_file_is_refused(
    rate_file: Path, tmp_path: Path, open_limiter: Opener
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    rate_file.parent.mkdir(mode=0o700)
    rate_file.symlink_to(victim)

    assert_refused(open_limiter(), rate_file)
    assert victim.read_text() == "precious"


def test_a_planted_link_in_place_of_the_folder_is_refused(
    rate_file: Path, tmp_path: Path, open_limiter: Opener
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    rate_file.parent.symlink_to(target)

    assert_refused(open_limiter(), rate_file)
    assert list(target.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_reported(rate_file: Path, open_limiter: Opener) -> None:
    rate_file.parent.write_text("")

    assert_refused(open_limiter(), rate_file)


def assert_refused(
    limiter: RateLimiter, rate_file: Path, why: str = "Cannot keep the rate limit"
) -> None:
    with pytest.raises(StorageError, match=why) as raised:
        limiter.acquire()
    assert raised.value.facts == {"path": str(rate_file)}
    sentence = str(raised.value)
    assert str(rate_file) in sentence
    assert "set TMPDIR to a writable folder of your own" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
