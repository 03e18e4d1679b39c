"""`tmdb-pipeline stats`."""

import datetime
import statistics

import click

from pipeline import clock, settings
from pipeline.documents.run_record import ENDED, TaskRun
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.roots import family_of

IDLE = ("SKIPPED", "PAUSED")  # outcomes of runs that did nothing


def show(document: Document) -> None:
    """Print the figures as tables."""
    last = f"the last {document['days']} days"
    if not document["runs"] + document["tasks"]:
        click.echo(f"Nothing ran in {last}.")
    columns = "task, runs, failed=failures, attempts, median=median_seconds, 95 %=p95_seconds"
    for title, figures in (("Runs", document["runs"]), ("Tasks of these runs", document["tasks"])):
        tables.show_table(f"{title}, {last}", f"{columns}, slowest=slowest_seconds", figures)


@click.command("stats")
@click.option("--days", type=click.IntRange(1, 36_500), default=30, show_default=True,
              help="How many days to look back.")  # fmt: skip
@click.option("--task", type=family_of, metavar="TASK", help="One task only.")
@document_command(show)
def command(runtime: Runtime, days: int, task: str | None) -> Document:
    """Count runs, failures, attempts and durations of each task in the run record.

    Durations are of attempts that succeeded.
    """
    since = clock.now() - datetime.timedelta(days=days)
    entries = record.entries(settings.current().layout)
    recent = [each for each in entries if each.began_at >= since and each.outcome not in IDLE]
    ended = [each for each in recent if each.event == ENDED]
    runs = [TaskRun(e.task, 1, "done" if e.status == 0 else "failed", e.seconds) for e in ended]
    attempts = [each for entry in recent for each in entry.attempts]
    figures = {"runs": _figures(runs, task), "tasks": _figures(attempts, task)}
    return {"days": days, "since": since.isoformat(), **figures}


def _figures(runs: list[TaskRun], task: str | None) -> list[Document]:
    found: list[Document] = []
    for family in sorted({each.family for each in runs if task in (None, each.family)}):
        ours = [each for each in runs if each.family == family]
        done = [each.seconds or 0.0 for each in ours if each.outcome == "done"]
        attempts = sum(each.attempts for each in ours)
        p95 = statistics.quantiles(done, n=20, method="inclusive")[-1] if done[1:] else sum(done)
        found.append({
            "task": family,
            "runs": len(ours),
            "failures": attempts - len(done),
            "attempts": attempts,
            "median_seconds": round(statistics.median(done), 3) if done else None,
            "p95_seconds": round(p95, 3) if done else None,
            "slowest_seconds": max(done, default=None),
        })  # fmt: skip
    return found
