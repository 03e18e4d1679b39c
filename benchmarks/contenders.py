"""What `suite.py` runs side by side: the pipeline, and what one could write instead.

Each contender is a whole process that starts from nothing. `WEEK` does the week's 140 requests,
`DAYS` those of one day and of thirty, and `AGAIN` finds everything done.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from report import REPOSITORY

SUBJECTS = Path(__file__).parent / "subjects"
BENCH = REPOSITORY / ".bench"
"""Where packages of others are installed, each in a folder of its own; git ignores it."""

AIOHTTP = "aiohttp>=3.11,<4"
TODAY = datetime.date.today()
OF_TODAY = ["--date", str(TODAY), "--local-scheduler"]
DAYS_OF_A_MONTH = 30
REQUESTS_OF_A_WEEK, REQUESTS_OF_A_DAY = 140, 6
TASKS_OF_A_WEEK = 11


class NotThere(Exception):
    """A contender cannot run here; the text says why."""


@dataclass(frozen=True)
class Beside:
    """The arguments of a contender, and the processes that run beside it, by their roots."""

    words: list[str] = field(default_factory=list)
    processes: dict[str, int] = field(default_factory=dict)


@contextlib.contextmanager
def nothing(_data_root: Path) -> Iterator[Beside]:
    """Run nothing beside it."""
    yield Beside()


@dataclass(frozen=True)
class Contender:
    """One command. `requests` are those that have to be answered for the work to be done.

    Where there are none, the command is run once before, and is measured doing it again.
    `command` is asked for when it is needed and may raise NotThere.
    """

    name: str
    command: Callable[[], list[str]]
    requests: int = REQUESTS_OF_A_WEEK
    environment: dict[str, str] = field(default_factory=dict)
    beside: Callable[[Path], contextlib.AbstractContextManager[Beside]] = nothing
    is_optional: bool = False
    """Whether a failure only means that it is left out."""


def ours(task: str, *options: str) -> Callable[[], list[str]]:
    """Return the pipeline's command for today, without a luigid unless the options name one."""
    luigi = str(Path(sys.executable).with_name("luigi"))
    return lambda: [luigi, "--module", "pipeline", task, *options]


def script(name: str) -> Callable[[], list[str]]:
    """Return the command of a script among the subjects."""
    return lambda: [sys.executable, str(SUBJECTS / name)]


def naive(*options: str) -> Callable[[], list[str]]:
    """Return the command of the luigi module among the subjects, by stock luigi."""
    command = [sys.executable, "-m", "luigi", "--module", "naive", "Week", *OF_TODAY, *options]
    return lambda: command


@functools.cache
def aiohttp_client() -> list[str]:
    """Return the command of the aiohttp client, in an environment made for it."""
    home = BENCH / "aiohttp"
    python = home / "bin" / "python"
    if not _has_aiohttp(python):
        BENCH.mkdir(exist_ok=True)
        (BENCH / ".gitignore").write_text("*\n")
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        for command in ([sys.executable, "-m", "venv", str(home)], [*pip, AIOHTTP]):
            if subprocess.run(command, stderr=subprocess.DEVNULL, timeout=300).returncode:
                raise NotThere("aiohttp could not be installed")
    return [str(python), str(SUBJECTS / "bare_async.py")]


def _has_aiohttp(python: Path) -> bool:
    asked = [str(python), "-c", "import aiohttp"]
    return python.exists() and not subprocess.run(asked, stderr=subprocess.DEVNULL).returncode


@contextlib.contextmanager
def luigid_with_history(data_root: Path) -> Iterator[Beside]:
    """Run our luigid for a data root, on a new database; the whole week has to be in it at the end.

    The PostgreSQL is the tests' own, from a wheel. It is started here and has nothing else to do.
    """
    sys.path.insert(0, str(REPOSITORY / "tests"))
    try:
        from support.luigid_process import our_luigid
        from support.postgres import running_postgres
    except ImportError as error:
        raise NotThere(f"{error.name} is missing: pip install -e '.[test]'") from None
    finally:
        sys.path.pop(0)
    configuration = (REPOSITORY / "luigi.cfg").read_text(encoding="utf-8")
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        database = postgres.new_database()
        url = postgres.url(database)
        with our_luigid(
            Path(folder), configuration=configuration, PIPELINE_HISTORY_URL=url,
            PIPELINE_DATA_DIR=str(data_root),
        ) as luigid:  # fmt: skip
            postmaster = int((postgres.data / "postmaster.pid").read_text().split()[0])
            processes = {"luigid": luigid.process.pid, "PostgreSQL": postmaster}
            yield Beside(["--scheduler-url", luigid.url], processes)
            luigid.stop()
        done = "SELECT count(*) FROM task_events WHERE event_name = 'DONE'"
        found = postgres.execute(done, database=database)
        if found != [(TASKS_OF_A_WEEK,)]:
            raise RuntimeError(f"The history has {found} instead of {TASKS_OF_A_WEEK} tasks.")


def _month() -> list[str]:
    start = TODAY - datetime.timedelta(days=DAYS_OF_A_MONTH - 1)
    stop = TODAY + datetime.timedelta(days=1)
    return [
        *("--of", "DailySummary", "--start", str(start), "--stop", str(stop)),
        *("--days-back", "40", "--task-limit", "100"),
    ]


NAIVE = {"PYTHONPATH": str(SUBJECTS)}

WEEK = [
    Contender("week, one worker", ours("WeeklyConsolidation", *OF_TODAY)),
    Contender("week, 4 workers", ours("WeeklyConsolidation", *OF_TODAY, "--workers", "4")),
    Contender(
        "week, luigid and history",
        ours("WeeklyConsolidation", "--date", str(TODAY)),
        beside=luigid_with_history,
    ),
    Contender("bare client, requests", script("bare.py")),
    Contender("bare client, aiohttp", aiohttp_client),
    Contender("plain script", script("serial.py")),
    Contender("plain luigi, one worker", naive(), environment=NAIVE),
    Contender("plain luigi, 9 workers", naive("--workers", "9"), environment=NAIVE),
]
DAYS = [
    Contender("day", ours("DailySummary", *OF_TODAY), REQUESTS_OF_A_DAY),
    Contender(
        "30 days, RangeDaily",
        ours("RangeDaily", *_month(), "--local-scheduler"),
        REQUESTS_OF_A_DAY * DAYS_OF_A_MONTH,
        is_optional=True,
    ),
]
AGAIN = [
    Contender("week again", ours("WeeklyConsolidation", *OF_TODAY), requests=0),
    Contender("plain luigi again", naive(), requests=0, environment=NAIVE),
    Contender(
        "import luigi.cmdline",
        lambda: [sys.executable, "-c", "import luigi.cmdline"],
        requests=0,
    ),
]
