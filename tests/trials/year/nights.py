"""What can befall a night: each a way to run the job, and how often it happens."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import date
from random import Random

from fake_tmdb import Fault, cut_body, empty_page, html_ok, no_answer, not_json, reset, status

from trials.year.cron import Job
from trials.year.host import Host, kill

Ended = tuple[int | None, str]
"""A job's status, None if it waits for ever, and its words."""

Night = Callable[[Host, Job, Random], Ended]

HOUR, DAY = 3600, 86_400


def quiet(host: Host, job: Job, chance: Random) -> Ended:
    return host.run(job)


def network(host: Host, job: Job, chance: Random) -> Ended:
    """One or two requests that fail and succeed when asked again."""
    faults: list[Fault] = [status(503), status(500), reset(), cut_body(), not_json(), html_ok(),
                           no_answer(), empty_page()]  # fmt: skip
    for fault in chance.sample(faults, chance.randint(1, 2)):
        host.tmdb.fail(fault)
    return _and_recover(host, host.run(job))


def outage(host: Host, job: Job, chance: Random) -> Ended:
    """TMDB is down all night."""
    host.tmdb.fail(chance.choice([status(503), reset(), html_ok()]), times=None)
    return _and_recover(host, host.run(job))


def killed(host: Host, job: Job, chance: Random) -> Ended:
    """kill -9 to everything that the job started."""
    return host.run(job, _after(host, chance, kill))


def disk_full(host: Host, job: Job, chance: Random) -> Ended:
    """No file can become larger than some kilobytes: the nearest thing that needs no disk."""
    return host.run(job, None, f"ulimit -f {chance.choice([2, 8, 24])}")


def clock_back_an_hour(host: Host, job: Job, chance: Random) -> Ended:
    """While the run waits for TMDB, which fails once."""
    host.tmdb.fail(status(503), times=chance.choice([0, 1, 2]))
    back = _after(host, chance, lambda _: host.clock.step(-HOUR))
    return _and_recover(host, host.run(job, back))


def clock_back_a_day(host: Host, job: Job, chance: Random) -> Ended:
    """While the run is at work, and TMDB fails once perhaps; right again when it has ended."""
    host.tmdb.fail(status(503), times=chance.choice([0, 2]))
    back = _after(host, chance, lambda _: host.clock.step(-DAY))
    ended = _and_recover(host, host.run(job, back))
    host.clock.step(DAY)
    return ended


def luigid_killed(host: Host, job: Job, chance: Random) -> Ended:
    return host.run(job, _after(host, chance, lambda _: _restart_luigid(host, hard=True)))


def luigid_restarted(host: Host, job: Job, chance: Random) -> Ended:
    return host.run(job, _after(host, chance, lambda _: _restart_luigid(host, hard=False)))


def luigid_down(host: Host, job: Job, chance: Random) -> Ended:
    """All night; somebody starts it in the morning."""
    host.end_luigid(hard=chance.random() < 0.5)
    ended = host.run(job)
    host.start_luigid()
    return ended


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


NIGHTS: dict[str, tuple[Night, float]] = {
    "quiet": (quiet, 48),
    "network fault": (network, 16),
    "TMDB down": (outage, 2.5),
    "killed": (killed, 5),
    "disk full": (disk_full, 2),
    "clock back an hour during the run": (clock_back_an_hour, 2),
    "clock back a day during the run": (clock_back_a_day, 2.5),
}
OF_SERVICES: dict[str, tuple[Night, float]] = {
    "luigid killed": (luigid_killed, 4),
    "luigid restarted": (luigid_restarted, 4),
    "luigid down": (luigid_down, 1),
    "PostgreSQL stopped": (postgres_stopped, 3),
    "PostgreSQL restarted": (postgres_restarted, 3),
    "PostgreSQL frozen": (postgres_frozen, 2.5),
}
OFF = "machine off"
BACK_AN_HOUR, BACK_A_DAY = "clock back an hour after the run", "clock back a day after the run"
OF_THE_DAY = {OFF: 1.5, BACK_AN_HOUR: 2.0, BACK_A_DAY: 1.5}
"""What befalls a day and not a run."""

LASTING = {"TMDB down": 3, OFF: 6}
"""What may last for several nights, and the most of them."""


def plan(days: list[date], chance: Random, *, services: bool) -> dict[date, str]:
    """Return what befalls each day; the first is quiet: nothing is missed before there is any."""
    runs = {**NIGHTS, **(OF_SERVICES if services else {})}
    weights = {name: weight for name, (_, weight) in runs.items()} | OF_THE_DAY
    planned = {days[0]: "quiet"}
    while len(planned) < len(days):
        (name,) = chance.choices(list(weights), list(weights.values()))
        lasts = chance.randint(1, LASTING.get(name, 1))
        planned |= dict.fromkeys(days[len(planned) : len(planned) + lasts], name)
        if lasts > 1:
            planned |= dict.fromkeys(days[len(planned) : len(planned) + 1], "quiet")
    return planned


def _and_recover(host: Host, ended: Ended) -> Ended:
    host.tmdb.mend()
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
