"""The schedule: what cron and systemd start, when, and that nothing runs twice at once."""

from __future__ import annotations

import configparser
import datetime
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.data_roots import DataRoots
from support.repository import REPOSITORY

from pipeline.paths import Layout

CRONTAB = REPOSITORY / "config/crontab"
UNITS = REPOSITORY / "config/systemd"
ROOT_OF_UNITS = "/opt/tmdb-pipeline"
BACKUPS = "-/var/backups/tmdb-pipeline"
"""A folder for `backup --to` that need not be there."""


def _zone() -> str:
    """Return a time zone in which today is due, with another date than UTC if possible."""
    hour = datetime.datetime.now(datetime.UTC).hour
    if hour in (11, 12):
        return "Asia/Seoul"
    return "Etc/GMT+12" if hour < 11 else "Pacific/Kiritimati"


ZONE = _zone()
JOBS = {
    "daily": "tmdb-scheduled daily -- luigi --module pipeline DailySummary",
    "weekly": "tmdb-scheduled weekly -- luigi --module pipeline WeeklyConsolidation",
    "catch-up": "tmdb-scheduled catch-up -- luigi --module pipeline",
    "backup": "tmdb-scheduled backup -- tmdb-pipeline backup --runtime host",
    "prune": "tmdb-scheduled prune -- tmdb-pipeline prune --yes --runtime host",
    "watch": "tmdb-scheduled watch -- tmdb-pipeline watch",
}
"""Every job by its name, with the command that a crontab line and a unit show."""


@dataclass(frozen=True)
class Job:
    """A line of the crontab."""

    when: str
    command: str


def crontab() -> tuple[dict[str, str], list[Job]]:
    """The variables and the jobs, read as cron reads them: `\\%` is a percent sign."""
    variables, jobs = {}, []
    for line in CRONTAB.read_text(encoding="utf-8").splitlines():
        assigned = re.fullmatch(r"([A-Z_]+)=(.*)", line)
        if assigned:
            variables[assigned[1]] = assigned[2].strip('"')
        elif line and not line.startswith("#"):
            *when, command = line.split(maxsplit=5)
            assert not re.search(r"(?<!\\)%", command), "cron ends the command there"
            assert len(command) < 998, "cron reads no more"
            jobs.append(Job(" ".join(when), command.replace("\\%", "%")))
    return variables, jobs


def job(name: str) -> Job:
    return next(each for each in crontab()[1] if each.command == JOBS[name])


def test_the_times_are_those_of_the_documentation() -> None:
    assert {name: job(name).when for name in JOBS} == {
        "daily": "0 2 * * *",
        "weekly": "0 3 * * 0",
        "catch-up": "40 * * * *",
        "backup": "30 4 * * *",
        "prune": "50 4 * * *",
        "watch": "30 * * * *",
    }
    assert len(crontab()[1]) == len(JOBS)


def test_no_key_stands_in_the_crontab_or_a_unit() -> None:
    for path in (CRONTAB, *UNITS.iterdir()):
        assert not re.search(r"(KEY|PASSWORD|URL)=", path.read_text(encoding="utf-8")), path


@dataclass(frozen=True)
class Host:
    """A folder that looks to a job as the image does."""

    variables: dict[str, str]
    output: Path
    mail: Path
    data: Path

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start the job as cron would: its own variables and nothing else, by `sh -c` in HOME."""
        command = ["/bin/sh", "-c", job(name).command]
        with self.mail.open("ab") as mail:
            return subprocess.Popen(
                command, env=self.variables, cwd=self.variables["HOME"], stdout=mail, stderr=mail
            )

    def run(self, name: str) -> int:
        return self.start(name).wait(timeout=60)

    def export(self, **variables: str) -> None:
        """Add lines to the settings file."""
        with Path(self.variables["ENVIRONMENT"]).open("a", encoding="utf-8") as file:
            file.writelines(f"export {k}={shlex.quote(v)}\n" for k, v in variables.items())

    @property
    def lock(self) -> Path:
        return self.data / "state/DailySummary.lock"

    def made(self, folder: str = ".") -> set[str]:
        """The files below the data root, or a folder of it."""
        return {path.name for path in (self.data / folder).rglob("*") if path.is_file()}


@pytest.fixture
def host(tmp_path: Path, data_roots: DataRoots) -> Host:
    data, home = tmp_path / "data with a space", tmp_path / "home"
    home.mkdir()
    cfg = home / "luigi.cfg"
    local = (
        (REPOSITORY / "luigi.cfg").read_text().replace("[core]", "[core]\nlocal_scheduler = True")
    )
    cfg.write_text(local)
    file = tmp_path / "environment"
    file.touch(mode=0o600)
    own = {
        "HOME": str(home),
        "ENVIRONMENT": str(file),
        "OUTPUT": str(tmp_path / "output"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LUIGI_CONFIG_PATH": str(REPOSITORY / "config/unattended.cfg"),
    }
    variables = crontab()[0]
    assert own.keys() < variables.keys(), "the crontab no longer sets what this replaces"
    found = Host(variables | own, tmp_path / "output", tmp_path / "mail", data)
    found.export(
        TMDB_API_KEY="demo",
        TZ=ZONE,
        PIPELINE_DATA_DIR=str(data),
        PIPELINE_CONFIG_DIR=str(data_roots.small_plan),
        TMPDIR=str(tmp_path / "tmp"),
        PYTHONWARNINGS="default",
    )
    return found


def local_time() -> datetime.datetime:
    return datetime.datetime.now(ZoneInfo(ZONE))


def newest_sunday() -> datetime.date:
    """The newest Sunday that was due, at 03:00."""
    due = local_time() - datetime.timedelta(hours=3)
    return due.date() - datetime.timedelta(days=due.isoweekday() % 7)


DOCUMENTS = {
    "daily": "raw/metadata/daily_summaries/daily_summary_{:%Y%m%d}.json",
    "weekly": "processed/weekly/consolidated_week_*_{:%Y%m%d}.json",
}


def test_the_daily_line_collects_the_day_of_its_time_zone_and_then_starts_no_luigi(
    host: Host,
) -> None:
    assert host.run("daily") == 0, host.output.read_text()
    _has_document_and_pages(host, "daily", local_time().date())
    logs, output = host.made("logs"), host.output.read_text()
    assert host.run("daily") == 0
    assert (host.made("logs"), host.output.read_text()) == (logs, output)


def _has_document_and_pages(host: Host, name: str, day: datetime.date) -> None:
    assert len(list(host.data.glob(DOCUMENTS[name].format(day)))) == 1
    assert len(list(host.data.glob(f"reports/{name}/*_{day:%Y%m%d}.html"))) == 1
    assert (host.data / "reports/index.html").exists()
    assert "The files are in" in host.output.read_text()
    assert host.mail.read_text() == ""


def test_the_line_that_catches_up_collects_what_is_due_and_then_nothing(host: Host) -> None:
    assert host.run("catch-up") == 0, host.output.read_text()
    _has_document_and_pages(host, "daily", local_time().date())
    _has_document_and_pages(host, "weekly", newest_sunday())
    made, output = host.made(), host.output.read_text()
    assert host.run("catch-up") == 0
    assert (host.made(), host.output.read_text()) == (made, output)


def test_the_line_that_backs_up_leaves_a_backup(host: Host, data_roots: DataRoots) -> None:
    data_roots.copy(host.data, ("DailySummary", "2024-01-07"))
    assert host.run("backup") == 0, host.output.read_text()
    assert len(list(host.data.glob("backups/tmdb-backup-*.tar.gz"))) == 1


def test_the_line_that_watches_is_content_with_a_new_installation(host: Host) -> None:
    assert host.run("watch") == 0
    assert host.output.read_text() == "Nothing is overdue.\n"


def test_the_line_that_watches_names_what_is_overdue_until_it_is_there(
    host: Host, data_roots: DataRoots
) -> None:
    earlier = local_time().date() - datetime.timedelta(days=10)
    document = host.data / DOCUMENTS["daily"].format(earlier)
    document.parent.mkdir(parents=True)
    document.write_text("{}")
    assert host.run("watch") == 1
    for root in ("DailySummary", "WeeklyConsolidation"):
        assert re.search(rf"^tmdb-pipeline: {root} of .* was due at", host.output.read_text(), re.M)
    day, week = (
        ("DailySummary", f"{local_time().date()}"),
        ("WeeklyConsolidation", f"{newest_sunday()}"),
    )
    data_roots.copy(host.data, week, day, TZ=ZONE)
    assert host.run("watch") == 0
    assert host.output.read_text().endswith("\nNothing is overdue.\n")


@pytest.fixture
def other_run(host: Host) -> Iterator[None]:
    """Another run of the daily root task, as far as its lock tells."""
    if shutil.which("flock") is None:
        pytest.skip("flock is not on this machine")
    host.lock.parent.mkdir(parents=True)
    host.lock.touch()
    holder = subprocess.Popen(["flock", host.lock, "sleep", "60"])
    while not _is_locked(host.lock):
        time.sleep(0.01)
    yield
    holder.kill()
    holder.wait()


def test_a_second_run_of_the_same_says_in_one_line_that_it_is_skipped(
    host: Host, other_run: None
) -> None:
    assert host.run("daily") == 10
    text = "Skipped: another run of DailySummary is in progress.\n"
    assert host.output.read_text() == text
    assert host.made() == {host.lock.name}


def test_the_hourly_catch_up_says_nothing_of_a_run_in_progress(
    host: Host, other_run: None, data_roots: DataRoots
) -> None:
    """It would say so every hour of a long run."""
    sunday = newest_sunday()
    data_roots.copy(host.data, ("WeeklyConsolidation", f"{sunday}"), TZ=ZONE)
    page = Layout(host.data).weekly_page(sunday)
    page.parent.mkdir(parents=True)
    page.touch()
    assert host.run("catch-up") == 0
    assert "Skipped" not in host.output.read_text()
    assert not host.made("raw/metadata/daily_summaries")


def _is_locked(path: Path) -> bool:
    return subprocess.run(["flock", "--nonblock", path, "true"], check=False).returncode == 1


def test_of_two_at_once_one_collects_the_newest_sunday_that_was_due(host: Host) -> None:
    """Whatever the weekday on which they are started."""
    runs = [host.start("weekly") for _ in range(2)]
    assert sorted(run.wait(timeout=60) for run in runs) == [0, 10], host.output.read_text()
    skipped = "Skipped: another run of WeeklyConsolidation is in progress."
    assert host.output.read_text().count(skipped) == 1
    _has_document_and_pages(host, "weekly", newest_sunday())


def test_the_status_of_a_failed_run_is_the_lines_status(host: Host) -> None:
    host.export(TMDB_REGION="nowhere")
    assert host.run("daily") == 35
    assert "TMDB_REGION has to be like KR" in host.output.read_text()


def test_a_missing_settings_file_is_named_in_the_mail_of_cron(host: Host) -> None:
    """And nothing is collected: the key is in it."""
    Path(host.variables["ENVIRONMENT"]).unlink()
    assert host.run("daily") == 35
    path = host.variables["ENVIRONMENT"]
    assert host.mail.read_text() == (
        f"tmdb-scheduled: {path} in ENVIRONMENT cannot be read: correct it.\n"
    )
    assert "TMDB_API_KEY is not set" in host.output.read_text()


@pytest.mark.parametrize("line", ["export TMDB_API_KEY='hush-hush-hush", "hush-hush-hush ("])
def test_a_damaged_settings_file_is_named_with_its_line_and_without_its_content(
    host: Host, line: str
) -> None:
    path = Path(host.variables["ENVIRONMENT"])
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    number = len(path.read_text(encoding="utf-8").splitlines())
    assert host.run("daily") == 35
    found = re.fullmatch(
        rf"tmdb-scheduled: {path}, line (\d+), in ENVIRONMENT cannot be read: correct it.\n",
        host.mail.read_text(),
    )
    assert found
    assert number <= int(found[1]) <= number + 1  # a quote is missed at the end of the file


def test_an_output_that_cannot_be_written_keeps_no_line_from_running(host: Host) -> None:
    host.output.mkdir()
    assert host.run("daily") == 0, host.mail.read_text()
    first = host.mail.read_text().splitlines()[0]
    assert first.startswith(f"tmdb-scheduled: {host.output} in OUTPUT cannot be written")
    assert "The files are in" in host.mail.read_text()


def test_a_pipe_without_a_reader_delays_no_job(host: Host) -> None:
    os.mkfifo(host.output)
    assert host.run("watch") == 0, host.mail.read_text()
    assert "in OUTPUT cannot be written" in host.mail.read_text()
    assert "Nothing is overdue." in host.mail.read_text()


# systemd


def unit(name: str) -> configparser.ConfigParser:
    """A unit; of an option that stands there twice the last."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / name, encoding="utf-8")
    return parser


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("daily", "*-*-* 02,03,04:00:00"),
        ("weekly", "Sun *-*-* 03,04,05:00:00"),
        ("catch-up", "*-*-* *:40:00"),
        ("watch", "*-*-* *:30:00"),
        ("backup", "*-*-* 04:30:00"),
        ("prune", "*-*-* 04:50:00"),
    ],
)
def test_the_timers_say_what_the_crontab_says(name: str, when: str) -> None:
    """And twice more for what the clocks may skip in spring."""
    timer = unit(f"tmdb-{name}.timer")
    assert timer["Timer"]["OnCalendar"] == when
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.parametrize("name", JOBS)
def test_the_services_start_what_the_crontab_starts(name: str) -> None:
    text = (UNITS / f"tmdb-{name}.service").read_text(encoding="utf-8")
    started = re.findall(r"^ExecStart=(.*)$", text, re.M)
    assert started == [f"{ROOT_OF_UNITS}/.venv/bin/{job(name).command}"]
    variables = re.findall(r"^Environment=(.*)$", text, re.M)
    assert f"PATH={ROOT_OF_UNITS}/.venv/bin:/usr/bin:/bin" in variables
    unattended = f"LUIGI_CONFIG_PATH={ROOT_OF_UNITS}/config/unattended.cfg"
    assert (unattended in variables) == (name in ("daily", "weekly", "catch-up"))


SERVICES = sorted(path.name for path in UNITS.glob("*.service"))


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_runs_as_root_or_writes_elsewhere(name: str) -> None:
    service = unit(name)["Service"]
    assert service["User"] == "pipeline"
    assert service["EnvironmentFile"] == "-/etc/tmdb-pipeline/environment"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    data, demo, backups = f"{ROOT_OF_UNITS}/data", f"-{ROOT_OF_UNITS}/data-demo", BACKUPS
    assert service["ReadWritePaths"] == f"{data} /tmp {demo} {backups}"
    assert "PrivateTmp" not in service, "all runs of the machine share the pace in /tmp"


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8").replace(ROOT_OF_UNITS, str(tmp_path))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    for name in ("tmdb-pipeline", "tmdb-scheduled"):
        (programs / name).touch(mode=0o755)
    units = sorted(tmp_path.glob("tmdb-*"))
    assert len(units) == 2 * len(JOBS) + 1
    done = subprocess.run(
        [program, "verify", "--man=no", *map(str, units)], capture_output=True, text=True
    )
    if "Failed to initialize manager" in done.stderr:
        pytest.skip(f"systemd-analyze does not work here: {done.stderr.strip()}")
    assert (done.returncode, done.stderr) == (0, "")
