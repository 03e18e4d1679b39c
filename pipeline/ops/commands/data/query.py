"""`tmdb-pipeline query`."""

import csv
import datetime
import sys

import click

from pipeline import clock, identity
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.runtimes.services import Document
from pipeline.sanitize import plain
from pipeline.tasks.warehouse import missing_loads, open_warehouse

# The questions and what each one answers; a test holds them to those of the warehouse.
QUESTIONS = ("climbers", "rank", "genres", "shared", "votes", "quality")

_COLUMNS = {
    "climbers": "climbed, before=rank_before, rank, id=movie_id, title",
    "rank": "date, list, rank, votes=vote_count, average=vote_average, days late=late_by_days",
    "shared": "lists, best rank=best_rank, period, id=movie_id, title",
    "votes": "gained=votes_gained, votes=vote_count, id=movie_id, title",
    "quality": "date, period, verdict, score=quality_score, valid %=validation_rate, violations, "
               "days late=late_by_days",
}  # fmt: skip


def show(document: Document) -> None:
    """Print the answer as a table, or as CSV."""
    rows, question = document["rows"], document["question"]
    if click.get_current_context().params["as_csv"]:
        writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _plain(value) for key, value in row.items()} for row in rows)
        return
    when = "date" if question in ("climbers", "shared") else "since"
    about = [document["list"], document["movie"], f"{when} {document[when]}"]
    title = f"{question.title()}: {', '.join(filter(None, about))}"
    columns = _COLUMNS.get(question, "")
    if question == "genres":
        columns, rows = _by_month(rows)
    tables.show_table(title, columns, rows, "The warehouse has no such row.")


def _plain(value: object) -> object:
    return plain(value) if isinstance(value, str) else value


def _by_month(rows: list[Document]) -> tuple[str, list[Document]]:
    """Return shares of genres with a column a month, in percent."""
    months = sorted({row["month"] for row in rows})
    table: dict[int, Document] = {}
    for row in rows:  # the newest month first, and in it the largest share
        line = table.setdefault(row["genre_id"], dict.fromkeys(months))
        line |= {"genre": row["name"] or row["genre_id"], row["month"]: f"{row['share']:.1%}"}
    return ", ".join(["genre", *months]), list(table.values())


@click.command("query")
@click.argument("question", type=click.Choice(QUESTIONS))
@click.argument("movie", required=False)
@click.option("--list", "list_name", metavar="LIST", help="One list, like popular or horror.")
@click.option("--date", type=clock.day_of, metavar="DATE", help="The date.  [default: the newest]")
@click.option("--since", type=clock.day_of, metavar="DATE",
              help="The first date.  [default: 30 days before the newest]")  # fmt: skip
@click.option("--top", type=click.IntRange(1, 10_000), default=10, show_default=True,
              help="How many movies at most.")  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="Lines of CSV instead.")
@document_command(show)
def command(
    runtime: Runtime, question: str, movie: str | None, list_name: str | None,
    date: datetime.date | None, since: datetime.date | None, top: int, as_csv: bool,
) -> Document:  # fmt: skip
    """Answer a question over time from the warehouse.

    climbers: the movies that rose most in a list since its date before. rank MOVIE: where a movie
    stood, by its id or words of its title. genres: the share of each genre in a list by month.
    shared: the movies that most lists of a week have. votes: the movies that gained most votes.
    quality: verdicts and scores.

    Popularity is not compared, because TMDB rescales it at times.
    """
    from pipeline.warehouse.questions import Scope, answer

    identity.only_read()
    missing = len(missing_loads(clock.today()))
    note = f"{missing} date(s) are not loaded yet: `tmdb-pipeline run LoadWarehouse` loads them."
    scope, rows = answer(open_warehouse(), question, Scope(movie, list_name, date, since, top))
    return {
        "question": question,
        "list": scope.list,
        "movie": scope.movie,
        "date": str(scope.date),
        "since": str(scope.since),
        "rows": rows,
        "notes": [note] if missing else [],
    }
