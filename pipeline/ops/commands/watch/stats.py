"""`tmdb-pipeline stats`."""

from __future__ import annotations

import dataclasses
import datetime

import click

from pipeline import clock, identity
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Family, json_option, runtime_option
from pipeline.ops.history.figures import figures
from pipeline.ops.history.store import open_history
from pipeline.ops.roots import ROOTS
from pipeline.ops.runs.root_runs import RootRun, root_runs
from pipeline.ops.runtimes.choose import choose_runtime
from pipeline.ops.runtimes.runtime import Document
from pipeline.ops.settings import history_url


@click.command("stats")
@click.option("--days", type=click.IntRange(1, 36_500), default=30, show_default=True,
              help="How many days to look back.")  # fmt: skip
@click.option("--task", type=Family(), help="One task only.")
@runtime_option
@json_option
def command(days: int, task: str | None, runtime: str, as_json: bool) -> None:
    """Count runs, failures, attempts and durations of each task in the history.

    Durations are of attempts that succeeded. Needs PIPELINE_HISTORY_URL.
    """
    words = ["stats", "--days", str(days), *(["--task", task] if task else [])]
    here = choose_runtime(runtime)
    document = here.ask(words, lambda: build(here.name, days, task))
    tables.show_json(document) if as_json else show(document)


def build(runtime: str, days: int, task: str | None) -> Document:
    """Return the figures as plain data.

    Raises:
        SettingsError: there is no history to count.
        StorageError: it cannot be reached.
    """
    since = clock.now() - datetime.timedelta(days=days)
    with open_history(history_url()) as store:
        attempts = store.runs(since=since)
    chosen_ones = [each for each in attempts if task in (None, each.family)]
    newest = [found[0] for root in ROOTS if (found := root_runs(root, attempts))]
    return {
        "runtime": runtime,
        "days": days,
        "since": since.isoformat(),
        "tasks": [dataclasses.asdict(each) for each in figures(chosen_ones)],
        "slowest_steps": [step for run in newest if (step := _slowest(run))],
        "notes": [*filter(None, [identity.warning()])],
    }


def show(document: Document) -> None:
    """Print the figures as tables."""
    rows = [
        [each["task"], each["runs"], each["failures"], each["attempts"]]
        + [tables.seconds(each[f"{name}_seconds"]) for name in ("median", "p95", "slowest")]
        for each in document["tasks"]
    ]
    headers = ["task", "runs", "failures", "attempts", "median", "95 %", "slowest"]
    if rows:
        tables.show_table(f"The last {document['days']} days", headers, rows)
    else:
        click.echo(f"Nothing ran in the last {document['days']} days.")
    steps = [
        [each["root"], each["date"], each["step"], tables.seconds(each["seconds"])]
        for each in document["slowest_steps"]
    ]
    if steps:
        title = "The slowest step of the last run"
        tables.show_table(title, ["run", "date", "slowest step", "took"], steps)
    tables.show_notes(document["notes"])


def _slowest(run: RootRun) -> Document | None:
    step = run.slowest_step
    if step is None:
        return None
    seconds = step.seconds
    return {"root": run.family, "date": run.date, "step": step.label, "seconds": seconds}
