"""The SQL of a restore and of a rehearsal."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest
from support.repository import REPOSITORY

from pipeline.ops import backup
from pipeline.ops.history.schema import TABLE_NAMES

FILES = sorted(Path(str(backup.__file__)).parent.glob("*.sql"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_table_of_the_history_is_in_the_sql(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [name for name in TABLE_NAMES if name not in text] == []


def test_the_sql_is_part_of_the_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    assert [path.name for path in FILES] == ["rehearse.sql", "restore.sql"]
    assert setup["options.package_data"]["pipeline.ops.backup"] == "*.sql"
