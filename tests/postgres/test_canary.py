"""A day and a week with everything switched on, and the key looked for wherever it could be.

Stricter than test_secrets: luigid does not know the key, so it cannot remove it from what workers
send.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import canary
from support.commands import run_in_process
from support.fake_tmdb import FakeTmdb, Fault, refused, reset, status
from support.luigi_runs import LuigiRun
from support.luigid_process import Luigid, our_luigid
from support.operate import luigi_cfg
from support.postgres import Postgres
from support.receivers import Receiver
from trials.plans import small_plan

KEY = "c0ffee00decafbad0123456789abcde7"
TOKEN = (
    "eyJhbGciOiJIUzI1NiIsImtpZCI6ImNhbmFyeSJ9.eyJhdWQiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5"
)
# No part of them is used by another test, whose process may be seen beside those of this one.
SECRETS = (KEY, TOKEN)
# What only a run with a bucket uses, and any run finds in its environment.
AWS = {
    "AWS_SECRET_ACCESS_KEY": "beefcafe0badfeed0123456789abcde7",
    "AWS_SESSION_TOKEN": "feedbeefcafebabe0123456789abcde7",
}
# Stands in the words of a process on purpose, perhaps while the others are looked for.
SHOWN = "5eedfeed0badcafe0123456789abcde7"

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
        words = [sys.executable, "-c", "import time; time.sleep(0.5)", SHOWN]
        subprocess.run(words, check=True)

    assert canary.found(SHOWN, seen)


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

    def run_all(self, luigi_run: LuigiRun, tmdb: FakeTmdb | None, runs: Runs) -> None:
        """Run luigi so often, each time with a fault of TMDB's."""
        for fault, expected, words in runs:
            if tmdb and fault:
                tmdb.fail(fault)
            run = luigi_run(*words, "--log-level", "DEBUG", local=False, **self.environment)
            self.printed[f"run {len(self.printed)}: {' '.join(words)}"] = run.output.encode()
            assert run.status == expected, run.output

    def operate(self, *words: str) -> int:
        done = run_in_process(*words, env=self.environment, cwd=Path.cwd())
        self.printed[f"tmdb-pipeline {' '.join(words)} {len(self.printed)}"] = done.output.encode()
        return done.status

    def back_up(self) -> dict[str, bytes]:
        assert self.operate("backup", "--runtime", "host", "--json") == 0, self.printed
        printed = list(self.printed.values())[-1]
        file = Path(json.loads(printed.decode())["file"])
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
        """Return the answers of luigid to all its calls and pages."""
        calls = [(name, {"task_str": "Movies"} if name == "task_search" else {}) for name in READS]
        tasks = self.luigid.call("task_list").response
        calls += [(name, {"task_id": task}) for name in OF_A_TASK for task in tasks]
        texts = {f"{name} {given}": self.luigid.call(name, **given).text for name, given in calls}
        texts |= {page: self.luigid.ask("GET", page).text for page in PAGES}
        return {f"luigid: {name}": text.encode() for name, text in texts.items()}


Runs = list[tuple[Fault | None, int, list[str]]]


def runs_of(secret: str) -> Runs:
    """What TMDB answers once, how the run has to end, and the run: for the key and for the token.

    Each of them is quoted by TMDB, stands in a request that is cut off, collects a whole day or
    week, and is refused.
    """
    quoting = json.dumps({"status_message": f"no such credential: {secret}!"}).encode()
    first, second = ("2024-01-07", "2024-01-14") if secret == KEY else ("2024-01-21", "2024-01-28")
    daily, weekly = ["DailySummary", "--date"], ["WeeklyConsolidation", "--date"]
    whole = (
        [*daily, first, "--workers", "1"] if secret == KEY else [*weekly, first, "--workers", "4"]
    )
    return [
        (status(422, quoting), 30, [*daily, second, "--workers", "4"]),
        (reset(), 30, [*daily, second, "--workers", "1"]),
        (None, 0, whole),
        (refused(), 30, [*weekly, second, "--workers", "4"]),
    ]


@pytest.mark.timeout(300)
def test_the_key_is_nowhere_with_all_features_on(
    luigi_run: LuigiRun,
    environment: dict[str, str],
    receiver: Receiver,
    postgres: Postgres,
    history_url: str,
    history_database: str,
    tmp_path: Path,
    data_dir: Path,
) -> None:
    """A key and a token, one after the other, with one luigid, history and data root."""
    with (
        canary.CommandLines.watched() as processes,
        our_luigid(tmp_path / "luigid", PIPELINE_HISTORY_URL=history_url,
                   PIPELINE_DATA_DIR=str(data_dir)) as luigid,
    ):  # fmt: skip
        variables = {
            "TMDB_MAX_RETRIES": "0",
            "LUIGI_CONFIG_PATH": luigi_cfg(tmp_path / "luigi.cfg", f"{luigid.url}/"),
            "PIPELINE_CONFIG_DIR": str(small_plan(tmp_path / "plan")),
            "PIPELINE_ALERT_URL": receiver.url,
            "PIPELINE_HISTORY_URL": history_url,
            "PATH": f"{postgres.bin}:{environment['PATH']}",
            **AWS,
        }
        environment.pop("PYTHONWARNINGS")
        stage = Stage(luigid, environment | variables, tmp_path, receiver, postgres,
                      history_database)  # fmt: skip
        for secret in SECRETS:
            with FakeTmdb(key=secret, limit=None) as tmdb:
                stage.environment |= {"TMDB_API_KEY": secret, "TMDB_API_URL": tmdb.url}
                stage.run_all(luigi_run, tmdb, runs_of(secret))
                for command in COMMANDS:
                    stage.operate(*command.split())
        stage.run_all(luigi_run, None, [(None, 0, ["IndexPage", "--date", "2024-01-21"])])
        places = stage.places() | stage.back_up() | processes

        hidden = (*SECRETS, *AWS.values())
        assert [found for secret in hidden for found in canary.found(secret, places)] == []
        folders = [str(data_dir / "reports"), str(data_dir / "logs"), str(tmp_path / "tmp")]
        kinds = ["table task_failures", "alerts", "luigid: fetch_error", "process ", "run 3"]
        for kind in kinds + folders:
            assert any(place.startswith(kind) and places[place] for place in places), kind
        assert len(receiver.messages) >= 4
        assert b"no such credential: [credential]!" in b"".join(places.values())

        planted_in = plant(stage, data_dir)
        places = stage.places() | stage.back_up()
        for secret in SECRETS:
            everywhere = "\n".join(canary.found(secret, places))
            assert [kind for kind in planted_in if kind not in everywhere] == []


def plant(stage: Stage, data_dir: Path) -> tuple[str, ...]:
    """Put the secrets into a report, a row and a log; return the names of where they must show."""
    both = " ".join(SECRETS)
    (data_dir / "raw/metadata/quality_reports/planted.json").write_text(f'{{"x": "{both}"}}')
    (data_dir / "logs/planted.log").write_text(both)
    planting = "UPDATE task_failures SET reason = %s"
    stage.postgres.execute(planting, both, database=stage.database)
    return (
        "planted.log: as it is",
        "table task_failures",
        "quality_reports/planted.json: as it is",
        "history.dump as SQL",
        "tar.gz/metadata",
        "luigid: /history/by_name/",
    )
