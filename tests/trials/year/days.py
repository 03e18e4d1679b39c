"""The days one after the other: the schedule, outages, a wrong clock, and people at the desk."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta
from functools import partial
from random import Random
from typing import NamedTuple

from trials.year.due import DueDates, Root
from trials.year.host import Host
from trials.year.jobs import FAMILIES, Draws, Jobs
from trials.year.judge import Judge
from trials.year.ledger import CATCH_UP, HAND, Ledger
from trials.year.nights import DAY, HOUR
from trials.year.outages import Outages
from trials.year.plan import BACK_A_DAY, BACK_AN_HOUR, Spell
from trials.year.plan import spells as drawn_spells
from trials.year.schedules import Job

TRIGGER_TODAY, TRIGGER_LATER = 0.4, 0.25
"""How often somebody asks for a missing day on the same morning, or some days later."""

DAYS_BETWEEN_JUDGEMENTS = 7
DESK, AFTER_THE_RUN, NOON = (9, 10), (2, 20), (12, 0)


class Event(NamedTuple):
    """Something at a time, in UTC; what has the lowest rank comes first."""

    at: datetime.datetime
    rank: int
    happen: Callable[[datetime.datetime], None]


class Calendar:
    """Lives through the days on one machine."""

    def __init__(
        self,
        host: Host,
        plan: dict[datetime.date, str],
        seed: int,
        *,
        spells: Sequence[Spell] = (),
        has_people: bool = True,
    ) -> None:
        self.ledger = Ledger()
        self.due = DueDates(host.schedule, host.clock, list(plan))
        self.judge = Judge(host, self.ledger, self.due, min(plan))
        self.counts: Counter[str] = Counter()
        self._outages = Outages(host, spells or drawn_spells(plan, host.clock, Random(seed)))
        self.jobs = Jobs(host, self.due, self.judge, self.ledger, self._outages)
        self._host = host
        self._clock = host.clock
        self.plan = plan
        self._seed = seed
        self._has_people = has_people
        self._errands: dict[datetime.date, list[Root]] = defaultdict(list)
        self._judged: datetime.date | None = None
        self._seen = self._clock.at(min(plan), 0).astimezone(UTC)
        """Up to then the schedule was followed, by the machine's clock."""
        self._is_behind = False

    def live(self) -> None:
        """Live through all days, and judge them."""
        for day, name in self.plan.items():
            self.counts[name] += 1
            self._day(day, Draws(name, Random(f"{self._seed} {day}")))
        last = max(self.plan)
        if self._is_behind:
            self._correct_clock(self._clock.at(last, 23))
        self._host.pass_until(self._clock.at(last, 23, 59))
        self._outages.spells = []
        self._follow_outages(self._seen)
        self.judge.close(self.due.within(min(self.plan), last))
        self.judge.broken += self._host.fell

    def _day(self, day: datetime.date, draws: Draws) -> None:
        self.jobs.today = draws
        if self._is_behind:
            self._live_until(self._clock.at(day - timedelta(1), *NOON))
            self._correct_clock(self._clock.at(day, *NOON))
            self._at_the_desk(self._seen)
        if draws.name == BACK_AN_HOUR:
            self._live_until(self._clock.at(day, *AFTER_THE_RUN))
            self._step_back(HOUR)
        if draws.name == BACK_A_DAY:
            self._live_until(self._clock.at(day, *NOON))
            self._step_back(DAY)
            self._is_behind = self._outages.are_suspended = True
        else:
            self._live_until(self._clock.at(day + timedelta(1), 0))

    def _live_until(self, until: datetime.datetime) -> None:
        """Follow the schedule until a time of the machine's clock."""
        events = self._events(self._seen, until.astimezone(UTC))
        for event in sorted(events, key=lambda each: each[:2]):
            self._seen = max(self._seen, event.at)
            event.happen(event.at)
        self._seen = until.astimezone(UTC)

    def _events(self, since: datetime.datetime, until: datetime.datetime) -> Iterator[Event]:
        moments = {each for spell in self._outages.spells for each in (spell.since, spell.until)}
        yield from (Event(at, 0, self._follow_outages) for at in moments if since <= at < until)
        for rank, name in enumerate((*FAMILIES, CATCH_UP), start=1):
            job = self._host.schedule.jobs[name]
            before = since - timedelta(seconds=1)  # a time that it begins with counts
            local = (each.astimezone(self._clock.zone) for each in (before, until))
            for time in job.times(*local):
                for at in self._times_of(job, time):
                    yield Event(at, rank, partial(self.jobs.start, job))
        desk = self._clock.at(since.astimezone(self._clock.zone).date(), *DESK).astimezone(UTC)
        if since <= desk < until:
            yield Event(desk, 9, self._at_the_desk)

    def _times_of(self, job: Job, time: datetime.datetime) -> Iterator[datetime.datetime]:
        """Yield a time, and the second one of its night, as of a cron that knows no summer time."""
        yield time.astimezone(UTC)
        if self._host.schedule.kind == "cron" and job.name in FAMILIES and comes_twice(time):
            yield time.replace(fold=1).astimezone(UTC)

    # what lasts

    def _follow_outages(self, at: datetime.datetime) -> None:
        """Take away and give back what an outage that begins or ends concerns."""
        off_since = self._outages.follow(at, self.jobs.today.chance)
        if off_since is not None:
            self.jobs.make_up(off_since, at)

    # the clock

    def _step_back(self, seconds: int) -> None:
        self._host.pass_until(self._seen)
        self._clock.step(-seconds)
        self._seen -= timedelta(seconds=seconds)

    def _correct_clock(self, at: datetime.datetime) -> None:
        """Set the clock that was a day behind; what it jumps over could not be collected."""
        before, self._seen = self._seen, at.astimezone(UTC)
        local = before.astimezone(self._clock.zone)
        for name in (*FAMILIES, CATCH_UP):
            job = self._host.schedule.jobs[name]
            for time in job.times(local, at):
                wanted = self.jobs.wanted(time.astimezone(UTC))
                self.jobs.hinder(wanted, "the clock was a day behind")
        self._clock.set(at)
        self._is_behind = self._outages.are_suspended = False
        self.jobs.make_up(before, self._seen)

    # people

    def _at_the_desk(self, at: datetime.datetime) -> None:
        """Ask for what is missing, today's or that of an earlier day; and judge once a week."""
        if self._outages.is_off or self._is_behind:
            return
        self._host.pass_until(at)
        day = at.astimezone(self._clock.zone).date()
        if self._has_people:
            self._ask_for_what_is_missing(day, self.jobs.today.chance)
        if self._judged is None or (day - self._judged).days >= DAYS_BETWEEN_JUDGEMENTS:
            self.judge.look_at_all()
            self._judged = day

    def _ask_for_what_is_missing(self, day: datetime.date, chance: Random) -> None:
        for each in [each for each in self._errands if each <= day]:
            for root in self._errands.pop(each):
                self._trigger(root)
        for root in self.due.within(day, day):
            drawn = chance.random()
            if self.judge.is_there(root):
                continue
            if drawn < TRIGGER_TODAY:
                self._trigger(root)
            elif drawn < TRIGGER_TODAY + TRIGGER_LATER:
                self._errands[day + timedelta(chance.randint(1, 3))].append(root)

    def _trigger(self, root: Root) -> None:
        family, day = root
        self.jobs.note([root], "quiet", HAND, lambda: self._host.operate(
            "trigger", family, day.isoformat()))  # fmt: skip


def comes_twice(time: datetime.datetime) -> bool:
    """Whether the clocks show that time twice on its day: in the night when summer time ends."""
    return time.replace(fold=0).timestamp() < time.replace(fold=1).timestamp()
