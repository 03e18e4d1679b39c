"""A day and a week with everything switched on, and the key looked for wherever it could be.

Stricter than test_secrets: luigid does not know the key, so it cannot take it out of what it
is told.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import canary
from support.fake_tmdb import FakeTmdb, Fault, refused, reset, status
from support.luigi_runs import LuigiRun
from support.luigid_process import Luigid, our_luigid
from support.operate import luigi_cfg, operated
from support.postgres import Postgres
from support.receivers import Receiver
from support.repository import REPOSITORY

KEY = "c0ffee00decafbad0123456789abcde7"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5"

READS = ("task_list", "worker_list", "resource_list", "graph", "task_search", "is_paused")
OF_A_TASK = ("fetch_error", "dep_graph", "get_task_status_message")
PAGES = ("/", "/history", "/tasklist", "/metrics", "/healthz", "/pages/",
         "/history/by_name/PopularMovies", "/history/by_name/TrendingMovies",
         "/static/visualiser/index.html")  # fmt: skip
COMMANDS = ("check", "doctor", "doctor --json", "status", "status DailySummary", "stats", "logs",
            "logs DailySummary", "watch", "open --print")  # fmt: skip

Disguise = Callable[[str], str]
DISGUISES: dict[str, Disguise] = {
    "as it is": lambda secret: f"api_key={secret}&page=1",
    "in capitals": str.upper,
    "a token's end": lambda secret: secret.split(".")[-1],
    "percent": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "hex": lambda secret: secret.encode().hex(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 of a login": lambda secret: base64.b64encode(f"luigi:{secret}".encode()).decode(),
    "base64 of more": lambda secret: base64.b64encode(f"no:{secret}:x".encode()).decode(),
}


@pytest.mark.parametrize("secret", [KEY, TOKEN], ids=["key", "token"])
@pytest.mark.parametrize("disguise", DISGUISES)
def test_the_search_knows_the_secret_in_every_disguise(disguise: str, secret: str) -> None:
    text = DISGUISES[disguise](secret)

    assert canary.found(secret, {"a file": f"before {text} after".encode()})
    assert canary.found(secret, {text: b""}), "nor is it blind for names"
    assert canary.found(secret, {"a file": text[: len(text) // 4].encode()}) == []


def test_the_search_sees_the_words_of_a_process() -> None:
    with canary.CommandLines.watched() as seen:
        words = [sys.executable, "-c", "import time; time.sleep(0.5)", KEY]
        subprocess.run(words, check=True)

    assert canary.found(KEY, seen)


@dataclass
class Stage:
    """All that is at work together, and what came of it."""

    luigid: Luigid
    environment: dict[str, str]
    folder: Path
    receiver: Receiver
    postgres: Postgres
    database: str
    printed: dict[str, bytes] = field(default_factory=dict)

    def operate(self, *words: str) -> int:
        done = operated(*words, env=self.environment, cwd=self.folder / "work")
        self.printed[f"tmdb-pipeline {' '.join(words)}"] = done.output.encode()
        return done.status

    def back_up(self) -> canary.Places:
        assert self.operate("backup", "--runtime", "host", "--json") == 0, self.printed
        told = list(self.printed.values())[-1]
        file = Path(json.loads(told.decode())["file"])
        return canary.members(file, self.postgres, self.folder)

    def places(self) -> dict[str, bytes]:
        """Every place of all of them."""
        return {
            **canary.files(self.folder),
            **canary.rows(self.postgres, self.database),
            **self.answers(),
            **self.printed,
            "alerts": json.dumps(self.receiver.messages).encode(),
        }

    def answers(self) -> dict[str, bytes]:
        """What luigid says to whoever asks."""
        calls = [(name, {"task_str": "Movies"} if name == "task_search" else {}) for name in READS]
        tasks = self.luigid.call("task_list").response
        calls += [(name, {"task_id": task}) for name in OF_A_TASK for task in tasks]
        told = {f"{name} {given}": self.luigid.call(name, **given).text for name, given in calls}
        told |= {page: self.luigid.ask("GET", page).text for page in PAGES}
        return {f"luigid: {name}": text.encode() for name, text in told.items()}


def small_plan(folder: Path) -> str:
    """The configuration of the pipeline, with two pages a list."""
    shutil.copytree(REPOSITORY / "config", folder)
    plan = folder / "collection.toml"
    text = plan.read_text("utf-8").replace("genre = 15", "genre = 2")
    plan.write_text(text.replace("top_rated = 20", "top_rated = 2"), "utf-8")
    return str(folder)


def runs_of(secret: str) -> list[tuple[Fault | None, int, list[str]]]:
    """What TMDB answers once, how the run has to end, and the run."""
    quoting = json.dumps({"status_message": f"no such credential: {secret}!"}).encode()
    daily, weekly = ["DailySummary", "--date", "2024-01-07"], ["WeeklyConsolidation", "--date"]
    return [
        (status(422, quoting), 30, [*daily, "--workers", "4"]),
        (reset(), 30, [*daily, "--workers", "1"]),
        (None, 0, [*daily, "--workers", "1"]),
        (None, 0, [*weekly, "2024-01-07", "--workers", "4"]),
        (None, 0, ["IndexPage", "--date", "2024-01-07", "--workers", "1"]),
        (refused(), 30, [*weekly, "2024-01-14", "--workers", "4"]),
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("secret", [KEY, TOKEN], ids=["key", "token"])
def test_the_key_is_nowhere_when_all_is_at_work(
    secret: str,
    luigi_run: LuigiRun,
    environment: dict[str, str],
    receiver: Receiver,
    postgres: Postgres,
    history_url: str,
    history_database: str,
    tmp_path: Path,
    data_dir: Path,
) -> None:
    with (
        FakeTmdb(key=secret, limit=None) as tmdb,
        canary.CommandLines.watched() as processes,
        our_luigid(tmp_path / "luigid", PIPELINE_HISTORY_URL=history_url,
                   PIPELINE_DATA_DIR=str(data_dir)) as luigid,
    ):  # fmt: skip
        variables = {
            "TMDB_API_KEY": secret,
            "TMDB_API_URL": tmdb.url,
            "TMDB_MAX_RETRIES": "0",
            "LUIGI_CONFIG_PATH": luigi_cfg(tmp_path / "luigi.cfg", f"{luigid.url}/"),
            "PIPELINE_CONFIG_DIR": small_plan(tmp_path / "plan"),
            "PIPELINE_ALERT_URL": receiver.url,
            "PIPELINE_HISTORY_URL": history_url,
            "PATH": f"{postgres.bin}:{environment['PATH']}",
        }
        environment.pop("PYTHONWARNINGS")
        stage = Stage(luigid, environment | variables, tmp_path, receiver, postgres,
                      history_database)  # fmt: skip
        for number, (fault, expected, words) in enumerate(runs_of(secret)):
            if fault:
                tmdb.fail(fault)
            run = luigi_run(*words, "--log-level", "DEBUG", local=False, **variables)
            stage.printed[f"run {number}: {' '.join(words)}"] = run.output.encode()
            assert run.status == expected, run.output
        for command in COMMANDS:
            stage.operate(*command.split())
        backup = stage.back_up()
        places = stage.places() | backup | processes

        assert canary.found(secret, places) == []
        folders = [str(data_dir / "reports"), str(data_dir / "logs"), str(tmp_path / "tmp")]
        kinds = ["table task_failures", "alerts", "luigid: fetch_error", "process ", "run 5"]
        for kind in kinds + folders:
            assert any(place.startswith(kind) and places[place] for place in places), kind
        assert len(receiver.messages) >= 2
        assert b"no such credential: [credential]!" in b"".join(places.values())

        planted_in = plant(secret, stage, data_dir)
        everywhere = "\n".join(canary.found(secret, stage.places() | stage.back_up()))
        assert [kind for kind in planted_in if kind not in everywhere] == []


def plant(secret: str, stage: Stage, data_dir: Path) -> tuple[str, ...]:
    """Put the secret into a report, a row and a log; return the names of where it has to show."""
    (data_dir / "raw/metadata/quality_reports/planted.json").write_text(f'{{"x": "{secret}"}}')
    (data_dir / "logs/planted.log").write_text(secret)
    planting = "UPDATE task_failures SET reason = %s"
    stage.postgres.execute(planting, secret, database=stage.database)
    return (
        "planted.log: as it is",
        "table task_failures",
        "quality_reports/planted.json: as it is",
        "history.dump as SQL",
        "tar.gz/metadata",
        "luigid: /history/by_name/",
    )
