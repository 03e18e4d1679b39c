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
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import REPOSITORY

CRONTAB = REPOSITORY / "config/crontab"
UNITS = REPOSITORY / "config/systemd"
ROOT_OF_UNITS = "/opt/tmdb-pipeline"
COMMANDS = ["luigi --module pipeline DailySummary", "luigi --module pipeline WeeklyConsolidation"]


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


def job(task: str) -> Job:
    return next(each for each in crontab()[1] if task in each.command)


def test_the_times_are_those_of_the_documentation() -> None:
    assert job("DailySummary").when == "0 2 * * *"
    assert job("WeeklyConsolidation").when == "0 3 * * 0"
    assert job("watch").when == "30 * * * *"
    assert job("backup").when == "30 4 * * *"
    assert len(crontab()[1]) == 4


def test_no_key_stands_in_the_crontab_or_a_unit() -> None:
    for path in (CRONTAB, *UNITS.iterdir()):
        assert not re.search(r"(KEY|PASSWORD|URL)=", path.read_text(encoding="utf-8")), path


@dataclass(frozen=True)
class Host:
    """A folder that looks to a job as the image does."""

    variables: dict[str, str]
    output: Path
    data: Path

    def start(self, task: str) -> subprocess.Popen[bytes]:
        """Start the job as cron would: its own variables and nothing else, by `sh -c`."""
        command = ["/bin/sh", "-c", job(task).command]
        return subprocess.Popen(command, env=self.variables, cwd="/")

    def run(self, task: str) -> int:
        return self.start(task).wait(timeout=60)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    for program in ("flock", "timeout"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    data = tmp_path / "data with a space"
    environment = {
        "TMDB_API_KEY": "demo",
        "TZ": "Asia/Seoul",
        "PIPELINE_DATA_DIR": str(data),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONWARNINGS": "default",
    }
    cfg = tmp_path / "luigi.cfg"
    local = (
        (REPOSITORY / "luigi.cfg").read_text().replace("[core]", "[core]\nlocal_scheduler = True")
    )
    cfg.write_text(local)
    file = tmp_path / "environment"
    file.touch(mode=0o600)
    file.write_text("".join(f"export {k}={shlex.quote(v)}\n" for k, v in environment.items()))
    own = {
        "HOME": str(tmp_path),
        "ENVIRONMENT": str(file),
        "OUTPUT": str(tmp_path / "output"),
        "LOCKS": str(tmp_path),
        "LUIGI_CONFIG_PATH": str(REPOSITORY / "config/unattended.cfg"),
    }
    variables = crontab()[0]
    assert own.keys() < variables.keys(), "the crontab no longer sets what this replaces"
    return Host(variables | own, tmp_path / "output", data)


def in_seoul() -> datetime.date:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=9)).date()


@pytest.mark.run
@pytest.mark.parametrize(
    ("task", "made"),
    [
        ("DailySummary", "raw/metadata/daily_summaries/daily_summary_{:%Y%m%d}.json"),
        ("WeeklyConsolidation", "processed/weekly/consolidated_week_*_{:%Y%m%d}.json"),
    ],
)
def test_the_line_collects_the_day_of_its_time_zone(host: Host, task: str, made: str) -> None:
    day = in_seoul()
    assert host.run(task) == 0, host.output.read_text()
    assert len(list(host.data.glob(made.format(day)))) == 1
    assert len(list(host.data.glob(f"reports/*/*_{day:%Y%m%d}.html"))) == 1
    assert (host.data / "reports/index.html").exists()
    assert "The files are in" in host.output.read_text()


@pytest.mark.run
def test_the_line_that_backs_up_leaves_a_backup(host: Host) -> None:
    assert host.run("DailySummary") == 0
    assert host.run("backup") == 0, host.output.read_text()
    assert len(list(host.data.glob("backups/tmdb-backup-*.tar.gz"))) == 1


@pytest.mark.run
def test_the_line_that_watches_tells_whether_the_day_is_there(host: Host) -> None:
    assert host.run("watch") == 1
    assert "No daily films were collected" in host.output.read_text()
    assert host.run("DailySummary") == 0
    assert host.run("watch") == 0


@pytest.mark.run
def test_a_second_run_of_the_same_says_in_one_line_that_it_is_skipped(host: Host) -> None:
    with (Path(host.variables["LOCKS"]) / "daily.lock").open("w") as lock:
        holder = subprocess.Popen(["flock", lock.name, "sleep", "30"])
        while not _is_locked(lock.name):
            time.sleep(0.01)
        try:
            assert host.run("DailySummary") == 10
        finally:
            holder.kill()
            holder.wait()
    assert host.output.read_text() == "Skipped: the daily run of before is still going on.\n"
    assert not host.data.exists()


def _is_locked(path: str) -> bool:
    return subprocess.run(["flock", "--nonblock", path, "true"], check=False).returncode == 1


@pytest.mark.run
def test_of_two_at_once_one_runs(host: Host) -> None:
    runs = [host.start("WeeklyConsolidation") for _ in range(2)]
    assert sorted(run.wait(timeout=60) for run in runs) == [0, 10], host.output.read_text()
    assert host.output.read_text().count("Skipped: the weekly run") == 1


@pytest.mark.run
def test_the_status_of_a_failed_run_is_the_lines_status(host: Host) -> None:
    with Path(host.variables["ENVIRONMENT"]).open("a") as environment:
        environment.write("export TMDB_REGION=nowhere\n")
    variables = host.variables | {"LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg")}
    assert Host(variables, host.output, host.data).run("DailySummary") == 35
    assert "TMDB_REGION has to be like KR" in host.output.read_text()


@pytest.mark.run
def test_a_missing_environment_is_said_in_the_log(host: Host) -> None:
    Path(host.variables["ENVIRONMENT"]).unlink()
    assert host.run("DailySummary") != 0
    assert "environment" in host.output.read_text()


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
        ("daily", "*-*-* 02:00:00"),
        ("weekly", "Sun *-*-* 03:00:00"),
        ("watch", "*-*-* *:30:00"),
        ("backup", "*-*-* 04:30:00"),
    ],
)
def test_the_timers_say_what_the_crontab_says(name: str, when: str) -> None:
    timer = unit(f"tmdb-{name}.timer")
    assert timer["Timer"]["OnCalendar"] == when
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.parametrize(("name", "command"), [("daily", COMMANDS[0]), ("weekly", COMMANDS[1])])
def test_the_services_start_what_the_crontab_starts(name: str, command: str) -> None:
    service = unit(f"tmdb-{name}.service")["Service"]
    wanted = f'{command} --date "$(date +%F)"'
    text = (UNITS / f"tmdb-{name}.service").read_text(encoding="utf-8")
    started = re.findall(r"^ExecStart=(.*)$", text.replace("$$", "$").replace("%%", "%"), re.M)
    pages = 'luigi --module pipeline IndexPage --date "$(date +%F)"'
    assert started == [f"/bin/sh -c 'exec {each}'" for each in (wanted, pages)]
    line = job(command).command
    assert f'DAY=$(date +%F); $ONCE $LOCKS/{name}.lock $LIMIT {command} --date "$DAY" && ' in line
    assert ' && luigi --module pipeline IndexPage --date "$DAY" || ' in line
    assert service["Environment"].endswith("config/unattended.cfg")


SERVICES = sorted(path.name for path in UNITS.glob("*.service"))


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_runs_as_root_or_writes_elsewhere(name: str) -> None:
    service = unit(name)["Service"]
    assert service["User"] == "pipeline"
    assert service["EnvironmentFile"] == "/etc/tmdb-pipeline/environment"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["ReadWritePaths"] == f"{ROOT_OF_UNITS}/data /tmp"
    assert "PrivateTmp" not in service, "all runs of the machine share the pace in /tmp"


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8").replace(ROOT_OF_UNITS, str(tmp_path))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    installed = tmp_path / ".venv/bin/tmdb-pipeline"
    installed.parent.mkdir(parents=True)
    installed.touch(mode=0o755)
    units = sorted(tmp_path.glob("tmdb-*"))
    assert len(units) == 9
    done = subprocess.run(
        [program, "verify", "--man=no", *map(str, units)], capture_output=True, text=True
    )
    if "Failed to initialize manager" in done.stderr:
        pytest.skip(f"systemd-analyze does not work here: {done.stderr.strip()}")
    assert (done.returncode, done.stderr) == (0, "")
