"""`tmdb-pipeline luigid`: the hardened luigid in the foreground."""

import functools
from pathlib import Path
from typing import Any

import click

from pipeline import clock, settings
from pipeline.documents.run_record import Entry
from pipeline.ops import reports
from pipeline.ops.luigid.serve import serve
from pipeline.ops.runs import record
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.settings import history_url, luigid_password
from pipeline.roots import ROOTS
from pipeline.runtime import luigi_configuration
from pipeline.storage.data_root_id import data_root_id


@click.command("luigid")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8082, show_default=True,
              help="0: a free one.")  # fmt: skip
@click.option("--state-path", type=click.Path(dir_okay=False, path_type=Path),
              help="Its memory between two starts.  [default: below the data root]")  # fmt: skip
@click.option("--allow-host", "allowed_hosts", multiple=True, metavar="NAME",
              help="A host name besides localhost by which it is reached; repeatable.")  # fmt: skip
@click.option("--log-file", "log_path", type=click.Path(path_type=Path, dir_okay=False),
              help="A log that is rotated by size.  [default: standard error]")  # fmt: skip
def command(address: str, port: int, **options: Any) -> None:
    """Run the hardened luigid in the foreground until SIGTERM or Ctrl-C."""
    luigi_configuration.refuse_unusable()
    current = settings.current()
    layout = current.layout

    @functools.lru_cache(maxsize=1)  # for ten minutes: reading schedules starts other programs
    def schedules(_period: int) -> overdue.Schedules:
        return installed.schedules(current.config_dir / "crontab")

    @functools.lru_cache(maxsize=1)  # until the record grows: to read it all takes 0.1 s
    def last_ended(_size: int) -> list[Entry]:
        return record.last_ended(layout)

    def find_runs() -> dict[str, dict[str, float | None]]:
        due = overdue.overdue(layout, schedules(int(clock.monotonic() // 600)), clock.now())
        runs = last_ended(layout.run_record.exists() and layout.run_record.stat().st_size)
        return {
            "overdue": {name: int(name in [each.root.family for each in due]) for name in ROOTS},
            "last_run_status": {run.task: run.status for run in runs},
            "last_run_seconds": {run.task: run.seconds for run in runs},
            "last_run_end_timestamp_seconds": {run.task: run.at.timestamp() for run in runs},
        }

    def find_report(page: str) -> tuple[Path, str] | None:
        report = reports.at(layout, page)
        return (report.file, report.absent(clock.now())) if report else None

    serve(address, port, data_root=data_root_id(layout), password=luigid_password(),
          history_url=history_url(), find_report=find_report, find_runs=find_runs,
          **options)  # fmt: skip
