"""Texts of TMDB in a run: kept as received in documents, doing nothing wherever they are shown."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb, Row, edit
from support.hostile_texts import TEXTS, assert_shown_safely, logs
from support.luigi_runs import LuigiRun
from support.receivers import Receiver

from pipeline.paths import Layout

DAY = "2024-01-07"
DAILY = ("DailySummary", "--date", DAY)


def hostile(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
    """Movies whose every text is a hostile one, each in its turn."""
    return [
        {
            "id": 20 * page + place, "title": text, "original_title": text, "overview": text,
            "poster_path": text, "backdrop_path": text, "release_date": text,
            "original_language": text, "genre_ids": [28], text[:60]: text, "adult": False,
            "video": False, "popularity": 1.5, "vote_average": 8.0, "vote_count": 500,
        }
        for place, text in enumerate(TEXTS)
    ]  # fmt: skip


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_hostile_titles_are_kept_as_received_and_shown_sanitized(
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
    texts = [each.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for each in TEXTS]
    assert [film["title"] for film in films[: len(TEXTS)]] == texts  # no lone surrogates
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.iterdir()} <= {
        "data", "tmp", "work",
    }  # fmt: skip
    for text in (run.output, daily.output, *logs(layout.logs)):
        assert_shown_safely(text)
    page = next((layout.pages / "daily").iterdir()).read_text(encoding="utf-8")
    assert_shown_safely(page)
    body = page.split("</head>")[1]
    assert body.count("<script") == 1
    for markup in ("<img", "onerror=alert(1)>", 'javascript:alert(1)"'):
        assert markup not in body
    assert "<bdi>javascript:alert(1)</bdi>" in body
    assert "&lt;script&gt;" in body
    assert 'data-poster="' not in body


def test_a_report_shows_the_names_of_hostile_fields_sanitized(
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
        assert_shown_safely(text)
