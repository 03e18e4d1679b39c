"""The figures of the page of trends, read from PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from support.trends import assert_figures_are_those_of_the_documents

from pipeline.tmdb.credential import Secret
from pipeline.warehouse.store import Warehouse


def test_the_figures_are_those_of_the_documents_up_to_the_date(history_url: str) -> None:
    assert_figures_are_those_of_the_documents(Warehouse(Path("/nowhere"), Secret(history_url)))
