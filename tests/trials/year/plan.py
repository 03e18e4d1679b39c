"""What is drawn for each day: what happens to its run, or what is away for hours or days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from random import Random

from trials.year.clock import Clock
from trials.year.nights import NIGHTS, OF_SERVICES

BACK_AN_HOUR, BACK_A_DAY = "clock back an hour after the run", "clock back a day after the run"
TMDB_DOWN, OFF_FOR_HOURS, OFF_FOR_DAYS = (
    "TMDB down",
    "machine off for hours",
    "machine off for days",
)
LUIGID_DOWN = "luigid down"
OF_THE_DAY = {BACK_AN_HOUR: 2, BACK_A_DAY: 1.5, TMDB_DOWN: 3, OFF_FOR_HOURS: 4, OFF_FOR_DAYS: 1.5}
"""What happens to a day and not to one run, and how often."""

LASTING = {TMDB_DOWN: (1, 2), OFF_FOR_DAYS: (2, 6), LUIGID_DOWN: (1, 4)}
"""What may last for several days: the fewest and the most of them."""


@dataclass(frozen=True)
class Spell:
    """A time during which something is away."""

    name: str
    since: datetime
    until: datetime

    def covers(self, at: datetime) -> bool:
        """Whether it lasts at that moment."""
        return self.since <= at < self.until


def plan(days: list[date], chance: Random, *, services: bool) -> dict[date, str]:
    """Return what happens to each day; the first is quiet, so that there is a document."""
    runs = {**NIGHTS, **(OF_SERVICES if services else {})}
    weights = {name: weight for name, (_, weight) in runs.items()} | OF_THE_DAY
    if services:
        weights[LUIGID_DOWN] = 1.5
    planned = {days[0]: "quiet"}
    while len(planned) < len(days):
        (name,) = chance.choices(list(weights), list(weights.values()))
        lasts = chance.randint(*LASTING.get(name, (1, 1)))
        planned |= dict.fromkeys(days[len(planned) : len(planned) + lasts], name)
        if name in OF_THE_DAY or lasts > 1:
            planned |= dict.fromkeys(days[len(planned) : len(planned) + 1], "quiet")
    return planned


def spells(planned: dict[date, str], clock: Clock, chance: Random) -> list[Spell]:
    """Return from when until when what lasts for hours or days does so."""
    found = []
    for name, group in groupby(planned, lambda day: planned[day]):
        days = list(group)
        if times := _times(name, days[0], days[-1], clock, chance):
            since, until = times
            found.append(Spell(name, since.astimezone(UTC), until.astimezone(UTC)))
    return found


def _times(
    name: str, first: date, last: date, clock: Clock, chance: Random
) -> tuple[datetime, datetime] | None:
    if name == TMDB_DOWN:
        return clock.at(first, 1, 55), clock.at(*_end_of_outage(last, chance))
    if name == OFF_FOR_HOURS:
        return clock.at(last, 1, chance.choice([0, 30, 59])), clock.at(*_boot(last, chance))
    if name == OFF_FOR_DAYS:
        until = clock.at(last, chance.randint(1, 23), chance.randint(0, 59))
        return clock.at(first, chance.randint(0, 23 if last > first else 0), 50), until
    if name == LUIGID_DOWN:
        return clock.at(first, 0, 20), clock.at(last, 12, 20)
    return None


def _end_of_outage(last: date, chance: Random) -> tuple[date, int, int]:
    tomorrow = last + timedelta(days=1)
    return chance.choice([
        (last, 3, 10), (last, chance.randint(4, 20), 25), (last, 23, 0), (tomorrow, 0, 30),
    ])  # fmt: skip


def _boot(last: date, chance: Random) -> tuple[date, int, int]:
    """Mostly the same morning, sometimes later, and sometimes after midnight."""
    minute = chance.randint(0, 59)
    early, late = (last, chance.randint(2, 9), minute), (last, chance.randint(10, 23), minute)
    return chance.choice([early, early, early, late, (last + timedelta(days=1), 0, 15)])
