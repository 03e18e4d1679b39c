"""The jobs of the schedule, each started at its time: what it should do, and what happens to it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from datetime import UTC, timedelta
from random import Random

from pipeline.ops.runs.record import KILLED
from trials.year import nights
from trials.year.due import DAILY, JOBS, WEEKLY, DueDates, Root
from trials.year.host import Ended, Host
from trials.year.judge import Judge
from trials.year.ledger import CATCH_UP, SCHEDULE, Ledger, Run, reason, run_logs, used_luigid
from trials.year.nights import NIGHTS, OF_SERVICES
from trials.year.outages import Outages
from trials.year.plan import TMDB_DOWN
from trials.year.schedules import Job

FAMILIES = {name: family for family, name in JOBS.items()}
"""Job -> the root task that it starts."""

TRY_IN_VAIN, DISTURB_AGAIN = 0.08, 0.15
"""How often the catch-up is run while TMDB is down, and how often something happens to it."""


class Draws:
    """What is drawn for a day."""

    def __init__(self, name: str, chance: Random) -> None:
        self.name = name
        self.chance = chance
        self.idle_hour = chance.randrange(24)
        """In this hour a job is started although there is nothing to do."""


class Jobs:
    """Starts jobs on one machine, and writes down what should come of it and what does."""

    def __init__(
        self, host: Host, due: DueDates, judge: Judge, ledger: Ledger, outages: Outages
    ) -> None:
        self.today = Draws("quiet", Random(0))
        self.nothing_to_do = 0
        """Jobs for which everything was there already, which must do nothing at all."""
        self.made_up = 0
        """How often missed jobs were started when the machine was on again."""
        self._host = host
        self._clock = host.clock
        self._due = due
        self._judge = judge
        self._ledger = ledger
        self._outages = outages

    def start(self, job: Job, at: datetime.datetime) -> None:
        """Start a job, unless it would do nothing and that was tried on this day already."""
        wanted = [root for root in self.wanted(at) if _starts(job, root)]
        if self._outages.is_off:
            self.hinder(wanted, "the machine was off")
            return
        if self._outages.is_tmdb_down:
            self.hinder(wanted, "TMDB was down")
            if not self._is_tried_in_vain(at, job, wanted):
                return
        else:
            self._ledger.chances |= {root: self._due.until(root) for root in wanted}
        if wanted:
            self._host.pass_until(at)
            self._run(at, job, wanted)
        elif without_page := [root for root in self._without_page(at) if _starts(job, root)]:
            self._host.pass_until(at)
            self._run(at, job, without_page)
        elif self._is_tried_for_nothing(at, job):
            self._host.pass_until(at)
            self._do_nothing([job])

    def make_up(self, since: datetime.datetime, at: datetime.datetime) -> None:
        """Start together what was missed since then, as timers with Persistent=true do."""
        local = [each.astimezone(self._clock.zone) for each in (since, at)]
        jobs = self._host.schedule.jobs
        missed = [jobs[name] for name in (*FAMILIES, CATCH_UP) if any(jobs[name].times(*local))]
        if not self._host.schedule.makes_up or not missed:
            return
        wanted = [root for root in self.wanted(at) if any(_starts(job, root) for job in missed)]
        if not wanted:
            if not self._without_page(at):
                self._do_nothing(missed)
            return
        if self._outages.is_tmdb_down:
            self.hinder(wanted, "TMDB was down")
        else:
            self._ledger.chances |= {root: self._due.until(root) for root in wanted}
        self._host.draws_pages = True
        self.made_up += 1
        self.note(wanted, "at boot", SCHEDULE, lambda: _together(self._host.run_together(missed)))

    def _run(self, at: datetime.datetime, job: Job, roots: list[Root]) -> None:
        name = self._what_happens(at, job, roots)
        night = {**NIGHTS, **OF_SERVICES}.get(name, NIGHTS["quiet"])[0]
        if name == "beyond midnight":
            night = nights.beyond_midnight
        by = CATCH_UP if job.name == CATCH_UP else SCHEDULE
        self._host.draws_pages = any(family == WEEKLY for family, _ in roots)
        self.note(roots, name, by, lambda: night(self._host, job, self.today.chance))
        if name == "beyond midnight":
            self._outages.has_recovered(at)

    def _what_happens(self, at: datetime.datetime, job: Job, roots: list[Root]) -> str:
        chance = self.today.chance
        if self._outages.is_tmdb_down:
            is_beyond = job.name == CATCH_UP and roots[0][0] == DAILY and self._is_last(at, roots)
            return "beyond midnight" if is_beyond and self._outages.ends_soon(at) else TMDB_DOWN
        if job.name in FAMILIES and self.today.name in {**NIGHTS, **OF_SERVICES}:
            return self.today.name
        if job.name == CATCH_UP and at.hour < 20 and chance.random() < DISTURB_AGAIN:
            return chance.choice(["network fault", "killed"])
        return "quiet"

    def _is_tried_in_vain(self, at: datetime.datetime, job: Job, wanted: list[Root]) -> bool:
        """Whether a job is started although TMDB is down, which takes all its attempts."""
        if job.name in FAMILIES or not wanted:
            return True
        is_first = not any(run.started_by == CATCH_UP and run.root in wanted
                           for run in self._ledger.runs)  # fmt: skip
        return is_first or self._is_last(at, wanted) or self.today.chance.random() < TRY_IN_VAIN

    def _is_last(self, at: datetime.datetime, wanted: list[Root]) -> bool:
        return any(root[0] == DAILY and self._due.until(root) - at < timedelta(hours=1)
                   for root in wanted)  # fmt: skip

    def _is_tried_for_nothing(self, at: datetime.datetime, job: Job) -> bool:
        """Once a day a job of those that only repeat what is there, and all others."""
        local = at.astimezone(self._clock.zone)
        is_repeated = job.name == CATCH_UP or (
            self._host.schedule.kind == "systemd"
            and local.hour != (2 if job.name == "daily" else 3)
        )
        return not is_repeated or local.hour == self.today.idle_hour

    def _do_nothing(self, jobs: list[Job]) -> None:
        """Start jobs that find everything there: no luigi, no log, no line of the run record."""
        self.nothing_to_do += len(jobs)
        before = self._traces()
        ended = self._host.run_together(jobs)
        names = " and ".join(job.name for job in jobs)
        now = self._clock.now()
        if any(code for code, _ in ended):
            self._judge.broken.append(f"{names}: nothing to do at {now}, and ended with {ended}")
        if self._traces() != before:
            self._judge.broken.append(f"{names}: nothing to do at {now}, and did something")

    def _traces(self) -> tuple[int, int, int, int]:
        """What shows that a job did something: more than to record that another run was killed."""
        layout = self._host.layout
        runs = sum(line["status"] != KILLED for line in self._host.record())
        logs = len(list(layout.logs.glob("*"))) if layout.logs.exists() else 0
        return self._host.starts_of_luigi, self._host.tmdb.count(), runs, logs

    def note(self, roots: list[Root], name: str, started_by: str, run: Callable[[], Ended]) -> None:
        """Run it, and write down when that was and how it ended for each root task."""
        logs = {family: run_logs(self._host, family) for family, _ in roots}
        began = self._clock.now()
        code, words = run()
        times = self._window(began, self._clock.now(), name)
        for root in roots:
            ended = 0 if code is not None and self._judge.is_there(root) else code
            why = reason(self._host, root[0], logs[root[0]], words) if ended != 0 else None
            if ended != 0 and why is None and name == "killed":
                why = "it was killed before it could say anything"
            noted = Run(root, name, *times, ended, why, started_by, used_luigid(self._host, root))
            self._ledger.runs.append(noted)
        self._judge.look()

    def _window(
        self, began: datetime.datetime, ended: datetime.datetime, name: str
    ) -> tuple[datetime.datetime, datetime.datetime]:
        """The earliest and the latest time that the clock showed in between."""
        steps = {"clock back a day during the run": 24, "clock back an hour during the run": 1}
        back = timedelta(hours=steps.get(name, 0))
        earliest, latest = (each.astimezone(UTC) for each in (began, ended))
        zone = self._clock.zone
        return (earliest - back).astimezone(zone), (latest + back).astimezone(zone)

    def wanted(self, at: datetime.datetime) -> list[Root]:
        """What is due, missing, and can still be collected."""
        newest = (self._due.newest(family, at) for family in JOBS)
        return [
            root for root in newest if at < self._due.until(root) and not self._judge.is_there(root)
        ]

    def _without_page(self, at: datetime.datetime) -> list[Root]:
        newest = (self._due.newest(family, at) for family in JOBS)
        return [root for root in newest if self._judge.is_there(root) and not self._has_page(root)]

    def _has_page(self, root: Root) -> bool:
        family, day = root
        layout = self._host.layout
        return (layout.daily_page(day) if family == DAILY else layout.weekly_page(day)).exists()

    def hinder(self, roots: list[Root], obstacle: str) -> None:
        for root in roots:
            self._ledger.hinder(root, obstacle)


def _starts(job: Job, root: Root) -> bool:
    return job.name == CATCH_UP or FAMILIES[job.name] == root[0]


def _together(ended: list[Ended]) -> Ended:
    """Return how jobs that were started together ended: as the first that failed."""
    failed = [code for code, _ in ended if code]
    return failed[0] if failed else 0, "".join(words for _, words in ended)
