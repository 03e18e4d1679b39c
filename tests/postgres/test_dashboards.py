"""The queries of docs/how-to/dashboards.md, on a warehouse that has rows for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.postgres import Postgres
from support.repository import REPOSITORY
from support.warehouse import ALL, load

from pipeline.tmdb.credential import Secret
from pipeline.warehouse.store import Warehouse

GUIDE = (REPOSITORY / "docs/how-to/dashboards.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n-- (.+?)\n(.+?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "query", [query for _, query in QUERIES], ids=[name for name, _ in QUERIES]
)
def test_a_query_of_the_guide_has_an_answer(
    query: str, postgres: Postgres, history_database: str, history_url: str
) -> None:
    load(Warehouse(Path("/nowhere/warehouse.sqlite"), Secret(history_url)), ALL)
    shown = query.replace("$__timeFilter(date)", "date BETWEEN '2000-01-01' AND '2100-01-01'")
    assert postgres.execute(shown, database=history_database)
