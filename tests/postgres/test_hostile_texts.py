"""What TMDB says of an error acts nowhere: in no log, terminal, alert, page or row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.commands import run_in_process
from support.fake_tmdb import V3_KEY, FakeTmdb, status
from support.hostile_texts import ALL, assert_shown_safely, logs
from support.luigi_runs import LuigiRun, Run
from support.luigid_process import our_luigid
from support.operate import luigi_cfg
from support.postgres import Postgres
from support.receivers import Receiver

DAILY = ("DailySummary", "--date", "2024-01-07")


def texts_of(rows: list[tuple[object, ...]]) -> list[str]:
    return [value for row in rows for value in row if isinstance(value, str)]


def refusing(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def test_what_tmdb_says_of_an_error_acts_nowhere(
    luigi_run: LuigiRun,
    environment: dict[str, str],
    receiver: Receiver,
    data_dir: Path,
    tmp_path: Path,
    history_url: str,
    postgres: Postgres,
    history_database: str,
) -> None:
    """Neither in logs and on terminals nor in luigid, its history, its pages and alerts."""
    body = refusing({"status_message": ALL[:190], "success": False})
    with (
        FakeTmdb(key=V3_KEY, limit=None) as tmdb,
        our_luigid(
            tmp_path / "luigid",
            PIPELINE_HISTORY_URL=history_url,
            PIPELINE_DATA_DIR=str(data_dir),
            PIPELINE_LOG_FORMAT="json",
        ) as luigid,
    ):
        tmdb.fail(status(422, body), times=None)
        cfg = luigi_cfg(tmp_path / "luigi.cfg", f"{luigid.url}/")
        run = luigi_run(
            *DAILY, "--log-level", "DEBUG", local=False, TMDB_API_URL=tmdb.url,
            LUIGI_CONFIG_PATH=cfg, PIPELINE_ALERT_URL=receiver.url,
        )  # fmt: skip
        assert run.status == 30, run.output
        tasks = luigid.call("task_list", status="FAILED").response
        errors = [luigid.call("fetch_error", task_id=task).response["error"] for task in tasks]
        operator = {**environment, "LUIGI_CONFIG_PATH": cfg, "PIPELINE_HISTORY_URL": history_url}
        shown: list[Run] = [
            run_in_process(*words, "--runtime", "host", env=operator, cwd=Path.cwd())
            for words in (
                ("status", "DailySummary"), ("status", "PopularMovies"), ("logs",),
                ("status", "PopularMovies", "--json"), ("logs", "PopularMovies"), ("stats",),
            )
        ]  # fmt: skip
        metrics = luigid.ask("GET", "/metrics").text
        history = luigid.ask("GET", "/history/by_name/PopularMovies").text

    assert "rejects the request" in "".join(errors)
    assert "<script>" in "".join(errors), "the message came through"
    rows = postgres.execute("SELECT reason FROM task_failures", database=history_database)
    assert any("rejects the request" in text for text in texts_of(rows))
    assert receiver.messages
    alerts = [message[key] for message in receiver.messages for key in ("title", "message")]
    printed = [each.output for each in shown]
    assert "rejects the request" in printed[1]
    for text in (run.output, *logs(tmp_path), luigid.log.read_text(), *map(json.loads, errors),
                 *printed, *alerts, metrics, history, *texts_of(rows)):  # fmt: skip
        assert_shown_safely(text)
