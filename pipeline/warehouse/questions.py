"""The questions of `tmdb-pipeline query`, each a query of the views for both engines."""

import datetime
import functools
from typing import Any, NamedTuple

from pipeline.errors import NotPossible
from pipeline.warehouse.store import Warehouse

Answer = list[dict[str, Any]]

# Days before the newest date that a question over time looks at by default.
_SINCE_DAYS = 30

_NEWEST = "SELECT MAX(date) AS date FROM ranks WHERE :list IS NULL OR list = :list"
_NEWEST_WEEK = "SELECT MAX(date) AS date FROM ranks WHERE period = 'week'"


class Scope(NamedTuple):
    """What a question is asked of; None is the default of the question."""

    movie: str | None = None
    list: str | None = None
    date: datetime.date | None = None
    since: datetime.date | None = None
    top: int = 10


class Question(NamedTuple):
    """A query, and the list that it is about by default."""

    query: str
    list: str | None = None
    needs_movie: bool = False


QUESTIONS = {
    "climbers": Question(
        """
        SELECT climbed, rank_before, rank, movie_id, title FROM movers
        WHERE list = :list AND date = :date AND climbed > 0
        ORDER BY climbed DESC, rank LIMIT :top
        """,
        list="popular",
    ),
    "rank": Question(
        """
        SELECT date, list, rank, vote_count, vote_average, late_by_days FROM ranks
        WHERE movie_id = :movie AND date >= :since AND (:list IS NULL OR list = :list)
        ORDER BY date DESC, list
        """,
        needs_movie=True,
    ),
    "genres": Question(
        """
        WITH months AS (
            SELECT SUBSTR(CAST(date AS TEXT), 1, 7) AS month, COUNT(DISTINCT date) AS dates
            FROM ranks WHERE list = :list AND date >= :since GROUP BY 1
        )
        SELECT months.month, genre_id, name, name_ko, SUM(share) / months.dates AS share
        FROM genre_share JOIN months ON months.month = SUBSTR(CAST(date AS TEXT), 1, 7)
        WHERE list = :list AND date >= :since
        GROUP BY months.month, months.dates, genre_id, name, name_ko
        ORDER BY months.month DESC, SUM(share) DESC, genre_id
        """,
        list="popular",
    ),
    "shared": Question(
        """
        SELECT period, lists, best_rank, movie_id, title FROM shared_movies
        WHERE date = :date ORDER BY lists DESC, best_rank, movie_id LIMIT :top
        """,
    ),
    "votes": Question(
        """
        SELECT MAX(vote_count) - MIN(vote_count) AS votes_gained, MAX(vote_count) AS vote_count,
            movie_id, MAX(title) AS title
        FROM ranks WHERE date >= :since AND (:list IS NULL OR list = :list)
        GROUP BY movie_id HAVING MAX(vote_count) > MIN(vote_count)
        ORDER BY votes_gained DESC, movie_id LIMIT :top
        """,
    ),
    "quality": Question(
        """
        SELECT date, period, verdict, quality_score, validation_rate, violations, late_by_days
        FROM quality WHERE date >= :since ORDER BY date DESC, period
        """,
    ),
}  # fmt: skip


def answer(warehouse: Warehouse, name: str, scope: Scope) -> tuple[Scope, Answer]:
    """Return the rows that answer a question, and the scope with its defaults filled in.

    Raises:
        NotPossible: nothing is loaded that it could be asked of, or the movie is not one of it.
    """
    question = QUESTIONS[name]
    name_of_list = scope.list or question.list
    newest = scope.date or _newest(warehouse, name_of_list, is_shared=name == "shared")
    scope = scope._replace(
        movie=_movie_id(warehouse, scope.movie) if question.needs_movie else None,
        list=name_of_list,
        date=newest,
        since=scope.since or newest - datetime.timedelta(days=_SINCE_DAYS),
    )
    values = {key: str(value) if key in ("date", "since") else value
              for key, value in scope._asdict().items()}  # fmt: skip
    return scope, warehouse.ask(question.query, **values)


def _newest(warehouse: Warehouse, name: str | None, *, is_shared: bool) -> datetime.date:
    """Return the newest date of a list, or of any; the newest week for what lists share."""
    found = warehouse.ask(_NEWEST_WEEK if is_shared else _NEWEST, list=name)
    if not found or not found[0]["date"]:
        what = f"no list {name!r}" if name else "nothing of that kind"
        raise NotPossible(
            f"There is {what} in the warehouse: `tmdb-pipeline run LoadWarehouse` loads all that "
            "is collected."
        )
    return datetime.date.fromisoformat(found[0]["date"])


def _movie_id(warehouse: Warehouse, movie: str | None) -> str:
    """Return the id of the one movie that a user means, by id or words of its title."""
    if not movie:
        raise NotPossible("Name the movie by its id or words of its title: query rank MOVIE.")
    if movie.isascii() and movie.isdigit() and len(movie) < 19:  # else no column holds it
        return movie
    escape = functools.reduce(lambda text, mark: text.replace(mark, f"!{mark}"), "!%_", movie)
    found = warehouse.ask(
        """
        SELECT movie_id, MAX(title) AS title FROM ranks WHERE LOWER(title) LIKE :words ESCAPE '!'
        GROUP BY movie_id ORDER BY COUNT(*) DESC, movie_id LIMIT 6
        """,
        words=f"%{escape.lower()}%",
    )
    if len(found) == 1:
        return str(found[0]["movie_id"])
    named = "; ".join(f"{each['movie_id']} {each['title']}" for each in found[:5])
    more = " and others" if len(found) > 5 else ""
    raise NotPossible(
        f"Several movies have {movie!r} in their title: name one by its id: {named}{more}."
        if found
        else f"No loaded movie has {movie!r} in its title."
    )
