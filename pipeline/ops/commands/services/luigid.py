"""`tmdb-pipeline luigid`: the hardened luigid in the foreground."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import click

from pipeline import clock, settings
from pipeline.ops import luigi_options, reports
from pipeline.ops.data_root_id import data_root_id
from pipeline.ops.luigid.serve import serve
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.settings import history_url, luigid_password
from pipeline.paths import Layout

_SCHEDULE_SECONDS = 600.0
"""Seconds for which the installed schedule is cached; reading it starts other programs."""


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8082, show_default=True, help="0: a free one."
)
@click.option(
    "--state-path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What it remembers between two starts.  [default: below the data root]",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A host name besides localhost by which it may be asked for; may be given repeatedly.",
)
@click.option(
    "--log-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A log that makes room when it is large.  [default: standard error]",
)
def command(
    address: str,
    port: int,
    state_path: Path | None,
    allowed_hosts: tuple[str, ...],
    log_file: Path | None,
) -> None:
    """Run the hardened luigid in the foreground until SIGTERM or Ctrl-C."""
    luigi_options.refuse_unusable()
    current = settings.current()
    layout = Layout(current.data_dir)
    serve(
        address,
        port,
        state_path=state_path,
        allowed_hosts=allowed_hosts,
        password=luigid_password(),
        history_url=history_url(),
        log_path=log_file,
        data_root=data_root_id(layout),
        find_report=functools.partial(find_report, layout),
        find_overdue=overdue_finder(layout, current.config_dir / "crontab"),
    )


def find_report(layout: Layout, address: str) -> tuple[Path, str] | None:
    """Return the file of a page, and the sentence for where it is not there."""
    report = reports.at(layout, address)
    return (report.file, report.absent(clock.today())) if report else None


def overdue_finder(layout: Layout, crontab: Path) -> Callable[[], set[str]]:
    """Return the function by which luigid finds the root tasks that are overdue."""

    @functools.lru_cache(maxsize=1)
    def schedules(_period: int) -> overdue.Schedules:
        return installed.schedules(crontab)

    def find() -> set[str]:
        now = schedules(int(clock.monotonic() // _SCHEDULE_SECONDS))
        return {due.root.family for due in overdue.overdue(layout, now, clock.now())}

    return find
