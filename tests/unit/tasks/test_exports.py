"""The Parquet export: what it requires, and what TMDB's movies may be exported for."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY
from support.optional_packages import require_pyarrow

import pipeline
from pipeline.errors import DataError, SettingsError

require_pyarrow()

SUNDAY = datetime.date(2024, 1, 7)


@pytest.fixture(autouse=True)
def real_root(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root of TMDB's movies."""
    data_dir.mkdir()
    identity = {"source": "tmdb", "language": "ko-KR", "region": "KR"}
    (data_dir / "root.json").write_text(json.dumps(identity), encoding="utf-8")
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    return data_dir


def required() -> str:
    return str(pipeline.ExportDay(date=SUNDAY).requires().task_family)


@pytest.mark.parametrize("purpose", ["analysis", "ml-agreement"])
def test_tmdb_s_movies_are_exported_for_a_purpose_that_is_stated(
    purpose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_EXPORT", purpose)
    assert required() == "DailySummary"


@pytest.mark.parametrize("purpose", ["", "demo", "yes", "Analysis", "ml"])
@pytest.mark.parametrize("has_root", [True, False])
def test_any_other_purpose_is_refused_with_the_terms(
    purpose: str, has_root: bool, real_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_EXPORT", purpose)
    if not has_root:
        (real_root / "root.json").unlink()
    with pytest.raises(SettingsError) as refused:
        required()
    for term in ("non-commercial", "no machine learning or AI without an agreement", "six months"):
        assert term in str(refused.value)


def test_made_up_movies_need_no_purpose(real_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    (real_root / "root.json").unlink()
    assert required() == "DailySummary"


def test_a_date_without_lists_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_EXPORT", "analysis")
    with pytest.raises(DataError, match="no list of 2024-01-07 any more: collect it first"):
        pipeline.ExportWeek(date=SUNDAY).run()
