"""The Parquet export by runs: read back by whatever reads Parquet, and never half of a file."""

from __future__ import annotations

import datetime
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.data_roots import DataRoots
from support.fake_tmdb import FakeTmdb
from support.luigi_runs import LuigiRun
from support.operate import Operate
from support.optional_packages import require_pyarrow

from pipeline.paths import Layout

require_pyarrow()
import pyarrow.dataset  # noqa: E402
import pyarrow.parquet  # noqa: E402

DAY = datetime.date(2024, 1, 7)
DEMO = {"TMDB_API_KEY": "demo", "TMDB_API_URL": ""}
JOBS = (("ExportDay", "2024-01-06"), ("ExportDay", str(DAY)), ("ExportWeek", str(DAY)))


@pytest.fixture(scope="session")
def exported(data_roots: DataRoots) -> Layout:
    """Two days and a week, exported."""
    return Layout(data_roots.root(*JOBS))


def movies_in(layout: Layout, pattern: str) -> list[dict[str, Any]]:
    documents = [json.loads(each.read_bytes()) for each in sorted(layout.root.glob(pattern))]
    return [movie for document in documents for movie in document["movies"]]


def test_a_file_has_every_movie_of_the_lists_of_its_date(exported: Layout) -> None:
    day = pyarrow.parquet.read_table(exported.day_export(DAY))
    week = pyarrow.parquet.read_table(exported.week_export(DAY))

    movies = movies_in(exported, "raw/movies/[dt]*/*_20240107.json")
    assert day.column("movie_id").to_pylist() == [each["id"] for each in movies]
    assert day.column("vote_count").to_pylist() == [each["vote_count"] for each in movies]
    assert set(week.column("list").to_pylist()) >= {"horror", "top_rated"}
    assert week.num_rows == len(movies_in(exported, "raw/movies/[gw]*/*_20240107.json"))
    assert day.schema.metadata[b"tmdb.purpose"] == b"demo"


def test_beside_the_files_are_their_schema_and_what_to_know_of_them(exported: Layout) -> None:
    schema = json.loads(exported.export_schema.read_text("utf-8"))
    names = pyarrow.parquet.read_schema(exported.day_export(DAY)).names
    assert [each["name"] for each in schema["fields"]] == names
    assert 'timestamp_field="collected_at"' in exported.export_readme.read_text("utf-8")
    names = sorted(path.name for path in exported.exported_entries.parent.iterdir())
    assert names == ["README", "entries", "schema.json"]


def rows_by_pyarrow(entries: Path) -> list[tuple[Any, ...]]:
    table = pyarrow.dataset.dataset(entries, partitioning="hive").to_table()
    return [(each["day"], each["date"], each["movie_id"]) for each in table.to_pylist()]


def rows_by_pandas(entries: Path) -> list[tuple[Any, ...]]:
    frame = pytest.importorskip("pandas").read_parquet(entries)
    return [*frame[["day", "date", "movie_id"]].itertuples(index=False, name=None)]


def rows_by_polars(entries: Path) -> list[tuple[Any, ...]]:
    polars = pytest.importorskip("polars")
    frame = polars.read_parquet(entries / "*/*.parquet", hive_partitioning=True)
    return list(frame.select("day", "date", "movie_id").rows())


def rows_by_duckdb(entries: Path) -> list[tuple[Any, ...]]:
    duckdb = pytest.importorskip("duckdb")
    query = f"SELECT day, date, movie_id FROM '{entries}/*/*.parquet'"
    return list(duckdb.sql(query).fetchall())


@pytest.mark.parametrize("read", [rows_by_pyarrow, rows_by_pandas, rows_by_polars, rows_by_duckdb])
def test_all_files_are_read_at_once(exported: Layout, read: Any) -> None:
    """With the folder `day=` as a further column, beside the column `date`."""
    expected = sorted(
        (path.parent.name.removeprefix("day="), str(row["date"]), row["movie_id"])
        for path in exported.exported_entries.glob("*/*.parquet")
        for row in pyarrow.parquet.read_table(path, partitioning=None).to_pylist()
    )
    found = sorted(
        (str(day), str(date), movie) for day, date, movie in read(exported.exported_entries)
    )
    assert found == expected
    assert len(found) > 100


def test_a_range_exports_what_is_missing(
    exported: Layout, data_dir: Path, luigi_run: LuigiRun, data_roots: DataRoots
) -> None:
    shutil.copytree(exported.root, data_dir)
    layout = Layout(data_dir)
    first = layout.day_export(DAY - datetime.timedelta(days=1))
    content = first.read_bytes()
    first.unlink()
    layout.day_export(DAY).write_bytes(b"stays")

    done = luigi_run(
        "RangeDaily", "--of", "ExportDay", "--start", "2024-01-06", "--stop", "2024-01-08",
        PIPELINE_CONFIG_DIR=str(data_roots.small_plan), **DEMO,
    )  # fmt: skip

    assert done.status == 0, done.output
    assert first.read_bytes() == content, "the same lists are the same bytes"
    assert layout.day_export(DAY).read_bytes() == b"stays"


def test_a_list_that_came_into_the_plan_later_is_not_collected_for_an_export(
    exported: Layout, data_dir: Path, luigi_run: LuigiRun, tmp_path: Path, data_roots: DataRoots
) -> None:
    shutil.copytree(exported.root, data_dir)
    path = Layout(data_dir).day_export(DAY)
    content = path.read_bytes()
    path.unlink()
    config = Path(shutil.copytree(data_roots.small_plan, tmp_path / "config"))
    with (config / "collection.toml").open("a", encoding="utf-8") as plan:
        plan.write(
            '\n[lists.now_playing]\nendpoint = "/movie/now_playing"\ncadence = "daily"\npages = 1\n'
        )

    done = luigi_run("ExportDay", "--date", str(DAY), PIPELINE_CONFIG_DIR=str(config), **DEMO)

    assert done.status == 0, done.output
    assert path.read_bytes() == content
    assert list(data_dir.rglob("now_playing*")) == []


def test_movies_of_tmdb_are_exported_only_for_a_purpose(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    command = ("ExportDay", "--date", str(DAY))

    refused = luigi_run(*command)

    assert refused.status == 35
    assert "PIPELINE_EXPORT" in refused.output
    assert "Traceback" not in refused.output
    assert tmdb.requests == []
    assert not Layout(data_dir).exported_entries.exists()

    done = luigi_run(*command, PIPELINE_EXPORT="analysis")

    assert done.status == 0, done.output
    stated = pyarrow.parquet.read_schema(Layout(data_dir).day_export(DAY)).metadata
    assert (stated[b"tmdb.source"], stated[b"tmdb.purpose"]) == (b"tmdb", b"analysis")


KILLED = """
import os, signal, sys
os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from pipeline.luigi_cli import luigi
luigi()
"""


def test_a_killed_export_leaves_no_file_and_the_next_run_makes_it(
    exported: Layout, data_dir: Path, luigi_run: LuigiRun, environment: dict[str, str],
    data_roots: DataRoots, clean_environment: Path,
) -> None:  # fmt: skip
    shutil.copytree(exported.root, data_dir)
    path = Layout(data_dir).day_export(DAY)
    content = path.read_bytes()
    path.unlink()
    variables = {"PIPELINE_CONFIG_DIR": str(data_roots.small_plan), **DEMO}
    words = ("--module", "pipeline", "ExportDay", "--date", str(DAY), "--local-scheduler")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *words], env={**environment, **variables},
        cwd=clean_environment, capture_output=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert not path.exists()

    done = luigi_run(*words[2:-1], **variables)

    assert done.status == 0, done.output
    assert path.read_bytes() == content


LOADED = """
import sys
from pipeline.luigi_cli import luigi
try:
    luigi()
finally:
    print("pyarrow" in sys.modules)
"""


@pytest.mark.parametrize(("task", "is_loaded"), [("DailySummary", False), ("ExportDay", True)])
def test_only_a_run_that_exports_imports_pyarrow(
    task: str, is_loaded: bool, environment: dict[str, str], clean_environment: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "--module", "pipeline", task, "--date", str(DAY),
         "--local-scheduler"],
        env={**environment, **DEMO}, cwd=clean_environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == str(is_loaded)


def test_a_list_that_is_made_again_is_exported_again(
    exported: Layout, data_dir: Path, operate: Operate, data_roots: DataRoots
) -> None:
    shutil.copytree(exported.root, data_dir)
    layout = Layout(data_dir)
    variables = {"PIPELINE_CONFIG_DIR": str(data_roots.small_plan), **DEMO}
    before = pyarrow.parquet.read_table(layout.day_export(DAY)).column("collected_at")[0].as_py()

    done = operate("redo", "PopularMovies", str(DAY), "--late", "--yes", **variables)

    assert done.status == 0, done.output
    after = pyarrow.parquet.read_table(layout.day_export(DAY)).column("collected_at")[0].as_py()
    assert after > before
    (kept,) = layout.root.glob("superseded/*/exports/v1/entries/day=2024-01-07/day.parquet")
    assert kept.read_bytes() == exported.day_export(DAY).read_bytes()


def test_where_nothing_is_exported_a_redo_exports_nothing(
    data_dir: Path, operate: Operate, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, ("DailySummary", str(DAY)))
    variables = {"PIPELINE_CONFIG_DIR": str(data_roots.small_plan), **DEMO}
    planned = operate("redo", "DailySummary", str(DAY), "--dry-run", **variables)
    assert planned.status == 0, planned.output
    assert "parquet" not in planned.output
