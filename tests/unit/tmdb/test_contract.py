"""What a TMDB answer looks like, held against the genuine recordings and both imitations alike."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from support.fake_tmdb import FakeTmdb

from pipeline import demo
from pipeline.quality.movie_rules import violations
from pipeline.quality.rules import MOVIE_RULES, REQUIRED
from pipeline.quality.snapshot import ListSnapshot
from pipeline.tmdb.response import parse_page

ON = datetime.date(2026, 5, 24)
SOURCES = ("recordings", "fake", "catalogue")
IMITATIONS = ("fake", "catalogue")

WHOLE, TEXT, FLAG = {int}, {str}, {bool}
NUMBER, PATH = {int, float}, {str, type(None)}
ROW: dict[str, set[Any]] = {
    "adult": FLAG,
    "backdrop_path": PATH,
    "genre_ids": {list},
    "id": WHOLE,
    "original_language": TEXT,
    "original_title": TEXT,
    "overview": TEXT,
    "popularity": NUMBER,
    "poster_path": PATH,
    "title": TEXT,
    "video": FLAG,
    "vote_average": NUMBER,
    "vote_count": WHOLE,
}
"""The documented fields that every row has, and the types that were seen."""


@dataclass(frozen=True)
class Answer:
    """A path below `/3`, a query, and what came."""

    path: str
    query: dict[str, str]
    status: int
    body: Any

    @property
    def is_list_of_films(self) -> bool:
        lists = ("/movie/popular", "/movie/top_rated", "/movie/now_playing", "/discover/movie")
        return self.status == 200 and (
            self.path in lists or self.path.startswith("/trending/movie/")
        )


QUERIES: tuple[tuple[str, dict[str, str]], ...] = tuple(
    (path, {"language": language, "page": page, **more})
    for path, more in (
        ("/movie/popular", {"region": "KR"}),
        ("/movie/top_rated", {"region": "KR"}),
        ("/trending/movie/day", {}),
        ("/trending/movie/week", {}),
        ("/discover/movie", {"with_genres": "27", "sort_by": "popularity.desc"}),
        ("/discover/movie", {"with_genres": "16", "sort_by": "popularity.desc"}),
    )
    for language in ("ko-KR", "en-US")
    for page in ("1", "2", "7")
)
ERRORS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/movie/popular", {"page": "0"}),
    ("/movie/popular", {"page": "501"}),
    ("/discover/movie", {"page": "-1"}),
    ("/movie/top_rated", {"page": "one"}),
    ("/movie/999999999", {}),
    ("/no/such/path", {}),
)

Ask = Callable[[str, dict[str, str]], Answer]


@pytest.fixture(scope="module")
def ask_fake() -> Iterator[Ask]:
    with FakeTmdb(limit=None) as tmdb, requests.Session() as session:
        session.trust_env = False

        def ask(path: str, query: dict[str, str]) -> Answer:
            response = session.get(tmdb.url + path, params=query, timeout=5)
            return Answer(path, query, response.status_code, response.json())

        yield ask


def ask_catalogue(path: str, query: dict[str, str]) -> Answer:
    reply = demo.answer(path, query, day=ON)
    return Answer(path, query, reply.status, json.loads(reply.body))


@pytest.fixture
def ask(request: pytest.FixtureRequest) -> Ask:
    """One of the imitations, named by the test's parameter."""
    if request.param == "catalogue":
        return ask_catalogue
    asker: Ask = request.getfixturevalue("ask_fake")
    return asker


@pytest.fixture(scope="module")
def answers(request: pytest.FixtureRequest) -> list[Answer]:
    """Every answer of one source, named by the test's parameter; not to be changed."""
    if request.param == "recordings":
        return recorded(request.getfixturevalue("recordings"))
    ask = ask_catalogue if request.param == "catalogue" else request.getfixturevalue("ask_fake")
    return [ask(path, query) for path, query in QUERIES + ERRORS]


def recorded(folder: Path) -> list[Answer]:
    documents = [
        json.loads((folder / entry["file"]).read_text(encoding="utf-8"))
        for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    ]
    return [
        Answer(
            each["request"]["path"].removeprefix("/3"),
            each["request"]["query"],
            each["status"],
            each["body"],
        )
        for each in documents
    ]


def lists_of(answers: list[Answer]) -> list[Answer]:
    found = [answer for answer in answers if answer.is_list_of_films]
    assert len(found) >= 15
    return found


def rows_of(answers: list[Answer]) -> list[dict[str, Any]]:
    return [row for answer in lists_of(answers) for row in answer.body["results"]]


every_source = pytest.mark.parametrize("answers", SOURCES, indirect=True)
every_imitation = pytest.mark.parametrize("ask", IMITATIONS, indirect=True)


# --- All three sources ------------------------------------------------------------------------


@every_source
def test_a_list_answer_has_its_four_fields(answers: list[Answer]) -> None:
    for answer in lists_of(answers):
        fields = {"page": int, "results": list, "total_pages": int, "total_results": int}
        assert {field: type(answer.body[field]) for field in fields} == fields
        assert answer.body["page"] == int(answer.query.get("page", "1"))
        assert answer.body["total_pages"] >= 1
        assert answer.body["total_results"] >= len(answer.body["results"])


@every_source
def test_a_page_holds_twenty_rows_at_most_and_the_first_some(answers: list[Answer]) -> None:
    for answer in lists_of(answers):
        assert len(answer.body["results"]) <= 20
        assert answer.body["results"] or answer.body["total_results"] == 0


@every_source
def test_a_movie_appears_once_on_a_page(answers: list[Answer]) -> None:
    for answer in lists_of(answers):
        ids = [row["id"] for row in answer.body["results"]]
        assert len(set(ids)) == len(ids)


@every_source
def test_rows_have_the_documented_fields(answers: list[Answer]) -> None:
    for row in rows_of(answers):
        strange = {field for field, types in ROW.items() if type(row.get(field, ...)) not in types}
        assert not strange, row
        assert type(row.get("release_date", "")) is str
        assert all(type(genre) is int for genre in row["genre_ids"])


@every_source
def test_trending_rows_tell_that_they_are_movies(answers: list[Answer]) -> None:
    trending = [each for each in lists_of(answers) if each.path.startswith("/trending/")]

    assert {row["media_type"] for row in rows_of_each(trending)} == {"movie"}


def rows_of_each(answers: list[Answer]) -> list[dict[str, Any]]:
    return [row for answer in answers for row in answer.body["results"]]


@every_source
def test_our_client_parses_every_answer_of_a_list(answers: list[Answer]) -> None:
    for answer in lists_of(answers):
        parse_page(answer.body, answer.path, int(answer.query.get("page", "1")))


@every_source
@pytest.mark.parametrize(
    "rule", [rule for rule in MOVIE_RULES if rule.points == REQUIRED], ids=lambda r: r.id
)
def test_every_row_keeps_every_required_rule(answers: list[Answer], rule: Any) -> None:
    rows = rows_of(answers)
    snapshot = ListSnapshot("x", "x.json", ON, rows, {})
    broken = [rows[position] for position in violations(rule, snapshot)]

    assert broken == []


@every_source
def test_an_error_tells_tmdbs_own_number_and_words(answers: list[Answer]) -> None:
    errors = [answer for answer in answers if answer.status >= 400]
    assert len(errors) >= 3
    for error in errors:
        assert error.body["success"] is False
        assert type(error.body["status_code"]) is int
        assert error.body["status_code"] != error.status
        assert error.body["status_message"].strip()


@every_source
def test_what_is_not_there_is_404_with_code_34(answers: list[Answer]) -> None:
    missing = [answer for answer in answers if answer.path == "/movie/999999999"]

    assert [(each.status, each.body["status_code"]) for each in missing] == [(404, 34)]


# --- The imitations, as TMDB.md tells of the real one -----------------------------------------


@every_imitation
@pytest.mark.parametrize("page", ["0", "501", "-1", "one", "1.5", ""])
@pytest.mark.parametrize("path", ["/movie/popular", "/trending/movie/day", "/discover/movie"])
def test_pages_outside_of_1_to_500_are_refused(ask: Ask, path: str, page: str) -> None:
    answer = ask(path, {"page": page})

    assert (answer.status, answer.body["status_code"]) == (400, 22)


@every_imitation
def test_page_500_is_the_last_that_may_be_requested(ask: Ask) -> None:
    assert ask("/movie/popular", {"page": "500"}).status == 200


@every_imitation
def test_one_page_differs_from_the_next(ask: Ask) -> None:
    first, second = (
        {row["id"] for row in ask("/movie/popular", {"page": page}).body["results"]}
        for page in ("1", "2")
    )

    assert len(first & second) <= 1


@every_imitation
def test_the_same_question_gets_the_same_answer(ask: Ask) -> None:
    path, query = QUERIES[0]

    assert ask(path, query) == ask(path, query)


@every_imitation
def test_titles_come_in_the_requested_language(ask: Ask) -> None:
    korean = ask("/movie/popular", {"language": "ko-KR"}).body["results"]
    english = ask("/movie/popular", {"language": "en-US"}).body["results"]

    assert any("가" <= letter <= "힣" for row in korean for letter in row["title"])
    assert [row["id"] for row in korean] == [row["id"] for row in english]
    assert [row["title"] for row in korean] != [row["title"] for row in english]


@every_imitation
@pytest.mark.parametrize("genre", [28, 35, 18, 27, 10749, 878, 53, 16])
def test_a_genres_films_bear_it(ask: Ask, genre: int) -> None:
    query = {"with_genres": str(genre), "sort_by": "popularity.desc"}
    rows = ask("/discover/movie", query).body["results"]

    assert len(rows) == 20
    assert all(genre in row["genre_ids"] for row in rows)


@every_imitation
def test_an_unknown_genre_is_an_empty_success(ask: Ask) -> None:
    answer = ask("/discover/movie", {"with_genres": "424242"})

    assert answer.status == 200
    assert answer.body == {"page": 1, "results": [], "total_pages": 1, "total_results": 0}


@every_imitation
def test_unknown_parameters_are_passed_over(ask: Ask) -> None:
    plain = ask("/movie/popular", {"page": "2"})

    assert ask("/movie/popular", {"page": "2", "pgae": "3"}).body == plain.body


@every_imitation
def test_there_are_nineteen_genres(ask: Ask) -> None:
    genres = ask("/genre/movie/list", {"language": "ko"}).body["genres"]

    assert len(genres) == 19
    assert {(type(genre["id"]), type(genre["name"])) for genre in genres} == {(int, str)}


@every_imitation
def test_a_good_credential_is_said_to_be_good(ask: Ask) -> None:
    answer = ask("/authentication", {})

    assert (answer.status, answer.body["success"]) == (200, True)
