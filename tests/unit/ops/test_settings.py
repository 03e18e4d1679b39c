"""Settings that no run needs: each is checked by the command that uses it."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.settings_cache import clear_settings_cache

from pipeline import clock, settings
from pipeline.errors import SettingsError
from pipeline.ops import configuration
from pipeline.ops import settings as ops_settings
from pipeline.paths import Layout
from pipeline.tmdb.credential import Secret

DOTENV = Path(".env")


def test_the_history_is_named_with_the_driver_that_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ops_settings.history_url() is None
    monkeypatch.setenv("PIPELINE_HISTORY_URL", "postgresql://luigi:pass%40word1@db:5432/luigi")
    assert ops_settings.history_url() == Secret(
        "postgresql+psycopg2://luigi:pass%40word1@db:5432/luigi"
    )


@pytest.mark.parametrize(
    "value",
    [
        *("sqlite:///x.db", "luigi", "mysql://luigi@db/luigi"),
        "postgresql://luigi@db/\udcff",  # a byte of the environment that is no UTF-8
    ],
)
def test_a_history_that_is_not_postgresql_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """By who uses it: no list waits for it."""
    monkeypatch.setenv("PIPELINE_HISTORY_URL", value)

    settings.current()
    with pytest.raises(SettingsError, match="PIPELINE_HISTORY_URL has to be like "):
        ops_settings.history_url()


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("", None),
        ("sqlite", None),
        ("postgres://warehouse@db/luigi", Secret("postgresql+psycopg2://warehouse@db/luigi")),
    ],
)
def test_the_warehouse_is_a_file_unless_a_postgresql_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str, url: Secret | None
) -> None:
    monkeypatch.setenv("PIPELINE_WAREHOUSE_URL", value)
    assert settings.warehouse_url() == url


def test_another_warehouse_is_refused_by_who_uses_it_and_by_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIPELINE_WAREHOUSE_URL", "sqlite:///x.db")
    settings.current()
    with pytest.raises(SettingsError, match="PIPELINE_WAREHOUSE_URL has to be like ") as caught:
        settings.warehouse_url()
    assert str(caught.value) in configuration.problems()


def test_another_format_of_logs_is_refused_by_who_checks_and_keeps_no_run_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIPELINE_LOG_FORMAT", "xml")
    assert settings.current().log_format == "text"
    [mistake] = ops_settings.mistakes()
    assert mistake.startswith("PIPELINE_LOG_FORMAT has to be text or json")


# The data of the demo catalogue, for commands that only read


@pytest.fixture
def without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variable after the test, which the tested function sets."""
    monkeypatch.setenv("PIPELINE_DATA_DIR", "")


@pytest.mark.usefixtures("without_key")
def test_without_a_key_the_data_of_the_demo_catalogue_is_read() -> None:
    usual, demo = Path("data").absolute(), Path(settings.DEMO_DATA_DIR).absolute()
    assert ops_settings.read_demo_data() is None, "there is none"
    demo.mkdir()
    assert ops_settings.read_demo_data() == (usual, demo)
    assert settings.current().data_dir == demo


@pytest.mark.usefixtures("without_key")
@pytest.mark.parametrize("reason", ["a key", "a data root", "documents", "luigid"])
def test_the_data_of_the_demo_catalogue_stands_for_no_other(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(settings.DEMO_DATA_DIR).mkdir()
    usual = Layout(Path("data").absolute())
    if reason == "a key":
        monkeypatch.setenv("TMDB_API_KEY", "0" * 32)
    elif reason == "a data root":
        monkeypatch.setenv("PIPELINE_DATA_DIR", os.fspath(usual.root))
    elif reason == "documents":
        usual.documents.mkdir(parents=True)
    else:
        usual.luigid_pid.parent.mkdir(parents=True, exist_ok=True)
        usual.luigid_pid.write_text("1")
    assert ops_settings.read_demo_data() is None
    assert settings.current().data_dir == usual.root


# What is known whatever else is wrong


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("PIPELINE_ALERT_URL", ops_settings.alert_url),
        ("PIPELINE_HEARTBEAT_URL", ops_settings.heartbeat_url),
        ("PIPELINE_LUIGID_PASSWORD", ops_settings.luigid_password),
    ],
)
def test_a_secret_is_known_whatever_else_is_wrong(
    name: str, read: Callable[[], Secret | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_REGION", "nowhere")
    assert read() is None
    DOTENV.write_text(f"{name}=of-the-file\n")
    clear_settings_cache()
    assert read() == Secret("of-the-file")
    monkeypatch.setenv(name, " of-the-environment ")
    assert read() == Secret("of-the-environment")


@pytest.fixture
def time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read the machine's own time zone again after the test."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        yield
    clock.read_time_zone()


@pytest.mark.usefixtures("time_zone")
def test_variables_are_adopted_with_their_time_zone() -> None:
    new_year = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    for zone, hours in (("Asia/Seoul", 9), ("UTC", 0)):
        ops_settings.adopt({"TZ": zone})
        midnight = new_year - datetime.timedelta(hours=hours)
        assert clock.midnight(new_year.date()) == midnight
        assert clock.local_day(midnight) == new_year.date()
        assert midnight.astimezone().hour == 0
