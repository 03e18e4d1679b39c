"""Texts of strangers: kept as received in documents, and doing nothing wherever they are shown."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb, Row, edit, status
from support.luigi_runs import LuigiRun, Run
from support.luigid_process import our_luigid
from support.operate import luigi_cfg, operated
from support.postgres import Postgres
from support.receivers import Receiver

from pipeline.errors import RequestRejected
from pipeline.layout import Layout
from pipeline.plaintext import escaped, plain

DAY = "2024-01-07"
DAILY = ("DailySummary", "--date", DAY)
TEXTS = (
    "<script>document.title='stolen'</script>",
    "\"><img src=x onerror=alert(1)>' onmouseover='",
    "\x1b[2J\x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x07",
    "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "good\rINFO: all is well\n2024-01-07T00:00:00Z ERROR: forged",
    "\x9b31m\x90 eight-bit \x7f\x08\x08",
    '=HYPERLINK("http://evil.example")',
    "+1+cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "C:\\..\\nul\x00byte",
    "\u202eexe.cod\u202c \u2066isolated\u2069 \u200f\u061c",
    "zero\u200bwidth\ufeff\u2028line\u2029paragraph",
    "half a pair \ud83d",
    "javascript:alert(1)",
    "long " * 3_000,
)
"""Markup, a terminal's commands, forged lines, formulas, ways out, marks of direction, halves."""

ALL = "\u2063".join(TEXTS[:-1])

ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
"""What nobody shall find in what is shown; line feeds and tabs are ours."""


def hostile(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
    """Films whose every text is a hostile one, each in its turn."""
    return [
        {
            "id": 20 * page + place, "title": text, "original_title": text, "overview": text,
            "poster_path": text, "backdrop_path": text, "release_date": text,
            "original_language": text, "genre_ids": [28], text[:60]: text, "adult": False,
            "video": False, "popularity": 1.5, "vote_average": 8.0, "vote_count": 500,
        }
        for place, text in enumerate(TEXTS)
    ]  # fmt: skip


def shown_safely(text: str) -> None:
    found = ACTS.search(text)
    assert found is None, text[max(0, found.start() - 60) : found.end() + 20]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_acts_is_replaced_by_a_sign_and_all_else_stays(text: str) -> None:
    told = plain(text)

    shown_safely(told)
    told.encode("utf-8")
    assert len(told) == len(text)
    assert all(new in (old, "\ufffd") for old, new in zip(text, told, strict=True))
    assert plain("영화 «é»\t😀\n") == "영화 «é»\t😀\n"
    assert str(RequestRejected(f"TMDB says {text}")) == f"TMDB says {told}"


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_json_that_is_shown_means_what_it_meant(text: str) -> None:
    document = {text: [text]}
    told = escaped(json.dumps(document, ensure_ascii=False, indent=2))

    shown_safely(told)
    assert json.loads(told) == document


# in a run


def logs(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in folder.rglob("*.log")]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_hostile_films_are_kept_as_received_and_shown_without_their_powers(
    luigi_run: LuigiRun, data_dir: Path, tmp_path: Path, log_format: str
) -> None:
    with FakeTmdb(key=V3_KEY, limit=None, rows=hostile) as tmdb:
        run = luigi_run(
            "DailySummary", "--date", DAY, TMDB_API_URL=tmdb.url, PIPELINE_LOG_FORMAT=log_format
        )
        daily = luigi_run("DailyPage", "--date", DAY, "--log-level", "DEBUG",
                          TMDB_API_URL=tmdb.url, PIPELINE_LOG_FORMAT=log_format)  # fmt: skip
    assert (run.status, daily.status) == (0, 0), daily.output

    layout = Layout(data_dir)
    (popular,) = (data_dir / "raw/movies/daily").iterdir()
    films = json.loads(popular.read_bytes())["movies"]
    assert [film["title"] for film in films[: len(TEXTS)]] == list(TEXTS)
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.iterdir()} <= {
        "data", "tmp", "work",
    }  # fmt: skip
    for text in (run.output, daily.output, *logs(layout.logs)):
        shown_safely(text)
    page = next((layout.pages / "daily").iterdir()).read_text(encoding="utf-8")
    shown_safely(page)
    body = page.split("</head>")[1]
    assert body.count("<script") == 1
    for markup in ("<img", "onerror=alert(1)>", 'javascript:alert(1)"'):
        assert markup not in body
    assert "<bdi>javascript:alert(1)</bdi>" in body
    assert "&lt;script&gt;" in body
    assert 'data-poster="' not in body


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
            operated(*words, "--runtime", "host", env=operator, cwd=tmp_path / "work")
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
        shown_safely(text)


def test_a_report_names_strange_fields_without_their_powers(
    luigi_run: LuigiRun, receiver: Receiver, data_dir: Path
) -> None:
    """Drift tells the names of new fields, which are TMDB's to choose."""
    strange = "\x1b[31m\u202e<b>"

    def changed(document: dict[str, Any]) -> None:
        for row in document["results"]:
            row[strange] = 1

    with FakeTmdb(key=V3_KEY, limit=None) as tmdb:
        tmdb.fail(edit(changed), times=None)
        run = luigi_run(*DAILY, TMDB_API_URL=tmdb.url, PIPELINE_ALERT_URL=receiver.url)
    assert run.status == 0, run.output
    report = json.loads(Layout(data_dir).validation_report(datetime.date(2024, 1, 7)).read_bytes())
    assert strange in [entry["field"] for entry in report["drift"]]
    for text in (run.output, *logs(data_dir)):
        shown_safely(text)
