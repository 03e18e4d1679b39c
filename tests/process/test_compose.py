"""The compose runtime: which `docker compose` commands are run, and what is made of the answers.

A `docker` of our own on PATH writes down its arguments and answers from a file.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.docker import (
    AS_ON_A_HOST,
    INSIDE,
    PORT,
    PS,
    TRIGGER,
    UP,
    UP_AS_A_LIST,
    WITHOUT_CRON,
    Docker,
)
from support.operate import WORDS, Operate, document
from support.waiting import wait_for


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        (["start"], [["up", "-d", "--wait"], PORT]),
        (["stop"], [["down"]]),
        (["restart"], [["down"], ["up", "-d", "--wait"], PORT]),
        (["logs", "luigid"], [["logs", "--tail", "50", "luigid"]]),
        (["logs", "-n", "7", "--follow"], [["logs", "--tail", "7", "--follow", "cron"]]),
        (
            ["logs", "DailySummary"],
            [
                [
                    *("exec", "-T", "cron", "tmdb-pipeline", "logs", "--runtime", "host"),
                    *("-n", "50", "DailySummary"),
                ]
            ],
        ),
    ],
)
def test_each_command_is_one_of_docker_compose(
    command: Operate, docker: Docker, words: list[str], commands: list[list[str]]
) -> None:
    run = command(words[0], "--runtime", "compose", *words[1:])
    assert run.status == 0, run.output
    assert docker.asked == [["compose", *each] for each in commands]


@pytest.mark.parametrize(
    ("words", "inside"),
    [
        (
            ["weekly", "2024-01-07", "--", "--workers", "4"],
            ["WeeklyConsolidation", "--", "2024-01-07", "--workers", "4"],
        ),
        (["GenreMovies", "--", "--genre", "horror"], ["GenreMovies", "--", "--genre", "horror"]),
    ],
)
def test_a_trigger_is_one_inside_the_container(
    operate: Operate, docker: Docker, words: list[str], inside: list[str]
) -> None:
    run = operate("trigger", "--runtime", "compose", *words)
    assert run.status == 0, run.output
    assert docker.asked == [["compose", *TRIGGER, *inside]]


def test_start_tells_where_the_stack_publishes_luigid(command: Operate, docker: Docker) -> None:
    docker.answer({"compose port": (0, "127.0.0.1:8099\n")})
    run = command("start", "--runtime", "compose")
    assert run.out == "The stack is up; luigid's page is at http://127.0.0.1:8099/.\n"


def test_without_a_date_the_container_chooses_it(operate: Operate, docker: Docker) -> None:
    """Its time zone says what today is, and its crontab which week was due."""
    assert operate("trigger", "daily", "--runtime", "compose").status == 0
    assert docker.asked == [["compose", *TRIGGER, "DailySummary"]]


@pytest.mark.parametrize(
    "words",
    [
        ["backfill", "daily", "--from", "2024-01-05", "--to", "2024-01-07", "--max-days", "40"],
        ["pause", "daily", "--until", "2099-01-05"],
        ["resume", "weekly"],
        ["acknowledge", "2024-01-05", "--json"],
        ["redo", "GenreMovies", "2024-01-07", "--only", "--genre", "horror", "--yes", "--json"],
        ["redo", "--failed", "--dry-run"],
    ],
)
def test_what_changes_the_data_runs_inside_the_container(
    operate: Operate, docker: Docker, words: list[str]
) -> None:
    assert operate(*words, "--runtime", "compose").status == 0
    first, *others = words
    assert docker.asked == [[*INSIDE, "tmdb-pipeline", first, *AS_ON_A_HOST, *others]]


def test_the_exit_status_and_the_output_of_the_run_are_handed_through(
    operate: Operate, docker: Docker
) -> None:
    docker.answer({"compose exec -T cron tmdb-pipeline trigger": (30, "a failure\n")})
    run = operate("trigger", "daily", "2024-01-07", "--runtime", "compose")
    assert (run.status, run.out) == (30, "a failure\n")


READS_STDIN = f"""#!{sys.executable}
import pathlib, sys
here = pathlib.Path(__file__).parent
(here / "began").touch()
sys.stdin.buffer.read()
print("Stopped inside.")
sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_stops_the_command_closes_the_stdin_of_the_run_inside(
    docker: Docker,
    operator_environment: dict[str, str],
    clean_environment: Path,
    number: signal.Signals,
) -> None:
    """docker passes no signal on to what `exec` started; the command waits for its end."""
    (docker.folder / "docker").write_text(READS_STDIN)
    process = subprocess.Popen(
        [*WORDS, "trigger", "daily", "--runtime", "compose"],
        env=operator_environment,
        cwd=clean_environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for((docker.folder / "began").exists, 30)
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, output) == (130, "Stopped inside.\n")


@pytest.mark.parametrize("rows", [UP, UP_AS_A_LIST])
def test_the_stack_is_found_by_itself_where_it_runs(
    command: Operate, docker: Docker, rows: str
) -> None:
    docker.answer({"compose ps": (0, rows)})
    assert command("stop").status == 0
    assert docker.asked == [PS, ["compose", "down"]]


HOST = "This is the host; --runtime says which one is meant.\n"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((0, ""), "The compose stack of this folder does not run."),
        ((0, "[]"), "The compose stack of this folder does not run."),
        ((0, "nonsense"), "`docker compose ps` said nothing that can be understood."),
        ((1, ""), "`docker compose ps --all --format json` failed: it went wrong"),
    ],
)
def test_without_a_running_stack_the_host_is_meant_and_it_is_said_why(
    command: Operate, docker: Docker, answer: tuple[int, str], why: str
) -> None:
    docker.answer({"compose ps": answer})
    run = command("stop")
    assert (run.out, run.err) == ("luigid was not running.\n", f"{why} {HOST}")
    assert docker.asked == [PS]
    assert command("stop", "--runtime", "host").err == ""


@pytest.mark.parametrize(
    "complaint",
    [
        "unknown flag: --all\nSee 'docker --help'.",
        "docker: unknown command: docker compose\n\nRun 'docker --help' for more information",
    ],
)
def test_docker_without_compose_counts_as_no_docker(
    command: Operate, docker: Docker, complaint: str
) -> None:
    (docker.folder / "docker").write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{complaint}\nEND\nexit 1\n")
    run = command("stop")
    assert (run.status, run.output) == (0, "luigid was not running.\n")
    run = command("status", "--runtime", "compose")
    assert (run.status, run.err) == (
        1,
        "tmdb-pipeline: docker has no `compose`: install its plugin, or use --runtime host.\n",
    )


def test_without_a_compose_file_docker_is_not_even_asked(
    command: Operate, docker: Docker, clean_environment: Path
) -> None:
    (clean_environment / "docker-compose.yml").unlink()
    run = command("stop")
    assert run.out == "luigid was not running.\n"
    assert run.err == f"There is no docker-compose.yml in {clean_environment}. {HOST}"
    assert docker.asked == []


def test_where_no_docker_is_installed_nothing_is_said(command: Operate) -> None:
    assert command("stop").err == ""


def test_a_compose_command_that_fails_is_one_sentence(command: Operate, docker: Docker) -> None:
    docker.answer({"compose up": (17, "container unhealthy\n")})
    run = command("start", "--runtime", "compose")
    assert run.status == 1
    assert "container unhealthy" in run.out
    assert "`docker compose up -d --wait` ended with status 17" in run.err


def test_a_missing_docker_is_reported(
    command: Operate, operator_environment: dict[str, str]
) -> None:
    run = command("start", "--runtime", "compose", PATH="/nowhere")
    assert run.status == 1
    assert "There is no `docker` command" in run.err


def test_status_is_asked_inside_and_the_services_outside(command: Operate, docker: Docker) -> None:
    inside: dict[str, Any] = {
        "runtime": "host", "at": "2024-01-08T00:00:00+00:00", "data_root": "/app/data",
        "services": [], "running": [], "next_runs": [], "missed": [], "notes": [],
        "last_runs": [
            {
                "task": "DailySummary", "date": "2024-01-07", "outcome": "DONE",
                "started_at": "2024-01-07T17:00:00+00:00", "ended_at": "2024-01-07T17:00:09+00:00",
                "seconds": 9.0, "attempts": 1, "reason": None, "source": "history",
            }
        ],
    }  # fmt: skip
    answer = json.dumps(inside)
    docker.answer({"compose ps": (0, UP), "compose exec -T cron tmdb-pipeline": (0, answer)})
    run = command("status", "daily", "--json", "--runtime", "compose")
    assert run.status == 0
    shown = document(run)
    assert shown["runtime"] == "compose"
    assert shown["last_runs"] == inside["last_runs"]
    assert [(each["service"], each["state"]) for each in shown["services"]] == [
        ("postgres", "up"),
        ("luigid", "up"),
        ("cron", "up"),
    ]
    asked = [*INSIDE, "tmdb-pipeline", "status", "DailySummary", "--runtime", "host", "--json"]
    assert asked in docker.asked
    assert "9.0 s" in command("status").out


@pytest.mark.parametrize(("name", "key"), [("check", "graph"), ("doctor", "findings")])
def test_while_cron_is_down_a_command_shows_what_the_host_knows(
    command: Operate, docker: Docker, name: str, key: str
) -> None:
    docker.answer({"compose ps": (0, WITHOUT_CRON)})
    shown = document(command(name, "--json"))
    assert shown["runtime"] == "compose"
    assert shown[key]
    assert "The container cron does not run" in shown["notes"][-1]


def test_doctor_tells_of_the_cron_container_and_of_the_host_s_dotenv(
    command: Operate, docker: Docker, clean_environment: Path
) -> None:
    (clean_environment / ".env").touch(0o644)
    inside = {
        "runtime": "host",
        "ok": True,
        "notes": [],
        "findings": [
            {"probe": "key", "state": "ok", "found": "accepted", "fix": ""},
            {"probe": "cron", "state": "warning", "found": "no crontab", "fix": "install one"},
            {"probe": ".env", "state": "ok", "found": "there is none here", "fix": ""},
        ],
    }
    answer = json.dumps(inside)
    docker.answer({"compose ps": (0, UP), "compose exec -T cron tmdb-pipeline": (0, answer)})
    run = command("doctor", "--json")
    assert run.status == 0
    _, cron, dotenv = document(run)["findings"]
    assert (cron["state"], cron["found"]) == ("ok", "container: Up 2 hours")
    assert (dotenv["state"], dotenv["found"]) == ("warning", "others can read it (mode 0644)")


def test_doctor_shows_the_findings_of_an_image_of_an_older_version(
    command: Operate, docker: Docker
) -> None:
    findings = [
        {"probe": "key", "state": "ok", "found": "accepted", "advice": ""},
        {"probe": "disk", "state": "warning", "found": "1 GB free", "advice": "make room"},
    ]
    cron = {"probe": "cron", "state": "ok", "found": "crontab", "advice": ""}
    inside = {"runtime": "host", "ok": True, "notes": [], "findings": [*findings, cron]}
    answer = json.dumps(inside)
    docker.answer({"compose ps": (0, UP), "compose exec -T cron tmdb-pipeline": (0, answer)})
    run = command("doctor")
    assert run.status == 0, run.output
    assert "disk: Build the image anew, which is of an older version." in run.out
    assert "key: " not in run.out


def test_a_container_that_says_nothing_useful_is_one_sentence(
    command: Operate, docker: Docker
) -> None:
    docker.answer({"compose ps": (0, UP), "compose exec": (1, "")})
    run = command("stats")
    assert (run.status, run.out) == (1, "")
    assert run.err == "tmdb-pipeline: The container cron does not answer: it went wrong\n"


def test_an_error_of_the_command_inside_is_not_one_of_the_container(
    command: Operate, docker: Docker
) -> None:
    sentence = "The task history's database does not serve: connection refused."
    script = (docker.folder / "docker").read_text()
    script = script.replace("it went wrong", f"tmdb-pipeline: {sentence}")
    (docker.folder / "docker").write_text(script)
    docker.answer({"compose ps": (0, UP), "compose exec": (1, "")})
    assert command("stats").err == f"tmdb-pipeline: {sentence}\n"
