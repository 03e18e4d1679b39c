"""What all tests share: a clean environment, and markers that follow from the folders."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.repository import RECORDINGS, TESTS
from support.settings_cache import clear_settings_cache

from pipeline import identity
from pipeline.runtime import luigi_setup

pytest_plugins = [
    "support.luigi_runs",
    "support.moved_clock",
    "support.operate",
    "support.postgres",
    "support.rates",
    "support.receivers",
    "support.schedules",
    "support.sixty_days",
    "support.transports",
    "support.commands",
]

_OURS = ("TMDB_", "PIPELINE_", "LUIGI_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def pytest_configure(config: pytest.Config) -> None:
    """Register a marker for each folder of tests, and make runs end by SIGINT and SIGHUP.

    A signal that this process ignores (in a background job, under nohup) would be ignored by the
    runs too. A handler is not inherited by them, and this process goes on ignoring the signal.
    luigi is prepared as by our commands: `import pipeline` does not do that.
    """
    luigi_setup.configure()
    luigi_setup.install()
    for folder in TESTS.iterdir():
        config.addinivalue_line("markers", f"{folder.name}: the tests in tests/{folder.name}")
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the name of its folder: unit, process, luigid, postgres or docs."""
    for item in items:
        item.add_marker(item.path.relative_to(TESTS).parts[0])


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Run each test in an empty folder of its own, with none of our variables set."""
    for name in [name for name in os.environ if name.startswith(_OURS) or name in _PROXIES]:
        monkeypatch.delenv(name)
    working_folder = tmp_path / "work"
    temporary = tmp_path / "tmp"
    working_folder.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(working_folder)
    monkeypatch.setattr(identity, "_refuses", True)
    clear_settings_cache()
    return working_folder


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data root that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of genuine TMDB responses; the test skips, saying so, where it is missing."""
    if not RECORDINGS.is_dir():
        pytest.skip("the genuine recordings are not beside this checkout (../shared/recordings)")
    return RECORDINGS
