"""The compose stack, built and run for real in a copy of the repository. `tests/stack/run` runs it.

It needs a Docker engine with Compose v2 and takes some minutes. Where the build needs more than the
repository says, a package index or another network, STACK_OVERRIDE names a compose file with it.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.backup_runs import TABLES, with_programs
from support.object_store import IDENTITIES, KEY, PROGRAM, SECRET
from support.operate import WORDS
from support.postgres import running_postgres
from support.repository import REPOSITORY
from support.waiting import wait_for

from pipeline.warehouse.tables import METADATA, READER, VIEW_NAMES

PASSWORD = """p@ss/w:rd$%# "{x}\u00e9"""
"""Whatever may go wrong with a password on its way."""

WEEK, DAY = "2024-01-07", "2024-01-08"
DONE = "/api/task_list?data=%7B%22status%22%3A%22DONE%22%7D"
SERVICES = ("postgres", "luigid", "cron")

until = functools.partial(wait_for, interval=0.5)
"""Each look is a command of Docker."""


@dataclass
class Stack:
    """A stack in a folder of its own, under a project of its own."""

    folder: Path
    project: str
    port: int
    environment: dict[str, str] = field(default_factory=dict)

    def compose(self, *words: str, check: bool = True, timeout: float = 600) -> str:
        """Run `docker compose WORDS` and return what it prints."""
        done = self.try_compose(*words, timeout=timeout)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_compose(self, *words: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "compose", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )

    def up(self) -> None:
        self.compose("up", "-d", "--wait")

    def inside(self, service: str, *words: str, check: bool = True) -> str:
        return self.compose("exec", "-T", service, *words, check=check)

    def sql(self, statement: str, role: str = "luigi", *, check: bool = True) -> str:
        words = ["psql", "-U", role, "-d", "luigi", "-At", "-c", statement]
        return self.inside("postgres", *words, check=check).strip()

    def loads(self) -> set[str]:
        """What the warehouse has loaded, like `day 2024-01-08`."""
        query = "SELECT period, date FROM warehouse.loads"
        return set(self.sql(query, "warehouse", check=False).replace("|", " ").splitlines())

    def due_loads(self) -> set[str]:
        """What there are documents of, as in `loads`."""
        folders = {"day": "raw/metadata/daily_summaries", "week": "processed/weekly"}
        return {
            f"{period} {datetime.date.fromisoformat(path.stem[-8:])}"
            for period, folder in folders.items()
            for path in (self.data / folder).glob("*.json")
        }

    def history(self) -> str:
        """Every row of the history."""
        tables = ("tasks", "task_parameters", "task_events", "task_failures")
        return "\n".join(self.sql(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables)

    def states(self) -> dict[str, str]:
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        rows = [json.loads(line) for line in lines]
        return {row["Service"]: f"{row['State']} {row['Health']}" for row in rows}

    def operate(self, *words: str) -> str:
        """Run `tmdb-pipeline WORDS` on the host, in the stack's folder."""
        command = [*WORDS, *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return json.load(answer)

    def page(self, path: str) -> str:
        """What luigid serves below /pages/."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    @property
    def data(self) -> Path:
        """The data root of the embedded catalogue's films."""
        return self.folder / "data-demo"


def copy_of_the_repository(folder: Path) -> None:
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        source, target = REPOSITORY / name, folder / name
        if source.is_file() and not name.startswith("tests/"):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def new_stack(folder: Path, project: str, port: int) -> Stack:
    copy_of_the_repository(folder)
    (folder / ".env").write_text(
        f"TMDB_API_KEY=demo\nPOSTGRES_PASSWORD='{PASSWORD}'\nTZ=Asia/Seoul\n"
        f"COMPOSE_PROJECT_NAME={project}\n"
    )
    (folder / "docker-compose.override.yml").write_text(
        "services:\n"
        f"  luigid: {{ image: {project}, ports: !override ['127.0.0.1:{port}:8082'] }}\n"
        f"  cron: {{ image: {project} }}\n"
    )
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TMDB_", "PIPELINE_", "POSTGRES_", "LUIGI_")) and name != "TZ"
    }
    further = environment.get("STACK_OVERRIDE")
    if further:
        files = ["docker-compose.yml", "docker-compose.override.yml", further]
        environment["COMPOSE_FILE"] = ":".join(files)
    return Stack(folder, project, port, environment)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, built, up and healthy."""
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command")
    project = f"tmdbstack{os.getpid()}"
    port = int(os.environ.get("STACK_PORT", "18082"))
    new = new_stack(tmp_path_factory.mktemp("stack"), project, port)
    try:
        new.compose("build", timeout=1800)
        new.up()
        yield new
    finally:
        new.compose("down", "--volumes", "--timeout", "20", check=False)
        subprocess.run(["docker", "image", "rm", project], capture_output=True, check=False)


def test_the_stack_starts_healthy(stack: Stack) -> None:
    assert stack.states() == dict.fromkeys(SERVICES, "running healthy")


def test_the_stack_refuses_to_start_without_a_password_or_a_key(stack: Stack) -> None:
    dotenv = (stack.folder / ".env").read_text()
    for name in ("POSTGRES_PASSWORD", "TMDB_API_KEY"):
        lines = [line for line in dotenv.splitlines() if not line.startswith(name)]
        (stack.folder / "without.env").write_text("\n".join(lines))
        done = stack.try_compose("--env-file", "without.env", "config", "--quiet")
        assert done.returncode != 0
        assert f"set {name} in .env" in done.stderr


def test_a_weekly_run_by_exec_shows_on_the_page_and_in_the_history(stack: Stack) -> None:
    run = ["luigi", "--module", "pipeline", "WeeklyConsolidation", "--date", WEEK]
    stack.inside("cron", *run)

    tasks = stack.ask(DONE)["response"]
    assert f"WeeklyConsolidation_{WEEK.replace('-', '_')}" in "".join(tasks)
    done = "SELECT count(*) FROM task_events WHERE event_name = 'DONE'"
    until(lambda: int(stack.sql(done)) >= 10, 10, "ten tasks DONE in the history")
    assert list((stack.data / "processed/weekly").glob("*.json"))


def test_trigger_and_status_on_the_host_reach_into_the_stack(stack: Stack) -> None:
    stack.operate("trigger", "daily", "2024-01-06", "--runtime", "compose")

    assert (stack.data / "raw/metadata/daily_summaries/daily_summary_20240106.json").is_file()
    status = json.loads(stack.operate("status", "--json"))
    assert status["runtime"] == "compose"
    assert {each["state"] for each in status["services"]} == {"up"}
    inside = json.loads(stack.inside("cron", "tmdb-pipeline", "status", "--json"))
    assert {each["service"]: each["state"] for each in inside["services"]}["cron"] == "up"


def test_the_commands_of_an_operator_reach_into_the_stack(stack: Stack) -> None:
    outside = stack.operate
    day, compose = "2024-01-05", ("--runtime", "compose", "--json")
    outside("backfill", "daily", "--from", day, "--to", day, *compose)
    explained = json.loads(outside("explain", "DailySummary", day, *compose))
    assert [each["state"] for each in explained["files"]] == ["done"]
    redone = json.loads(outside("redo", "ValidationReport", day, "--yes", *compose))
    assert redone["ok"]
    assert redone["redone"][0]["runs"] == ["DailySummary", "IndexPage"]
    runs = json.loads(outside("runs", *compose))["runs"]
    assert {"DailySummary", "IndexPage"} <= {each["task"] for each in runs if each["date"] == day}
    for word, is_paused in (("pause", True), ("resume", False)):
        assert json.loads(outside(word, "daily", *compose))["paused"] is is_paused
        assert bool(json.loads(outside("status", *compose))["paused"]) is is_paused
    grid = json.loads(outside("status", "--grid", *compose))["grid"]
    assert {"daily", "weekly"} <= {each["task"] for each in grid}
    found = json.loads(outside("prune", "--older-than", "100d", "--dry-run", *compose))
    assert found["files"]
    assert not found["deleted"]


def test_ctrl_c_at_a_redo_outside_puts_the_files_back(stack: Stack) -> None:
    stack.operate("trigger", "weekly", "2024-01-21", "--runtime", "compose")
    document = next((stack.data / "processed/weekly").glob("*_20240121.json"))
    lists = sorted((stack.data / "raw/movies/genre").glob("*_20240121.json"))
    before = {path: path.stat().st_ino for path in (document, *lists)}
    command = [*WORDS, "redo", "GenreMovies", "2024-01-21", "--late", "--yes",
               "--runtime", "compose"]  # fmt: skip
    redo = subprocess.Popen(
        command, cwd=stack.folder, env=stack.environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    until(lambda: not document.exists(), 60, "the document to be moved aside")
    os.killpg(redo.pid, signal.SIGINT)
    output, _ = redo.communicate(timeout=60)
    assert redo.returncode == 130, output
    assert {path: path.stat().st_ino for path in (document, *lists)} == before


def test_cron_itself_starts_the_run(stack: Stack) -> None:
    crontab = stack.folder / "config" / "crontab"
    original = crontab.read_text()
    assert "0 2 * * *" in original
    at = time.gmtime(time.time() + 9 * 3600 + 90)
    asked = original.replace("0 2 * * *", f"{at.tm_min} {at.tm_hour} * * *")
    crontab.write_text(
        f"{asked}\n* * * * * tmdb-scheduled look -- sh -c "
        "'id -un >/run/pipeline/who; env >/run/pipeline/env'\n"
    )
    stack.compose("restart", "cron")
    day = time.strftime("%Y%m%d", at)
    try:
        summary = stack.data / f"raw/metadata/daily_summaries/daily_summary_{day}.json"
        until(summary.exists, 150, "the daily run that cron starts")
        until(lambda: "The files are in" in log_of_cron(stack), 30, "its words in the log")
        assert "DailySummary" in log_of_cron(stack)
        daily = f"/pages/daily/daily_{day}.html"
        link = daily.removeprefix("/pages/")
        until(lambda: link in stack.page("/pages/"), 60, "the pages of that run")
        assert '<html lang="ko">' in stack.page(daily)
        until(lambda: stack.loads() == stack.due_loads(), 60, "the warehouse to be loaded")
        ranks = f"SELECT count(*) FROM warehouse.ranks WHERE period = 'day' AND date = '{day}'"
        assert int(stack.sql(ranks, "warehouse")) > 20
        assert stack.inside("cron", "cat", "/run/pipeline/who").strip() == "pipeline"
        assert "TZ=Asia/Seoul" in stack.inside("cron", "cat", "/run/pipeline/env")
    finally:
        crontab.write_text(original)
        stack.compose("restart", "cron")


@pytest.mark.parametrize(("ends", "begins"), [("pause", "unpause"), ("stop", "start")])
def test_a_run_without_postgresql_succeeds_and_the_next_one_loads_what_is_missing(
    stack: Stack, ends: str, begins: str
) -> None:
    days = {"pause": ("2024-01-23", "2024-01-24"), "stop": ("2024-01-25", "2024-01-26")}
    first, second = days[ends]

    def run(day: str) -> str:
        words = ["tmdb-scheduled", "daily", "--", "luigi", "--module", "pipeline", "DailySummary"]
        done = stack.try_compose("exec", "-T", "cron", *words, "--date", day)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    stack.compose(ends, "postgres")
    try:
        output = run(first)
        assert f"day {first}" in stack.due_loads()
        assert output.count("The warehouse's database does not serve") == 1
        assert "Traceback" not in output
    finally:
        stack.compose(begins, "postgres")
        until(lambda: stack.states()["postgres"] == "running healthy", 60, "postgres answers")
    assert f"day {first}" not in stack.loads()
    assert "does not serve" not in run(second)
    assert {f"day {first}", f"day {second}"} <= stack.loads()


def test_the_login_of_a_dashboard_reads_the_views_and_nothing_else(stack: Stack) -> None:
    def read(statement: str) -> subprocess.CompletedProcess[str]:
        words = ["psql", "-h", "postgres", "-U", READER, "-d", "luigi", "-At", "-c", statement]
        return stack.try_compose("exec", "-T", "-e", "PGPASSWORD=reads", "cron", *words)

    assert "password authentication failed" in read("SELECT 1").stderr
    stack.sql(f"ALTER ROLE {READER} PASSWORD 'reads'", "postgres")
    for view in VIEW_NAMES:
        done = read(f"SELECT count(*) > 0 FROM {view}")
        assert done.stdout.strip() == "t", done.stderr
    history = ("tasks", "task_parameters", "task_events", "task_failures")
    tables = [*METADATA.tables, *(f"public.{table}" for table in history)]
    for statement in (
        *(f"SELECT 1 FROM {table}" for table in tables),
        *(f"DELETE FROM {table}" for table in tables),
        "INSERT INTO schema_version VALUES (99)",
        "UPDATE entries SET rank = 1",
        "DROP VIEW ranks",
        "CREATE TABLE mine (id INTEGER)",
        "CREATE TABLE public.mine (id INTEGER)",
        "CREATE TEMPORARY TABLE mine (id INTEGER)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SET ROLE warehouse",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
    ):
        refused = read(f"BEGIN READ WRITE; {statement}").stderr
        assert re.search("permission denied|must be owner", refused), (statement, refused)


def test_two_containers_more_make_a_week_together_and_nothing_else(stack: Stack) -> None:
    images = (stack.folder / "docker-compose.override.yml").read_text()
    runs = f"  runs: {{ image: {stack.project}, build: !reset null }}\n"
    (stack.folder / "images.yml").write_text(images + runs)
    files = ("docker-compose.yml", "docker-compose.scale.yml", "images.yml")
    scaled = functools.partial(stack.compose, *(word for name in files for word in ("-f", name)))
    crontab = stack.folder / "config" / "crontab"
    original = crontab.read_text()
    assert "0 3 * * 0 " in original
    at = time.gmtime(time.time() + 9 * 3600 + 120)  # in a minute at the earliest
    crontab.write_text(original.replace("0 3 * * 0 ", f"{at.tm_min} {at.tm_hour} * * * "))
    try:
        scaled("up", "-d", "--wait", "--no-recreate", "--scale", "runs=2", "runs")
        jobs = [
            re.findall(r" tmdb-scheduled ([\w-]+) --", scaled("exec", "-T", *which, "crontab",
                                                              "-u", "pipeline", "-l"))
            for which in (["--index=1", "runs"], ["--index=2", "runs"], ["cron"])
        ]  # fmt: skip
        assert jobs[:2] == [["daily", "weekly"]] * 2
        assert jobs[2].count("backup") == 1

        def statuses() -> list[int]:
            records = [
                scaled("exec", "-T", which, "runs", "sh", "-c", "cat work/*/logs/runs.jsonl",
                       check=False)
                for which in ("--index=1", "--index=2")
            ]  # fmt: skip
            runs = [json.loads(line) for each in records for line in each.splitlines()]
            ended = [each for each in runs if each["event"] == "ended"]
            return [each["status"] for each in ended if each["task"] == "WeeklyConsolidation"]

        until(lambda: statuses() == [0, 0], 180, "both runs")
        week = f"*_{time.strftime('%Y%m%d', at)}"
        (_,) = (stack.data / "processed/weekly").glob(f"{week}.json")
        until(lambda: list((stack.data / "reports/weekly").glob(f"{week}.html")), 30, "the page")
        day = time.strftime("%Y_%m_%d", at)
        attempts = stack.sql(
            "SELECT t.task_id, count(*) FROM tasks t JOIN task_events e ON e.task_id = t.id WHERE "
            f"t.task_id ~ '^(GenreMovies|TopRatedMovies)_{day}' AND e.event_name = 'RUNNING' "
            "GROUP BY 1 ORDER BY 1"
        ).splitlines()
        assert len(attempts) == 9
        assert all(each.endswith("|1") for each in attempts), attempts
    finally:
        crontab.write_text(original)
        scaled("rm", "--force", "--stop", "--volumes", "runs", check=False)


STORE = """
services:
  store:
    image: {project}
    user: "1000"
    entrypoint: [weed, server, -s3, -s3.port=8333, -s3.config=/s3.json, -dir=/data, -ip=store]
    tmpfs: ["/data:mode=1777", "/tmp:mode=1777"]
    volumes: ["{program}:/usr/local/bin/weed:ro", "./s3.json:/s3.json:ro"]
"""


def test_the_command_of_a_kubernetes_job_makes_its_day_in_a_bucket(stack: Stack) -> None:
    if not Path(PROGRAM).exists():
        pytest.skip("SeaweedFS is not installed: make .venv/test-s3")
    (stack.folder / "s3.json").write_text(IDENTITIES)
    (stack.folder / "store.yml").write_text(STORE.format(project=stack.project, program=PROGRAM))
    own = {
        "PIPELINE_BUCKET": "s3://movies/tmdb", "AWS_ENDPOINT_URL": "http://store:8333",
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
    }  # fmt: skip
    files = "docker-compose.yml:docker-compose.override.yml:store.yml"
    with_store = dataclasses.replace(
        stack, environment={**stack.environment, "COMPOSE_FILE": files, **own}
    )

    jobs = yaml.safe_load((stack.folder / "config/kubernetes/daily.yaml").read_text())
    (container,) = jobs["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    command = [*container["command"], *container["args"]]
    due = datetime.datetime(2024, 1, 3, 17, tzinfo=datetime.UTC)  # 02:00 of the next day in Seoul
    job = f"tmdb-daily-{due.timestamp() // 60:.0f}"

    def ask_store(command: str) -> str:
        words = ["sh", "-c", f"echo {command} | weed shell -master=store:9333"]
        return with_store.compose("exec", "-T", "store", *words, check=False)

    try:
        with_store.compose("up", "-d", "--no-deps", "store")
        create = "s3.bucket.create -name movies"
        until(lambda: "created bucket" in ask_store(create), 60, "the store answers")
        with_store.compose(
            *("run", "--rm", "-T", "--no-deps", "--user", "1000", "-e", f"JOB_NAME={job}"),
            *("-e", "LUIGI_CONFIG_PATH=/app/config/unattended.cfg", "cron", *command),
        )
        folder = "/buckets/movies/tmdb/raw/metadata/daily_summaries"
        assert "daily_summary_20240104.json" in ask_store(f"fs.ls {folder}")
        assert not list(stack.data.rglob("*20240104.json"))
        assert "daily_20240104.html" in ask_store("fs.ls /buckets/movies/tmdb/reports/daily")
        assert list((stack.folder / "data").rglob("logs/*_DailySummary_*.log"))
        assert SECRET not in with_store.compose("logs")
    finally:
        with_store.compose("rm", "--force", "--stop", "store", check=False)


@pytest.mark.parametrize("service", ["postgres", "luigid"])
def test_cron_starts_and_runs_though_another_service_is_not_healthy(
    stack: Stack, service: str
) -> None:
    """It is frozen, so that it neither answers nor is started again."""
    day = {"postgres": "2024-01-21", "luigid": "2024-01-22"}[service]
    stack.compose("stop", "cron")
    stack.compose("pause", service)
    try:
        stack.compose("up", "-d", "--no-recreate", "cron", timeout=60)
        until(lambda: stack.states()["cron"] == "running healthy", 60, "cron is healthy")
        run = ["luigi", "--module", "pipeline", "DailySummary", "--date", day]
        stack.inside("cron", *run)
        summary = f"raw/metadata/daily_summaries/daily_summary_{day.replace('-', '')}.json"
        assert (stack.data / summary).is_file()
    finally:
        stack.compose("unpause", service)
        until(lambda: stack.states()[service] == "running healthy", 60, f"{service} answers")


def test_ctrl_c_at_a_trigger_outside_ends_the_run_inside(stack: Stack) -> None:
    command = [*WORDS, "trigger", "weekly", "2024-01-14",
               "--runtime", "compose", "--", "--workers", "1"]  # fmt: skip
    run = subprocess.Popen(
        command, cwd=stack.folder, env=stack.environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    until(lambda: list((stack.data / "raw/movies/genre").glob("*_20240114.json")), 60, "a list")
    os.killpg(run.pid, signal.SIGINT)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 130, output
    programs = stack.inside("cron", "bash", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert "WeeklyConsolidation" not in programs
    assert not list((stack.data / "processed/weekly").glob("*_20240114.json"))


def log_of_cron(stack: Stack) -> str:
    return stack.compose("logs", "--no-log-prefix", "cron")


def test_everything_written_belongs_to_the_unprivileged_user(stack: Stack) -> None:
    strangers = [p for p in stack.data.rglob("*") if p.lstat().st_uid != 1000]
    assert not strangers
    assert len(list(stack.data.rglob("*"))) > 20


def test_only_cron_itself_is_root_in_the_pipelines_containers(stack: Stack) -> None:
    for service, as_root in (
        ("luigid", {"docker-init"}),
        ("cron", {"docker-init", "entrypoint", "cat", "cron"}),
    ):
        listing = stack.inside(
            service, "bash", "-c", "exec grep -sE '^(Name|Uid|NoNewPrivs):' /proc/[0-9]*/status"
        )
        facts = [line.partition("status:")[2].split() for line in listing.splitlines()]
        names = [words[1] for words in facts if words[0] == "Name:"]
        uids = [words[1] for words in facts if words[0] == "Uid:"]
        assert all(words[1] == "1" for words in facts if words[0] == "NoNewPrivs:")
        roots = {name for name, uid in zip(names, uids, strict=True) if uid == "0"}
        assert roots - {"grep"} <= as_root


def test_the_clock_is_the_one_of_the_time_zone(stack: Stack) -> None:
    assert stack.inside("cron", "date", "+%Z").strip() == "KST"
    assert "KST" in log_of_cron(stack)


def test_the_database_is_reached_from_nowhere_else_and_the_page_from_this_machine(
    stack: Stack,
) -> None:
    assert stack.compose("port", "luigid", "8082").strip() == f"127.0.0.1:{stack.port}"
    listed = [json.loads(line) for line in stack.compose("ps", "--format", "json").splitlines()]
    published = {
        row["Service"]: [each["URL"] for each in row["Publishers"] or [] if each["PublishedPort"]]
        for row in listed
    }
    assert published == {"postgres": [], "luigid": ["127.0.0.1"], "cron": []}


def test_no_password_in_the_image_the_processes_or_the_logs(stack: Stack) -> None:
    image = subprocess.run(
        ["docker", "image", "inspect", stack.project], capture_output=True, text=True, check=True
    )
    history = subprocess.run(
        ["docker", "history", "--no-trunc", stack.project],
        capture_output=True,
        text=True,
        check=True,
    )
    processes = "".join(
        stack.inside(service, "bash", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        for service in SERVICES
    )
    logs = stack.compose("logs")
    for text in (image.stdout, history.stdout, processes, logs):
        assert PASSWORD[:12] not in text
        assert "POSTGRES_PASSWORD=" not in text


@pytest.mark.parametrize("service", ["luigid", "cron"])
def test_a_container_whose_process_is_killed_comes_back(stack: Stack, service: str) -> None:
    before = restarts(stack, service)
    user = {"luigid": "pipeline", "cron": "root"}[service]
    kill = ["bash", "-c", "kill -9 $(cat /proc/1/task/1/children)"]
    stack.compose("exec", "-T", "-u", user, service, *kill, check=False)
    until(lambda: restarts(stack, service) > before, 30, f"{service} is started again")
    until(lambda: stack.states()[service] == "running healthy", 60, f"{service} is healthy again")


def test_a_database_that_crashes_comes_back_and_its_history_goes_on(stack: Stack) -> None:
    before = restarts(stack, "postgres")
    stop = 'kill -QUIT "$(head -1 "$PGDATA/postmaster.pid")"'
    stack.compose("exec", "-T", "-u", "postgres", "postgres", "bash", "-c", stop, check=False)
    until(lambda: restarts(stack, "postgres") > before, 30, "postgres is started again")
    until(lambda: stack.states()["postgres"] == "running healthy", 60, "postgres is healthy again")

    stack.inside("cron", "luigi", "--module", "pipeline", "DailySummary", "--date", DAY)
    known = f"SELECT count(*) FROM tasks WHERE task_id LIKE 'DailySummary_{DAY.replace('-', '_')}%'"
    until(lambda: stack.sql(known) == "1", 30, "the run after it stands in the history")


def restarts(stack: Stack, service: str) -> int:
    identity = stack.compose("ps", "--all", "--quiet", service).strip()
    words = ["docker", "inspect", "--format", "{{.RestartCount}}", identity]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def test_a_stop_ends_what_is_still_going_on_and_does_not_wait_for_it(stack: Stack) -> None:
    stack.compose("exec", "-d", "cron", "as-pipeline", "sleep", "300")
    begun = time.monotonic()
    stack.compose("stop", "cron")
    assert time.monotonic() - begun < 20
    stack.up()


def test_luigid_stops_on_request_and_keeps_its_state(stack: Stack) -> None:
    task = f"WeeklyConsolidation_{WEEK.replace('-', '_')}"
    assert task in "".join(stack.ask(DONE)["response"])
    begun = time.monotonic()
    stack.compose("stop", "luigid")
    assert time.monotonic() - begun < 15
    assert "luigid ended; its state is in" in stack.compose("logs", "luigid")
    stack.up()
    assert task in "".join(stack.ask(DONE)["response"])


def test_down_and_up_again_keeps_the_history_and_a_backup_brings_it_into_a_fresh_stack(
    stack: Stack,
) -> None:
    before = stack.history()
    assert "WeeklyConsolidation" in before

    stack.compose("down")
    stack.up()
    assert stack.history() == before

    said = stack.operate("backup", "--runtime", "compose", "--to", str(stack.folder / "kept"))
    assert "accepted by its database in a rehearsal" in said
    (from_the_host,) = (stack.folder / "kept").iterdir()
    said = stack.inside("cron", "tmdb-pipeline", "backup", "--runtime", "host")
    assert "accepted by its database in a rehearsal" in said
    (from_inside,) = (stack.data / "backups").iterdir()

    for file in (from_the_host, from_inside):
        stack.compose("down", "--volumes")
        stack.up()
        assert stack.history() != before
        stack.compose("stop", "cron", "luigid")
        stack.operate("restore", str(file), "--yes", "--runtime", "compose")
        assert stack.history() == before


@pytest.fixture
def only_postgres(tmp_path: Path) -> Iterator[Stack]:
    """The stack's PostgreSQL alone, with the history of 0.1.0."""
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command")
    new = new_stack(tmp_path, f"tmdbpostgres{os.getpid()}", 0)
    try:
        new.compose("up", "-d", "--wait", "postgres")
        history = (REPOSITORY / "tests/fixtures/v0_1_0/history.sql").read_text(encoding="utf-8")
        words = ["docker", "compose", "exec", "-T", "postgres", "psql", "-qU", "luigi"]
        subprocess.run(words, input=history, text=True, cwd=new.folder, env=new.environment,
                       stdout=subprocess.DEVNULL, check=True, timeout=60)  # fmt: skip
        yield new
    finally:
        new.compose("down", "--volumes", "--timeout", "20", check=False)


def test_a_backup_of_postgresql_17_comes_back_in_18_by_its_own_programs(
    only_postgres: Stack,
) -> None:
    """The steps of docs/how-to/upgrade.md, with a PostgreSQL of the wheel as the new container."""
    only_postgres.operate("backup", "--runtime", "compose")
    (file,) = (only_postgres.data / "backups").iterdir()
    with running_postgres() as new:
        database = new.new_database()
        only_postgres.environment |= {
            "PIPELINE_HISTORY_URL": new.url(database), "PATH": with_programs(new)
        }  # fmt: skip
        only_postgres.operate("restore", str(file), "--yes", "--runtime", "host")

        assert only_postgres.sql("SHOW server_version").startswith("17.")
        [(version,)] = new.execute("SHOW server_version", database=database)
        assert str(version) >= "18"
        for table in TABLES:
            count = f"SELECT count(*) FROM {table}"
            assert str(new.execute(count, database=database)[0][0]) == only_postgres.sql(count)
        only_postgres.operate("backup", "--runtime", "host", "--to", str(new.data.parent / "kept"))
