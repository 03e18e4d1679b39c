"""What can happen to a run: each a way to run the job, and how often it happens."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random

from support.fake_tmdb import (
    Fault,
    cut_body,
    empty_page,
    hang,
    html_ok,
    no_answer,
    not_json,
    reset,
    status,
)

from trials.year.configuration import PATIENT
from trials.year.host import Ended, Host, kill
from trials.year.schedules import Job

Night = Callable[[Host, Job, Random], Ended]
"""Runs a job, with what happens to it."""

HOUR, DAY = 3600, 86_400

_SHORT_LIMIT, _LIMIT_OF_A_WAIT = "export LIMIT_SECONDS=3", "export LIMIT_SECONDS=8"
"""Time limits of runs that would wait: shorter than usual, to save time."""

_REQUESTS_OF_AN_ATTEMPT = 2
"""One for each list of the day."""


def quiet(host: Host, job: Job, chance: Random) -> Ended:
    return host.run(job)


def network(host: Host, job: Job, chance: Random) -> Ended:
    """One or two requests that fail and succeed when asked again."""
    faults: list[Fault] = [status(503), status(500), reset(), cut_body(), not_json(), html_ok(),
                           no_answer(), empty_page()]  # fmt: skip
    for fault in chance.sample(faults, chance.randint(1, 2)):
        host.tmdb.fail(fault)
    return _and_recover(host, host.run(job))


def killed(host: Host, job: Job, chance: Random) -> Ended:
    """kill -9 to everything that the job started."""
    return host.run(job, _after(host, chance, kill))


def disk_full(host: Host, job: Job, chance: Random) -> Ended:
    """No file can become larger than some kilobytes: the nearest thing that needs no disk."""
    return host.run(job, None, f"ulimit -f {chance.choice([2, 8, 24])}")


def time_limit(host: Host, job: Job, chance: Random) -> Ended:
    """TMDB answers nothing any more, and the time limit ends the run."""
    host.tmdb.fail(hang(20), times=None)
    return _and_recover(host, host.run(job, None, _SHORT_LIMIT))


def clock_back_an_hour(host: Host, job: Job, chance: Random) -> Ended:
    """While the run waits for TMDB, which fails once."""
    host.tmdb.fail(status(503), times=chance.choice([0, 1, 2]))
    back = _after(host, chance, lambda _: host.clock.step(-HOUR))
    return _and_recover(host, host.run(job, back, _LIMIT_OF_A_WAIT))


def clock_back_a_day(host: Host, job: Job, chance: Random) -> Ended:
    """While the run is at work, and TMDB fails once perhaps; right again when it has ended."""
    host.tmdb.fail(status(503), times=chance.choice([0, 2]))
    back = _after(host, chance, lambda _: host.clock.step(-DAY))
    ended = _and_recover(host, host.run(job, back, _LIMIT_OF_A_WAIT))
    host.clock.step(DAY)
    return ended


def luigid_killed(host: Host, job: Job, chance: Random) -> Ended:
    return host.run(job, _after(host, chance, lambda _: _restart_luigid(host, hard=True)))


def luigid_restarted(host: Host, job: Job, chance: Random) -> Ended:
    return host.run(job, _after(host, chance, lambda _: _restart_luigid(host, hard=False)))


def postgres_stopped(host: Host, job: Job, chance: Random) -> Ended:
    """As by a power cut, until the run is over."""
    assert host.postgres is not None
    postgres = host.postgres
    ended = host.run(job, _after(host, chance, lambda _: postgres.stop()))
    postgres.start()
    host.await_history()
    return ended


def postgres_restarted(host: Host, job: Job, chance: Random) -> Ended:
    assert host.postgres is not None
    postgres = host.postgres
    ended = host.run(job, _after(host, chance, lambda _: postgres.restart()))
    host.await_history()
    return ended


def postgres_frozen(host: Host, job: Job, chance: Random) -> Ended:
    assert host.postgres is not None
    with host.postgres.frozen():
        ended = host.run(job)
    host.await_history()
    return ended


def beyond_midnight(host: Host, job: Job, chance: Random) -> Ended:
    """TMDB is down, and answers when the day is over and the run waits for its next attempt.

    A clock that jumps by a minute or more would make the scheduler give its worker up.
    """
    attempts = host.tmdb.count() + _REQUESTS_OF_AN_ATTEMPT
    midnight = host.clock.at(host.clock.now().date() + timedelta(days=1), 0)

    def meanwhile(process: subprocess.Popen[str]) -> None:
        host.clock.pass_until(midnight - timedelta(seconds=25))
        while host.tmdb.count() < attempts and process.poll() is None:
            time.sleep(0.005)
        host.clock.pass_until(midnight + timedelta(seconds=2))
        recover(host)

    return host.run(job, meanwhile, f"export LUIGI_CONFIG_PATH={host.folder / PATIENT}")


NIGHTS: dict[str, tuple[Night, float]] = {
    "quiet": (quiet, 46),
    "network fault": (network, 14),
    "killed": (killed, 6),
    "disk full": (disk_full, 2),
    "ended by its time limit": (time_limit, 2),
    "clock back an hour during the run": (clock_back_an_hour, 2),
    "clock back a day during the run": (clock_back_a_day, 2),
}
OF_SERVICES: dict[str, tuple[Night, float]] = {
    "luigid killed": (luigid_killed, 4),
    "luigid restarted": (luigid_restarted, 3),
    "PostgreSQL stopped": (postgres_stopped, 3),
    "PostgreSQL restarted": (postgres_restarted, 2.5),
    "PostgreSQL frozen": (postgres_frozen, 2),
}
"""What happens to one run, and how often."""


def recover(host: Host) -> None:
    """Have TMDB answer as usual."""
    host.tmdb.clear_faults()


def _and_recover(host: Host, ended: Ended) -> Ended:
    recover(host)
    return ended


def _after(
    host: Host, chance: Random, what: Callable[[subprocess.Popen[str]], object]
) -> Callable[[subprocess.Popen[str]], None]:
    """Do it at some moment of a run: while it starts, or around some request."""
    requests = chance.choice([0, 1, 1, 2, 2, 3])
    seconds = chance.uniform(0.0, 0.4 if requests else 1.0)
    enough = host.tmdb.count() + requests

    def meanwhile(process: subprocess.Popen[str]) -> None:
        while host.tmdb.count() < enough and process.poll() is None:
            time.sleep(0.005)
        time.sleep(seconds)
        what(process)

    return meanwhile


def _restart_luigid(host: Host, *, hard: bool) -> None:
    host.end_luigid(hard=hard)
    host.start_luigid()
