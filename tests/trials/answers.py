"""Any answer of TMDB, through the client, the tasks and the pages: an error's sentence, or right.

The tasks run as they are, one after the other in this process; only what carries the requests is
ours. What was published has to read back as it was, and the counts have to be those of the films.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from support.fake_tmdb import V3_KEY

import pipeline
from pipeline import demo
from pipeline.documents import json_text
from pipeline.errors import PipelineError
from pipeline.storage import documents
from pipeline.tasks.base import PipelineTask
from pipeline.tmdb.client import ApiSession, Client
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.transport import Transport
from trials.aftermath import is_whole_page
from trials.plans import small_plan

DAY = datetime.date.today()
RIGHT, REFUSED = "right", "refused"


class Reply(NamedTuple):
    """One answer: its status, headers and bytes."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = {}


class Answers(HTTPAdapter):
    """Give the same reply to every request for the same page, whatever the list."""

    replies: tuple[Reply, ...] = ()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        page = int(parse_qs(urlsplit(str(request.url)).query)["page"][0])
        reply = self.replies[page - 1]
        raw = urllib3.HTTPResponse(
            io.BytesIO(reply.body), dict(reply.headers), reply.status, preload_content=False
        )
        return self.build_response(request, raw)


class Day:
    """A data root, and a client that gets what it is given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs = 0
        self._answers = Answers()
        key = Credential(V3_KEY)
        self._transport = Transport("http://localhost/3", key, connections=1)
        self._transport._session.mount("http://", self._answers)
        session = ApiSession(self._transport.send, "localhost", key, retries=0)
        self.client = Client(session, "ko-KR", "KR", connections=1)

    def outcome(self, replies: tuple[Reply, ...]) -> str:
        """Collect and work up all lists from these pages; return right or refused.

        Raises:
            AssertionError: something is neither; any other exception is a defect as well.
        """
        self._answers.replies = replies
        self._runs += 1
        root = self._folder / f"run{self._runs}"
        os.environ["PIPELINE_DATA_DIR"] = str(root)
        popular, trending = pipeline.PopularMovies(date=DAY), pipeline.TrendingMovies(date=DAY)
        genre = pipeline.GenreMovies(date=DAY, genre="horror")
        rated = pipeline.TopRatedMovies(date=DAY)
        there = [_collected(task) for task in (popular, trending, genre, rated)]
        if all(there[:2]):
            self._work_up(pipeline.ValidationReport, pipeline.DailySummary, pipeline.DailyPage)
            _see_day(popular, trending)
        if all(there[2:]):
            self._work_up(
                pipeline.WeeklyValidationReport, pipeline.WeeklyConsolidation, pipeline.WeeklyPage
            )
            _see_week(genre, rated)
        if any(there):
            self._work_up(pipeline.IndexPage)
        return RIGHT if all(there) else REFUSED

    def close(self) -> None:
        self._transport.close()

    def _work_up(self, *kinds: type[PipelineTask]) -> None:
        for kind in kinds:
            task = kind(date=DAY)
            task.run()
            assert task.complete(), f"{kind.__name__} is not complete"


@contextlib.contextmanager
def day() -> Iterator[Day]:
    """Make a place for days of a small plan: popular and top rated have two pages each."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as folder:
        config = small_plan(Path(folder) / "config")
        made = Day(Path(folder))
        variables = {
            "TMDB_API_KEY": V3_KEY,
            "PIPELINE_CONFIG_DIR": str(config),
            "PIPELINE_DATA_DIR": folder,
        }
        with (
            mock.patch.dict(os.environ, variables),
            mock.patch(
                "pipeline.tasks.collect.open_client",
                side_effect=lambda *_: contextlib.nullcontext(made.client),
            ),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            try:
                yield made
            finally:
                made.close()


def _collected(task: PipelineTask) -> bool:
    """Run one collection; where it is refused, check the message."""
    path = Path(task.output().path)
    try:
        task.run()
    except PipelineError as error:
        sentence = str(error)
        assert sentence.endswith("."), sentence
        assert sentence.isprintable(), f"not one line of plain text: {sentence!r}"
        assert V3_KEY not in sentence
        assert len(sentence) < 1000, f"{len(sentence)} characters"
        assert not path.exists(), "refused, and yet there is a file"
        return False
    document = documents.read_collection(path)
    movies = document["movies"]
    assert (
        document["collection_info"]["total_collected"]
        == len(movies)
        == len({film["id"] for film in movies})
    )
    assert json_text.encode(document) + b"\n" == path.read_bytes(), (
        "it does not read back as written"
    )
    return True


def _see_day(*tasks: PipelineTask) -> None:
    lists = [documents.read_collection(Path(task.output().path))["movies"] for task in tasks]
    summary = _published(pipeline.DailySummary)
    totals = summary["collection_summary"]
    assert [totals["popular_movies"], totals["trending_movies"]] == [len(each) for each in lists]
    assert summary["quality_summary"]["total_movies_validated"] == sum(map(len, lists))
    _see_page(pipeline.DailyPage)


def _see_week(*tasks: PipelineTask) -> None:
    lists = [documents.read_collection(Path(task.output().path))["movies"] for task in tasks]
    week = _published(pipeline.WeeklyConsolidation)
    films = {film["id"]: film for each in lists for film in each}
    assert {film["id"] for film in week["movies"]} == set(films)
    assert len(week["movies"]) == week["consolidation_info"]["total_unique_movies"] == len(films)
    for film in week["movies"]:
        rest = {key: film[key] for key in film if key != "found_in"}
        assert any(
            rest == {key: value for key, value in each.items() if key != "found_in"}
            for films_of_list in lists
            for each in films_of_list
            if each["id"] == film["id"]
        ), "a film is not what any list has"
    _see_page(pipeline.WeeklyPage)


def _published(kind: type[PipelineTask]) -> dict[str, Any]:
    return documents.read(Path(kind(date=DAY).output().path))


def _see_page(kind: type[PipelineTask]) -> None:
    html = Path(kind(date=DAY).output().path).read_text(encoding="utf-8")
    assert is_whole_page(html)
    assert html.count("<script>") == 1, "strangers' markup came through"


def genuine_pages() -> list[dict[str, Any]]:
    """Pages that a list can have, of the catalogue: few films each, so that changes hit them."""
    pages = []
    for path in ("/movie/popular", "/trending/movie/day", "/discover/movie", "/movie/top_rated"):
        for number in (1, 2):
            reply = demo.answer(path, {"language": "ko-KR", "page": str(number)}, day=DAY)
            page = json.loads(reply.body)
            pages.append({**page, "results": page["results"][:5], "total_pages": 2})
    return pages
