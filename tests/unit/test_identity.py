"""A data root has one source, language and region: what binds it, and what is refused in it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from support.lists import list_path
from support.stored_documents import relabel

from pipeline import identity
from pipeline.errors import DataError, OtherIdentity
from pipeline.paths import Layout
from pipeline.storage import documents

DAY = datetime.date(2024, 1, 7)
BEFORE = datetime.date(2024, 1, 6)
KOREAN = {"source": "demo", "language": "ko-KR", "region": "KR"}
REAL = {**KOREAN, "source": "tmdb"}
ENGLISH = {**KOREAN, "language": "en-US"}
SERVER = "http://127.0.0.1:8000/3"


@pytest.fixture
def layout(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """An empty data root, asked for in Korean and without a key of TMDB."""
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    return Layout(data_dir)


def a_list(**info: str) -> dict[str, Any]:
    collected_at = {"collected_at": "2024-01-07T02:00:00+00:00", "total_collected": 0}
    return {"movies": [], "collection_info": {**collected_at, **info}}


def collect(layout: Layout, date: datetime.date = DAY, **info: str) -> Path:
    """Publish a list of the day as the collection does."""
    path = list_path(layout, "popular", date)
    identity.publish_list(layout, path, a_list(**(KOREAN | info)))
    return path


def stated(layout: Layout) -> Any:
    return json.loads(layout.identity.read_bytes())


# What binds


def test_the_first_list_binds_the_data_root_and_the_next_changes_nothing(layout: Layout) -> None:
    collect(layout)
    before = layout.identity.stat().st_mtime_ns
    collect(layout, BEFORE)
    assert stated(layout) == KOREAN
    assert layout.identity.stat().st_mtime_ns == before


def test_a_list_of_another_identity_is_not_published(layout: Layout) -> None:
    collect(layout)
    with pytest.raises(OtherIdentity, match="belongs to demo, ko-KR, KR, and the settings ask for"):
        collect(layout, BEFORE, language="en-US")
    assert not list_path(layout, "popular", BEFORE).exists()
    assert stated(layout) == KOREAN


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b'{"source": "demo"}', b"\xff", b'{"source": 5, "language": [], '
     b'"region": {}}'],
)  # fmt: skip
def test_a_missing_or_damaged_root_json_is_rebuilt_from_the_lists(
    layout: Layout, content: bytes | None
) -> None:
    collect(layout)
    layout.identity.unlink()
    if content is not None:
        layout.identity.write_bytes(content)
    identity.refuse_other_identity()
    assert stated(layout) == KOREAN


def test_the_list_that_was_collected_last_says_what_a_root_of_an_older_version_is(
    layout: Layout,
) -> None:
    relabel(collect(layout, BEFORE), language="en-US", collected_at="2024-01-06T02:00:00+00:00")
    collect(layout)
    trending = list_path(layout, "trending", BEFORE)
    documents.publish(trending, a_list(**ENGLISH, collected_at="2023-12-31T02:00:00+00:00"))
    layout.identity.unlink()
    identity.write_if_missing(layout)
    assert stated(layout) == KOREAN


def test_lists_that_say_nothing_bind_nothing(layout: Layout) -> None:
    documents.publish(list_path(layout, "popular", DAY), {"movies": [], "collection_info": {}})
    identity.write_if_missing(layout)
    assert identity.bound_identity(layout) is None
    assert not layout.identity.exists()


# What is refused


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TMDB_LANGUAGE", "en-US"), ("TMDB_REGION", "US"), ("TMDB_API_KEY", "0" * 32)],
)
@pytest.mark.parametrize("is_there", [True, False], ids=["root.json", "lists alone"])
def test_settings_of_another_identity_are_refused_with_the_way_back(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, is_there: bool
) -> None:
    collect(layout)
    if not is_there:
        layout.identity.unlink()
    monkeypatch.setenv(variable, value)
    with pytest.raises(OtherIdentity) as refused:
        identity.refuse_other_identity()
    assert str(refused.value).endswith(
        "set PIPELINE_DATA_DIR to another folder, or TMDB_LANGUAGE=ko-KR, TMDB_REGION=KR and "
        "TMDB_API_KEY=demo to go on with this one."
    )
    assert identity.warning() == str(refused.value)
    identity.only_read()
    identity.refuse_other_identity()


def test_a_real_root_is_refused_to_the_demo_catalogue(layout: Layout) -> None:
    collect(layout, source="tmdb")
    with pytest.raises(OtherIdentity, match="TMDB_API_KEY=a key of TMDB to go on"):
        identity.refuse_other_identity()


def test_the_same_identity_is_neither_refused_nor_warned_of(layout: Layout) -> None:
    assert identity.warning() is None
    identity.refuse_other_identity()
    collect(layout)
    identity.refuse_other_identity()
    assert identity.warning() is None
    layout.identity.unlink()
    assert identity.warning() is None


def test_without_a_key_the_source_is_not_asked_for(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(layout, source="tmdb")
    monkeypatch.delenv("TMDB_API_KEY")
    identity.refuse_other_identity()
    assert identity.warning() is None


def test_a_demo_server_in_the_place_of_tmdb_makes_a_demo_root(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "0" * 32)
    monkeypatch.setenv("TMDB_API_URL", SERVER)
    collect(layout)
    assert stated(layout) == {**KOREAN, "api_url": SERVER}
    identity.refuse_other_identity()
    monkeypatch.delenv("TMDB_API_URL")
    with pytest.raises(OtherIdentity):
        identity.refuse_other_identity()


def test_a_root_json_that_cannot_be_written_does_not_stop_a_run(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(layout)
    layout.identity.unlink()
    layout.identity.mkdir()
    identity.refuse_other_identity()
    monkeypatch.setenv("TMDB_LANGUAGE", "en-US")
    with pytest.raises(OtherIdentity):
        identity.refuse_other_identity()


# Documents of another identity


def test_a_document_of_another_identity_is_named(layout: Layout) -> None:
    path = collect(layout)
    identity.refuse_foreign(path, KOREAN)
    with pytest.raises(DataError, match="is of demo, en-US, KR, and its data root is not"):
        identity.refuse_foreign(path, ENGLISH)


def test_documents_are_compared_with_the_root_whatever_the_settings(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = collect(layout)
    monkeypatch.setenv("TMDB_LANGUAGE", "en-US")
    identity.refuse_foreign(path, KOREAN)


def test_a_report_is_ours_in_all_that_it_states(layout: Layout) -> None:
    collect(layout)
    assert identity.is_ours(dict(KOREAN))
    assert identity.is_ours({"source": "demo"})
    assert not identity.is_ours(dict(ENGLISH))
