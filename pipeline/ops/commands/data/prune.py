"""`tmdb-pipeline prune`."""

import datetime
import re
import sys
from collections.abc import Sequence

import click

from pipeline import clock, settings
from pipeline.errors import NotPossible, PipelineError
from pipeline.ops.alerts import send
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.retention import expired, prune
from pipeline.ops.retention.expired import Found, Item
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule.job import PRUNE, SCHEDULE
from pipeline.ops.settings import KEEP_LONGER, MAX_KEEP_DAYS, keep_days
from pipeline.paths import Layout
from pipeline.runtime import logs
from pipeline.sanitize import plain
from pipeline.storage import local

_OFF = f"Nothing is deleted: PIPELINE_KEEP_DAYS is {KEEP_LONGER}."


def parse_days(text: str) -> int:
    """Return the number of days in `180d` or `180`, or raise NotPossible."""
    if not (found := re.fullmatch(r"([1-9]\d{0,2})d?", text)) or int(found[1]) > MAX_KEEP_DAYS:
        raise NotPossible(
            f"--older-than has to be from 1d to {MAX_KEEP_DAYS}d: TMDB's API terms of use (section "
            "on caching) allow nothing to be kept longer than six months."
        )
    return int(found[1])


def show(document: Document) -> None:
    """Print what was or would be deleted, by kind, and what was left alone."""
    is_done = document["deleted"]
    title = "Deleted" if is_done else f"Older than {document['older_than_days']} days"
    tables.show_table(title, "what, files, oldest=oldest_at", document["kinds"])
    if not document["files"]:
        click.echo("\nNothing is older than that." if document["older_than_days"] else _OFF)
    if document["history_rows"] is not None:
        click.echo(f"{document['history_rows']} rows of the task history were deleted.")
    for each in (*document["skipped"], *document["left"], document["warning"]):
        click.echo(plain(each), nl=bool(each))
    if document["deletes_from_at"]:
        at = datetime.datetime.fromisoformat(document["deletes_from_at"])
        click.echo(f"The schedule deletes from {at:%Y-%m-%d} on; nothing was deleted now.")
    if document["problem"]:
        click.echo(f"tmdb-pipeline: {plain(document['problem'])}", err=True)


@click.command("prune")
@click.option("--older-than", type=parse_days, metavar="DAYS",
              help="Delete what is older, like 180d.  [default: PIPELINE_KEEP_DAYS]")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what goes, and delete nothing.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@document_command(show)
def command(runtime: Runtime, older_than: int | None, dry_run: bool, yes: bool) -> Document:
    """Delete what TMDB's terms no longer allow to keep: lists and all that was made of them.

    Asks on a terminal. Run records, scores and check results stay.
    """
    if settings.run_variable(settings.STARTED_BY) == SCHEDULE and yes and not dry_run:
        return _by_schedule(older_than)
    layout = settings.current().layout
    if (days := older_than or keep_days()) is None:
        return _document(None, [], Found())
    before = clock.now() - datetime.timedelta(days=days)
    found = expired.find(layout, before)
    if dry_run:
        return _document(days, found.items, found)
    if not yes:
        _ask(_document(days, found.items, found))
    return _delete(layout, days, before, found)


def _ask(document: Document) -> None:
    """Show what goes and ask for it; NotPossible where nobody can answer."""
    as_json = click.get_current_context().params["as_json"]
    if as_json or not (sys.stdin and sys.stdin.isatty()):
        raise NotPossible(
            "Nothing was deleted, because there is no terminal to ask on: look at `tmdb-pipeline "
            "prune --dry-run`, then add --yes."
        )
    show(document)
    if document["files"]:
        click.confirm("Delete these for good?", abort=True)


def _by_schedule(older_than: int | None) -> Document:
    """Delete as the schedule does: report and alert at first, and alert of each failure."""
    layout, now = settings.current().layout, clock.now()
    state = prune.read_state(layout) or prune.State(now, now)
    try:
        if (days := older_than or keep_days()) is None:
            return _document(None, [], Found())
        before = now - datetime.timedelta(days=days)
        found = expired.find(layout, before)
        begins_at = state.first_at + prune.NOTICE
        if now < begins_at:
            document = _document(days, found.items, found, deletes_from_at=begins_at.isoformat())
            if found.items and state.first_at == now:
                text = (
                    f"{len(found.items)} files hold data older than {days} days, against TMDB's "
                    f"terms. They are deleted from {begins_at:%Y-%m-%d} on: see "
                    "`tmdb-pipeline prune --dry-run` and docs/how-to/prune.md."
                )
                send.raise_alert(PRUNE, clock.today(), "first", "Old data will be deleted", text)
        else:
            document = _delete(layout, days, before, found)
    except (PipelineError, OSError) as error:
        _note(layout, state, str(error))
        raise
    _note(layout, state, document["problem"])
    return document


def _note(layout: Layout, state: prune.State, problem: str | None) -> None:
    """Note the end of a scheduled prune for the next one, and alert if it failed."""
    if problem:
        send.raise_alert(PRUNE, clock.today(), "failed", "Old data was not deleted", problem)
    elif clock.now() >= state.first_at + prune.NOTICE:
        send.all_clear(PRUNE, clock.today(), "What TMDB's terms no longer allow is deleted.")
    prune.write_state(layout, prune.State(state.first_at, clock.now(), not problem))


def _delete(layout: Layout, days: int, before: datetime.datetime, found: Found) -> Document:
    """Delete what was found, old logs and rows, and return what was done."""
    result = prune.delete(layout, found)
    logs.sweep(layout, clock.now())
    local.sweep(layout.published_folders)
    rows, warning = prune.purge_history(before)
    return {
        **_document(days, result.items, found),
        **{"deleted": True, "skipped": result.skipped, "history_rows": rows},
        **{"warning": warning or "", "problem": " ".join(result.failed) or None},
    }


def _document(
    days: int | None, items: Sequence[Item], found: Found, deletes_from_at: str | None = None
) -> Document:
    layout = settings.current().layout
    kinds = {item.kind: [each.at for each in items if each.kind == item.kind] for item in items}
    return {
        "older_than_days": days,
        "deleted": False,
        "kinds": [
            {"what": kind, "files": len(ages), "oldest_at": min(ages).isoformat()}
            for kind, ages in kinds.items()
        ],
        "files": [
            {
                "file": layout.relative(each.path),
                "kind": each.kind,
                "oldest_at": each.at.isoformat(),
            }
            for each in items
        ],
        "left": found.left,
        "skipped": [],
        "history_rows": None,
        "deletes_from_at": deletes_from_at,
        "warning": "",
        "problem": None,
    }
