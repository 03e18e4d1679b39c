"""`make year`: a year of nights on one machine, with a clock made faster.

python -m trials.year [--write] [--seed N] [--days N] [--from YYYY-MM-DD] [--without-services]
"""

from __future__ import annotations

import argparse
import datetime
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from trials.record import tell
from trials.year import nights
from trials.year.days import Calendar
from trials.year.host import Host
from trials.year.ledger import DAILY, WEEKLY, Root

FIRST, DAYS = datetime.date(2020, 2, 1), 371
"""With 29 February, both changes of the clocks, the year's end and its ISO week 53."""

STOPPED = 124
"""The status of `timeout`, which the crontab's LIMIT is."""

ZONE = "Europe/Berlin"


def main() -> int:
    """Live through the year; return 1 where anything is lost, broken or unexplained."""
    options = _options()
    days = [options.first + datetime.timedelta(each) for each in range(options.days)]
    services = not options.without_services
    plan = nights.plan(days, Random(options.seed), services=services)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="year") as folder:
        at = datetime.datetime.combine(days[0], datetime.time(0), datetime.UTC)
        with Host(Path(folder), ZONE, at, services=services) as host:
            calendar = Calendar(host, plan, options.seed)
            calendar.live()
            due = [root for day in days for root in calendar.due(day)]
            _tell(calendar, host, due, options.seed, time.monotonic() - began)
    found = [*calendar.judge.lost, *calendar.judge.broken, *calendar.judge.unexplained]
    for each in found:
        print(each, file=sys.stderr)
    return bool(found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="trials.year")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat, default=FIRST)
    parser.add_argument("--without-services", action="store_true")
    return parser.parse_args()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.most_common()) or "none"


def _tell(calendar: Calendar, host: Host, due: list[Root], seed: int, seconds: float) -> None:
    judge, runs = calendar.judge, calendar.ledger.runs
    rows = []
    for family, name in ((DAILY, "daily"), (WEEKLY, "weekly")):
        of_family = [root for root in due if root[0] == family]
        there = [root for root in of_family if judge.is_there(root)]
        late = [root for root in there if judge.is_late(root)]
        figures = (len(of_family), len(there), len(late), len(of_family) - len(there))
        rows.append([name, *(f"{figure:,}" for figure in figures)])
    missing = Counter(calendar.ledger.cause(root) for root in due if not judge.is_there(root))
    stopped = sum(run.status == STOPPED for run in runs)
    killed = sum(run.status == -signal.SIGKILL for run in runs)
    words = [
        f"Seed {seed}, {ZONE}, {seconds / 60:.0f} minutes. {len(runs):,} runs, of them "
        f"{calendar.by_hand:,} by hand, {killed:,} killed by kill -9, {stopped:,} ended by the "
        f"crontab's LIMIT, {calendar.repeated:,} for a day that was there already. luigid was "
        f"started {host.started_luigid:,} times; {judge.not_asked_of_history:,} documents were "
        "made in nights on which it or the run was killed, and need not stand in the history.",
        "",
        f"Nights: {_listed(calendar.counts)}.",
        "",
        f"Not there: {_listed(missing)}.",
        "",
        f"**Lost {len(judge.lost):,}, broken {len(judge.broken):,}, unexplained "
        f"{len(judge.unexplained):,}.**",
    ]
    header = ("days", "due", "there", "of them late", "named missing, with a reason")
    tell("year", header, rows, words)


if __name__ == "__main__":
    sys.exit(main())
