"""`make year`: a year of nights on one machine, with a clock made faster.

python -m trials.year [--schedule cron|systemd] [--write] [--seed N] [--days N]
                      [--from YYYY-MM-DD] [--without-services]

Without --schedule both are tried, one after the other: cron for a year with luigid and PostgreSQL,
systemd's timers for the days around both changes of the clocks, without.
"""

from __future__ import annotations

import argparse
import datetime
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from support.repository import REPOSITORY

from trials.record import tell
from trials.year import due, schedules
from trials.year import plan as plans
from trials.year.clock import Clock
from trials.year.days import Calendar
from trials.year.due import JOBS, Root
from trials.year.host import Host
from trials.year.ledger import CATCH_UP, HAND
from trials.year.schedules import Schedule

FIRST, DAYS = datetime.date(2020, 2, 1), 371
"""With 29 February, both changes of the clocks, the year's end and its ISO week 53."""

SPRING, AUTUMN = datetime.date(2020, 3, 1), datetime.date(2020, 9, 27)
DAYS_OF_A_CHANGE = 60
"""For the timers: 60 days around each change of the clocks."""

STOPPED = 128 + signal.SIGTERM
"""The status of a run that its time limit ended."""

ZONE = "Europe/Berlin"

HEADER = (
    *("schedule", "days", "due", "there", "of them by the catch-up", "of them late"),
    *("missing, and could not be collected", "lost"),
)


@dataclass(frozen=True)
class Trial:
    """One stretch of days under one schedule."""

    kind: str
    days: list[datetime.date]
    services: bool
    seed: int


def main() -> int:
    """Live through the days; return 1 where anything is lost, broken or unexplained."""
    options = _options()
    results = [_live(trial) for trial in _trials(options)]
    words = [
        *(line for _, lines, _ in results for line in lines),
        _missing_systemd(),
        _verdict(results),
    ]
    lines = [line for each in words if each for line in (each, "")]
    tell("year", HEADER, [row for rows, _, _ in results for row in rows], lines[:-1])
    for calendar in (each for _, _, each in results):
        for line in _faults(calendar):
            print(line, file=sys.stderr)
    return any(_faults(calendar) for _, _, calendar in results)


Result = tuple[list[list[str]], list[str], Calendar]
"""Rows of the table, what is said below it, and where it comes from."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="trials.year")
    parser.add_argument("--schedule", choices=["cron", "systemd"])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--days", type=int)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat)
    parser.add_argument("--without-services", action="store_true")
    return parser.parse_args()


def _trials(options: argparse.Namespace) -> list[Trial]:
    found = []
    if options.schedule in (None, "cron"):
        days = _days(options.first or FIRST, options.days or DAYS)
        found.append(Trial("cron", days, not options.without_services, options.seed))
    if options.schedule in (None, "systemd") and schedules.has_systemd():
        firsts = [options.first] if options.first else [SPRING, AUTUMN]
        for number, first in enumerate(firsts, start=1):
            days = _days(first, options.days or DAYS_OF_A_CHANGE)
            found.append(Trial("systemd", days, False, options.seed + number))
    return found


def _days(first: datetime.date, number: int) -> list[datetime.date]:
    return [first + datetime.timedelta(each) for each in range(number)]


def _live(trial: Trial) -> Result:
    began = time.monotonic()
    plan = plans.plan(trial.days, Random(trial.seed), services=trial.services)
    at = datetime.datetime.combine(trial.days[0], datetime.time(0), ZoneInfo(ZONE))
    with tempfile.TemporaryDirectory(prefix="year") as folder:
        schedule = read_schedule(trial.kind, trial.days, Path(folder))
        with Host(Path(folder) / "host", at, schedule, services=trial.services) as host:
            calendar = Calendar(host, plan, trial.seed)
            calendar.live()
            minutes = (time.monotonic() - began) / 60
            words = _words(trial, calendar, host, minutes)
            return _rows(trial, calendar), words, calendar


def read_schedule(kind: str, days: list[datetime.date], folder: Path) -> Schedule:
    """Return our crontab, or our timers with their times in these days."""
    if kind == "cron":
        return schedules.read_crontab(REPOSITORY / "config/crontab")
    clock = Clock(folder / "clock", ZONE, datetime.datetime.now(datetime.UTC))
    return schedules.read_units(REPOSITORY / "config/systemd", ZONE, *due.around(days, clock))


def _due(trial: Trial, calendar: Calendar) -> list[Root]:
    return calendar.due.within(trial.days[0], trial.days[-1])


def _rows(trial: Trial, calendar: Calendar) -> list[list[str]]:
    judge, rows = calendar.judge, []
    for family, name in JOBS.items():
        roots = [root for root in _due(trial, calendar) if root[0] == family]
        there = [root for root in roots if judge.is_there(root)]
        caught_up = [root for root in there if judge.made_by(root) == CATCH_UP]
        late = [root for root in there if judge.is_late(root)]
        excused = [root for root in roots if root not in there and calendar.ledger.excuse(root)]
        lost = len(roots) - len(there) - len(excused)
        figures = (len(roots), len(there), len(caught_up), len(late), len(excused), lost)
        rows.append(
            [f"{trial.kind} from {trial.days[0]}", name, *(f"{figure:,}" for figure in figures)]
        )
    return rows


def _words(trial: Trial, calendar: Calendar, host: Host, minutes: float) -> list[str]:
    runs, jobs = calendar.ledger.runs, calendar.jobs
    started = Counter(run.started_by for run in runs)
    stopped = sum(run.status == STOPPED for run in runs)
    killed = sum(run.status == -signal.SIGKILL for run in runs)
    missing = Counter(
        calendar.ledger.excuse(root) or "no excuse"
        for root in _due(trial, calendar)
        if not calendar.judge.is_there(root)
    )
    of_services = [
        f"luigid was started {host.started_luigid:,} times;",
        f"{calendar.judge.not_asked_of_history:,} documents were made without luigid, or in",
        "nights on which it or the run was killed, and need not stand in the history.",
    ]
    times = f"{jobs.made_up:,} times missed jobs were started when the machine was on again."
    of_boots = [times] if trial.kind == "systemd" else []
    of_runs = [
        f"{trial.kind}, {trial.days[0]} to {trial.days[-1]}, seed {trial.seed}, {ZONE},",
        f"{minutes:.0f} minutes: {len(runs):,} runs, of them {started[CATCH_UP]:,} by the",
        f"catch-up and {started[HAND]:,} by hand, {killed:,} killed by kill -9, {stopped:,} ended",
        f"by the time limit; {jobs.nothing_to_do:,} jobs had nothing to do and did nothing.",
    ]
    return [
        " ".join([*of_runs, *of_boots, *(of_services if trial.services else [])]),
        f"What happened: {_listed(calendar.counts)}.",
        f"In the way of what is missing: {_listed(missing)}.",
    ]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.most_common()) or "nothing"


def _missing_systemd() -> str:
    if schedules.has_systemd():
        return ""
    return "systemd-analyze is not installed here, so the timers were not tried."


def _verdict(results: list[Result]) -> str:
    judges = [calendar.judge for _, _, calendar in results]
    lost, broken, unexplained = (
        sum(len(getattr(judge, name)) for judge in judges)
        for name in ("lost", "broken", "unexplained")
    )
    return f"**Lost {lost:,}, broken {broken:,}, unexplained {unexplained:,}.**"


def _faults(calendar: Calendar) -> list[str]:
    judge = calendar.judge
    return [*judge.lost, *judge.broken, *judge.unexplained]


if __name__ == "__main__":
    sys.exit(main())
