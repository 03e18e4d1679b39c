"""Find the schedules installed on this host: crontabs and active timers that start root tasks."""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path

from pipeline import clock
from pipeline.ops.schedule.times import Job, Schedule, by_root, output_of, packaged, read_crontab
from pipeline.roots import ROOTS
from pipeline.storage import local

_ETC = Path("/etc")

# Of what `systemctl show` prints.
_UNIT = re.compile(r"^(Id|Unit)=(.+)$", re.M)
_CALENDAR = re.compile(r"^TimersCalendar={ OnCalendar=(.+) ; next_elapse=", re.M)
_COMMAND = re.compile(r"^ExecStart={ path=.+? ; argv\[\]=(.+) ; ignore_errors=", re.M)


def installed() -> dict[str, list[Job]]:
    """Return the jobs of every place that starts a root task by the clock, by its name."""
    places = {"crontab of this user": read_crontab(output_of("crontab", "-l"))}
    # Debian's cron passes over files with other names, as those that dpkg and editors leave there.
    own = [path for path in _ETC.glob("cron.d/*") if re.fullmatch(r"[\w-]+", path.name)]
    for path in (_ETC / "crontab", *sorted(own)):
        with contextlib.suppress(OSError):
            places[str(path)] = read_crontab(local.read(path).decode("utf-8", errors="replace"))
    timers = _timers()
    names = [job.when for job in timers if job.roots]
    places[f"systemd timer {', '.join(names).replace('.service', '')}"] = timers
    return {place: jobs for place, jobs in places.items() if by_root(jobs)}


def starts(name: str, places: Mapping[str, list[Job]]) -> bool:
    """Return whether one of the places has the wrapper run the job of that name."""
    jobs = (job for jobs in places.values() for job in jobs)
    return any(re.search(rf"\btmdb-scheduled\s+{name}\b", job.command) for job in jobs)


def schedules(crontab: Path) -> dict[str, Schedule]:
    """Return the schedule of each root task: the installed one, else that of config/crontab."""
    found = by_root(job for jobs in installed().values() for job in jobs)
    return found if len(found) == len(ROOTS) else {**packaged(crontab), **found}


def _timers() -> list[Job]:
    """Return what active timers start. systemd knows their drop-ins and what is masked."""
    jobs = []
    # Without `--all` a pattern leaves out services that do not run.
    words = ("--all", "--property=Id,ActiveState,Unit,TimersCalendar,ExecStart")
    for scope in ("--system", "--user"):
        text = output_of("systemctl", scope, "show", *words, "tmdb-*.timer", "tmdb-*.service")
        names = {unit: dict(_UNIT.findall(unit)) for unit in text.split("\n\n")}
        commands = {name.get("Id"): _COMMAND.findall(unit) for unit, name in names.items()}
        for unit, name in names.items():
            schedule = Schedule(calendars=tuple(_CALENDAR.findall(unit)))
            if "\nActiveState=active" in unit and any(schedule.after(clock.now())):
                service = name.get("Unit", "")
                jobs.append(Job(service, "; ".join(commands.get(service, ())), schedule))
    return sorted(jobs)
