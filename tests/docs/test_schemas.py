"""docs/reference/schemas follows from the types, and documents and examples are of these types."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.document_types import FOLDER, SCHEMAS, WeekMovie, schema_text, unknown_keys
from support.luigi_runs import LuigiRun
from support.optional_packages import require_pyarrow
from support.repository import REPOSITORY
from trials.plans import small_plan

FILES = (REPOSITORY / "docs/files.md").read_text(encoding="utf-8")
EXAMPLES = dict(
    zip(
        ("collection", "validation_report", "daily_summary", "consolidated_week", "run_record"),
        re.findall(r"^```json\n(.*?)^```$", FILES, flags=re.MULTILINE | re.DOTALL),
        strict=True,
    )
)
FOLDERS = {
    "collection": "raw/movies/*/*.json",
    "validation_report": "raw/metadata/quality_reports/*.json",
    "daily_summary": "raw/metadata/daily_summaries/*.json",
    "consolidated_week": "processed/weekly/*.json",
    "root": "root.json",
    "run_record": "logs/runs.jsonl",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_follows_from_its_type(name: str) -> None:
    """`python -m support.document_types --write`, in tests/, writes them."""
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == schema_text(name)


def test_the_list_of_schemas_is_complete() -> None:
    listed = re.findall(r"\]\((\w+)\.json\)", (FOLDER / "README.md").read_text(encoding="utf-8"))

    assert listed == list(SCHEMAS)
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCHEMAS)


def test_every_document_of_a_run_is_of_its_type_and_has_no_other_key(
    luigi_run: LuigiRun, data_dir: Path, tmp_path: Path
) -> None:
    plan = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": str(small_plan(tmp_path / "config"))}
    today = datetime.date(2026, 11, 29)
    for date in (today - datetime.timedelta(days=1), today):
        assert luigi_run("DailySummary", "--date", str(date), **plan).status == 0
    assert luigi_run("WeeklyConsolidation", "--date", str(today), **plan).status == 0

    for name, pattern in FOLDERS.items():
        paths = sorted(data_dir.glob(pattern))
        assert paths, name
        for path in paths:
            for document in documents(path):
                assert unknown_keys(document, SCHEMAS[name][0]) == [], path


def documents(path: Path) -> list[Any]:
    text = path.read_text(encoding="utf-8")
    return [json.loads(each) for each in (text.splitlines() if path.suffix == ".jsonl" else [text])]


def test_a_key_that_a_type_lacks_is_found() -> None:
    document = {"source": "demo", "language": "ko-KR", "region": "KR", "colour": "red"}
    assert unknown_keys(document, SCHEMAS["root"][0]) == [".colour"]
    with pytest.raises(msgspec.ValidationError):
        unknown_keys({**document, "source": "elsewhere"}, SCHEMAS["root"][0])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_of_its_type(name: str) -> None:
    example = json.loads(EXAMPLES[name])
    if name == "daily_summary":  # whose report is an example of its own
        example["quality_summary"] = json.loads(EXAMPLES["validation_report"])

    assert unknown_keys(example, SCHEMAS[name][0]) == []


def test_the_table_of_the_export_has_its_columns_and_which_are_never_null() -> None:
    require_pyarrow()
    from pipeline.warehouse.parquet import ARROW_SCHEMA

    section = FILES.split("\n## The Parquet export\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", section, flags=re.MULTILINE)

    assert [(name, "never null" not in kind) for name, kind in rows] == [
        (field.name, field.nullable) for field in ARROW_SCHEMA
    ]


def test_the_example_of_the_readme_is_a_movie_of_the_week() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```json\n(.*?)^```$", readme, flags=re.MULTILINE | re.DOTALL)

    assert unknown_keys(json.loads(example), WeekMovie) == []
