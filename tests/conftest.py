"""What all tests share: a clean environment, the fake TMDB, real luigi runs, the recordings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_tmdb import FakeTmdb

REPOSITORY = Path(__file__).parent.parent
RECORDINGS = REPOSITORY.parent / "shared" / "recordings"

V3_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
"""The key that the fake accepts; looked for wherever it must not appear."""

_OURS = ("TMDB_", "PIPELINE_", "LUIGI_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def pytest_configure() -> None:
    """Have the runs hear Ctrl-C and a closed terminal: what `&` and nohup ignore is handed down.

    A handler is not, so that this process goes on ignoring them.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


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
    return working_folder


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data root that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def tmdb() -> Iterator[FakeTmdb]:
    """A fake TMDB that knows one key, without limit or latency."""
    with FakeTmdb(key=V3_KEY, limit=None) as server:
        yield server


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of genuine TMDB answers; the test skips, saying so, where it is not there."""
    if not RECORDINGS.is_dir():
        pytest.skip("the genuine recordings are not beside this checkout (../shared/recordings)")
    return RECORDINGS


@dataclass(frozen=True)
class Run:
    """How a run of luigi ended."""

    status: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """All it printed."""
        return self.out + self.err


LuigiRun = Callable[..., Run]


@pytest.fixture
def environment(data_dir: Path, tmdb: FakeTmdb) -> dict[str, str]:
    """The variables of a run against the fake; change a copy for what a test is about."""
    return {
        **os.environ,
        "TMDB_API_KEY": V3_KEY,
        "TMDB_API_URL": tmdb.url,
        "TMDB_REQUESTS_PER_SECOND": "1000",
        "TMDB_MAX_RETRIES": "1",
        "PIPELINE_DATA_DIR": str(data_dir),
        "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
        "PYTHONWARNINGS": "default",
    }


@pytest.fixture
def luigi_run(environment: dict[str, str], clean_environment: Path) -> LuigiRun:
    """Run `luigi --module pipeline ARGS --local-scheduler` as a user would, in its own process.

    `variables` are set on top of `environment`; one of None is removed.
    """

    def run(
        *arguments: str, local: bool = True, cwd: Path = clean_environment, **variables: str | None
    ) -> Run:
        changed = {**environment, **variables}
        done = subprocess.run(
            luigi_command(*arguments, *(["--local-scheduler"] if local else [])),
            env={name: value for name, value in changed.items() if value is not None},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run


def luigi_command(*arguments: str) -> list[str]:
    """The installed `luigi` command of the environment the tests run in."""
    return [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline", *arguments]
