"""The warehouse, the page of trends and the export of documents in a bucket."""

from __future__ import annotations

import datetime
from pathlib import Path

from support.bucket_roots import SECOND
from support.luigi_runs import installed, run_command
from support.moved_clock import SetClock
from support.operate import Operate, document
from support.optional_packages import require_pyarrow

from pipeline import clock
from pipeline.paths import Layout
from pipeline.storage import documents
from pipeline.storage.documents import storage_of


def test_loads_trends_and_exports_are_made_and_pruned(
    command: Operate, operator_environment: dict[str, str], layout: Layout, set_clock: SetClock,
    tmp_path: Path,
) -> None:  # fmt: skip
    require_pyarrow()
    words = [installed("luigi"), "--module", "pipeline"]
    for task in ("ExportDay", "ExportWeek", "LoadWarehouse", "TrendsPage", "LoadWarehouse"):
        options = [task, "--date", str(SECOND), "--local-scheduler"]
        run = run_command([*words, *options], operator_environment, tmp_path)
        assert run.status == 0, run.output
    assert layout.warehouse.is_relative_to(layout.work)
    assert documents.exists(layout.trends_page(SECOND))
    content = storage_of(layout.root).read(layout.day_export(SECOND))
    assert content[:4] == content[-4:] == b"PAR1"

    genres = command("query", "genres", "--runtime", "host", "--since", str(SECOND), "--json")
    assert genres.status == 0, genres.output
    assert document(genres)["rows"]

    later = clock.today() + datetime.timedelta(days=200)
    set_clock(f"{later}T12:00:00")
    pruned = command("prune", "--yes", "--json")
    assert pruned.status == 0, pruned.output
    assert not documents.exists(layout.trends_page(SECOND))
    assert not documents.exists(layout.day_export(SECOND))
    assert document(pruned)["warehouse_rows"] > 0
