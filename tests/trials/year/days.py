"""The days one after the other: cron's jobs, what befalls them, and who looks after the machine."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from random import Random

from trials.year import nights
from trials.year.cron import Job
from trials.year.host import Host
from trials.year.judge import Judge
from trials.year.ledger import DAILY, WEEKLY, Ledger, Root, Run, reason, run_logs
from trials.year.nights import NIGHTS, OF_SERVICES

ROOTS = (DAILY, WEEKLY)
TRIGGER_TODAY, TRIGGER_LATER = 0.4, 0.25
"""How often somebody asks for a missing day on the same morning, or some days later."""

DAYS_BETWEEN_JUDGEMENTS = 7
MORNING, REPAIRS, NOON = (7, 30), (9, 10), (12, 0)


Due = tuple[datetime.datetime, str, Job]
"""When cron starts which root task, and by which line."""


class Calendar:
    """Lives through the days on one machine."""

    def __init__(self, host: Host, plan: dict[datetime.date, str], seed: int) -> None:
        self.ledger = Ledger()
        self.judge = Judge(host, self.ledger)
        self.counts: Counter[str] = Counter()
        self.by_hand = 0
        self.repeated = 0
        """Runs of a day that was there already, which must change nothing."""
        self._host = host
        self._clock = host.clock
        self._plan = plan
        self._seed = seed
        self._errands: dict[datetime.date, list[Root]] = defaultdict(list)
        self._judged: datetime.date | None = None
        self._is_off = self._is_behind = False

    def live(self) -> None:
        """Live through all days, and judge them."""
        for day, befalls in self._plan.items():
            self._day(day, befalls, Random(f"{self._seed} {day}"))
        last = max(self._plan)
        self._host.pass_until(self._clock.at(last, 23))
        self._if_off_boot()
        self.judge.close([root for day in self._plan for root in self.due(day)])
        self.judge.broken += self._host.fell

    def due(self, day: datetime.date) -> list[Root]:
        """What cron starts on a day."""
        return [(family, day) for _, family, _ in self._jobs(day)]

    def _day(self, day: datetime.date, befalls: str, chance: Random) -> None:
        went_back = False
        if self._is_behind:
            self._with_clock_behind(day)
        elif befalls == nights.OFF:
            self._switch_off(day, chance)
            return
        elif self._is_off:
            self._boot_in_the_morning(day, chance)
        else:
            self._night(day, befalls, chance)
            went_back = befalls == nights.BACK_A_DAY
        self._errands_of(day, chance)
        if self._judged is None or (day - self._judged).days >= DAYS_BETWEEN_JUDGEMENTS:
            self.judge.look_at_all()
            self._judged = day
        if went_back:
            self._host.pass_until(self._clock.at(day, *NOON))
            self._clock.step(-nights.DAY)
            self._is_behind = True

    def _night(self, day: datetime.date, befalls: str, chance: Random) -> None:
        self.counts[befalls] += 1
        self._start_all(_with_times_that_come_twice(self._jobs(day)), befalls, chance)
        if befalls == nights.BACK_AN_HOUR:
            self._clock.step(-nights.HOUR)
            self._start_all(self._jobs(day), "quiet", chance)

    def _start_all(self, jobs: Sequence[Due], befalls: str, chance: Random) -> None:
        for time, family, job in jobs:
            self._host.pass_until(time)
            self._start(family, job, befalls, chance)

    def _start(self, family: str, job: Job, befalls: str, chance: Random) -> None:
        """Have cron start a job, which asks for the day that the clock says it is."""
        night = {**NIGHTS, **OF_SERVICES}.get(befalls, NIGHTS["quiet"])[0]
        pages = job._replace(command=f"export PAGES={'yes' * (family == WEEKLY)}; {job.command}")
        self._note(family, self._clock.now().date(), befalls, lambda: night(
            self._host, pages, chance))  # fmt: skip

    def _note(
        self,
        family: str,
        day: datetime.date,
        befalls: str,
        run: Callable[[], tuple[int | None, str]],
    ) -> None:
        """Run it, and write down when that was and how it ended."""
        root, logs = (family, day), run_logs(self._host, family)
        self.repeated += self.judge.is_there(root)
        began = self._clock.now()
        status, words = run()
        ended = self._clock.now()
        why = reason(self._host, family, logs, words) if status != 0 else None
        if status != 0 and why is None and befalls == "killed":
            why = "it was killed before it could say anything"
        times = self._window(began, ended, befalls)
        self.ledger.runs.append(Run(root, befalls, *times, status, why))
        self.judge.look()

    def _window(
        self, began: datetime.datetime, ended: datetime.datetime, befalls: str
    ) -> tuple[datetime.datetime, datetime.datetime]:
        """The earliest and the latest time that the clock showed in between."""
        steps = {"clock back a day during the run": 24, "clock back an hour during the run": 1}
        back = datetime.timedelta(hours=steps.get(befalls, 0))
        earliest, latest = (each.astimezone(datetime.UTC) for each in (began, ended))
        zone = self._clock.zone
        return (earliest - back).astimezone(zone), (latest + back).astimezone(zone)

    def _switch_off(self, day: datetime.date, chance: Random) -> None:
        if not self._is_off and self._host.postgres is not None:
            self._host.end_luigid(hard=chance.random() < 0.5)
            self._host.postgres.stop()
        self._is_off = True
        self.counts[nights.OFF] += 1
        for root in self.due(day):
            self.ledger.not_run[root] = "the machine was off"

    def _boot_in_the_morning(self, day: datetime.date, chance: Random) -> None:
        """Cron lets what was missed go; a timer of systemd makes up for it."""
        self.counts["booted in the morning"] += 1
        self._host.pass_until(self._clock.at(day, *MORNING))
        self._if_off_boot()
        if chance.random() < 0.5:
            self._start_all(self._jobs(day), "quiet", chance)
        else:
            for root in self.due(day):
                self.ledger.not_run[root] = "the machine was off"

    def _if_off_boot(self) -> None:
        if self._is_off and self._host.postgres is not None:
            self._host.postgres.start()
            self._host.start_luigid()
        self._is_off = False

    def _with_clock_behind(self, day: datetime.date) -> None:
        """It is yesterday once more, until somebody sets the clock at noon."""
        self.counts["clock a day behind"] += 1
        yesterday = day - datetime.timedelta(1)
        self._start_all(self._jobs(yesterday), "quiet", Random(0))
        self._clock.set(self._clock.at(day, *NOON))
        self._is_behind = False
        for root in self.due(day):
            self.ledger.not_run[root] = "the clock was a day behind"

    def _errands_of(self, day: datetime.date, chance: Random) -> None:
        """What somebody at the desk asks for in the forenoon: today's again, or an earlier day."""
        self._host.pass_until(self._clock.at(day, *REPAIRS))
        for root in self._errands.pop(day, []):
            self._trigger(root)
        for root in self.due(day):
            drawn = chance.random()
            if self.judge.is_there(root):
                continue
            if drawn < TRIGGER_TODAY:
                self._trigger(root)
            elif drawn < TRIGGER_TODAY + TRIGGER_LATER:
                self._errands[day + datetime.timedelta(chance.randint(1, 3))].append(root)

    def _trigger(self, root: Root) -> None:
        family, day = root
        self.by_hand += 1
        self._note(family, day, "quiet", lambda: self._host.operate(
            "trigger", family, day.isoformat()))  # fmt: skip

    def _jobs(self, day: datetime.date) -> list[Due]:
        start = self._clock.at(day, 0) - datetime.timedelta(seconds=1)
        end = self._clock.at(day + datetime.timedelta(1), 0)
        jobs = ((family, self._host.crontab.job(family)) for family in ROOTS)
        found = [(time, family, job) for family, job in jobs for time in job.times(start, end)]
        return sorted(found, key=lambda each: (each[0], ROOTS.index(each[1])))


def _with_times_that_come_twice(jobs: list[Due]) -> list[Due]:
    """Add the second time, as of a cron that knows nothing of summer time."""
    twice = [(time.replace(fold=1), *rest) for time, *rest in jobs if comes_twice(time)]
    return sorted([*jobs, *twice], key=lambda each: each[0].timestamp())


def comes_twice(time: datetime.datetime) -> bool:
    """Whether the clocks show that time twice on its day: in the night when summer time ends."""
    return time.replace(fold=0).utcoffset() > time.replace(fold=1).utcoffset()
