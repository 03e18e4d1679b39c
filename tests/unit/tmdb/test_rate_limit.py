"""One rate limit for all processes of a machine, whatever happens to its file and to the others."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.rates import assert_within
from support.stopped_clock import StoppedClock

from pipeline.errors import StorageError
from pipeline.tmdb.rate_limit import MAX_HOLD_SECONDS, Limit, RateLimiter, limits


@pytest.fixture
def open_limiter(rate_file: Path) -> Iterator[Callable[..., RateLimiter]]:
    opened: list[RateLimiter] = []

    def make(rate: float = 40, burst: float | None = None) -> RateLimiter:
        opened.append(RateLimiter(rate_file, Limit(rate, rate if burst is None else burst)))
        return opened[-1]

    yield make
    for limiter in opened:
        limiter.close()


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


@pytest.mark.parametrize(("rate", "burst"), [(1, 1), (38, 38), (1000, 50)])
def test_over_any_span_no_more_is_granted_than_burst_and_rate_allow(
    rate: float, burst: float, stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    limiter = open_limiter(rate, burst)
    moments: list[float] = []
    for step in range(400):
        stopped_clock.now += (step % 7) * 0.2 / rate
        moments.append(stopped_clock.now + limiter.acquire())

    assert_within(moments, rate, burst)


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
    assert first.acquire() == pytest.approx(2.5 + 1 / 40)
    stopped_clock.now += 1
    first.hold(0.5)
    assert other.acquire() == pytest.approx(1.5 + 2 / 40), "a shorter hold ends no longer one"


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


def test_after_a_hold_it_does_not_begin_with_a_burst(
    stopped_clock: StoppedClock, open_limiter: Opener
) -> None:
    limiter = open_limiter(40)
    limiter.hold(600)
    stopped_clock.now += 600

    waits = [limiter.acquire() for _ in range(10)]

    assert waits == pytest.approx([n / 40 for n in range(10)])


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
    limiter = open_limiter(40)
    limiter.hold(600)
    stopped_clock.now = 20.0
    assert (limiter.hold_seconds(), limiter.acquire()) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("set_at", "until"),
    [(0.0, math.inf), (0.0, 1e12), (-math.inf, 2000.0), (math.nan, 2000.0), (0.0, math.nan)],
)
@pytest.mark.usefixtures("stopped_clock")
def test_a_damaged_hold_is_ignored(
    set_at: float, until: float, rate_file: Path, open_limiter: Opener
) -> None:
    rate_file.parent.mkdir(mode=0o700)
    rate_file.write_bytes(struct.pack("<3d", 0.0, set_at, until))
    limiter = open_limiter(40)
    assert (limiter.hold_seconds(), limiter.acquire()) == (0.0, 0.0)


# --- Our limits against the bucket of TMDB -----------------------------------------------------


def sent(limiter: RateLimiter, stopped_clock: StoppedClock, requests: int) -> list[float]:
    """The moments of so many requests, reserved by 16 at a time, from the first one on."""
    moments: list[float] = []
    while len(moments) < requests:
        moments += [stopped_clock.now + limiter.acquire() for _ in range(16)]
        stopped_clock.now = max(stopped_clock.now, moments[-1])
    return [moment - moments[0] for moment in moments[:requests]]


def test_the_requests_of_a_week_use_a_bucket_of_40_but_for_two(
    stopped_clock: StoppedClock, rate_file: Path
) -> None:
    limiter = RateLimiter(rate_file, *limits(38))
    moments = sent(limiter, stopped_clock, 140)
    assert moments[-1] == pytest.approx((140 - 38) / 40)
    assert_within(moments, 40, 38)
    limiter.close()


def test_in_the_long_run_the_rate_is_kept(stopped_clock: StoppedClock, rate_file: Path) -> None:
    limiter = RateLimiter(rate_file, *limits(38))
    moments = sent(limiter, stopped_clock, 1000)
    assert_within(moments, 40, 38)
    assert_within(moments, 38, 44)
    assert moments[-1] == pytest.approx((1000 - 44) / 38)
    limiter.close()


@pytest.mark.parametrize("rate", [0.1, 1, 20, 38, 1000])
def test_at_any_rate_it_stays_in_proportion_below_the_api(
    rate: float, stopped_clock: StoppedClock, rate_file: Path
) -> None:
    limiter = RateLimiter(rate_file, *limits(rate))
    assert_within(sent(limiter, stopped_clock, 300), rate * 40 / 38, max(1, rate))
    limiter.close()


def test_a_rest_earns_the_burst_again_and_no_more(
    stopped_clock: StoppedClock, rate_file: Path
) -> None:
    limiter = RateLimiter(rate_file, *limits(38))
    sent(limiter, stopped_clock, 500)
    stopped_clock.now += 60
    again = sent(limiter, stopped_clock, 140)
    assert sum(moment < 1e-9 for moment in again) == 38
    assert again[-1] == pytest.approx((140 - 38) / 40)
    limiter.close()


# --- The file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"garbage",
        b"garbage that is longer than one moment",
        struct.pack("<d", math.nan),
        struct.pack("<d", math.inf),
        struct.pack("<d", -math.inf),
        struct.pack("<d", -1e300),
        struct.pack("<d", 1000.0 + 90 * 86_400),
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
    limiter.close()
    assert limiter.acquire() == 0, "a closed limiter opens its file again"


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
