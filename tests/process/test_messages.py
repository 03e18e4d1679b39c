"""Faults that a user can fix: each ends in a status and one sentence, never in a traceback."""

from __future__ import annotations

import configparser
import contextlib
import datetime
import os
import pty
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.configurations import quick
from support.fake_tmdb import V3_KEY, FakeTmdb, edit, html_ok, json_body, refused, status
from support.luigi_runs import LuigiRun, Run, luigi_command
from support.ports import free_port
from support.repository import REPOSITORY

from pipeline.ops.runs import scheduler_choice

DATE = "2024-01-07"
DAILY = ("DailySummary", "--date", DATE)
WEEKLY = ("WeeklyConsolidation", "--date", DATE)
POPULAR = ("PopularMovies", "--date", DATE)

WRONG_KEY = "f" * 32
POPULAR_FILE = "raw/movies/daily/popular_movies_20240107.json"
TRENDING_FILE = "raw/movies/trending/trending_movies_20240107.json"
ACTION_FILE = "raw/movies/genre/action_20240107.json"

NOT_STARTED, FAILED, NOT_PLANNED, NOT_UNDERSTOOD = 1, 30, 35, 40
"""Exit statuses: luigi did not start; a task failed; the planning did; the command line did."""

Variables = dict[str, str | None]


@dataclass(frozen=True)
class Place:
    """Where a run takes place: a fault is put here before it starts."""

    cwd: Path
    tmp: Path
    data: Path
    tmdb: FakeTmdb


Prepare = Callable[[Place], Variables]


def variables(**changed: str | None) -> Prepare:
    return lambda place: changed


def file(name: str, content: bytes, **changed: str | None) -> Prepare:
    """A file of that content below the working folder."""

    def prepare(place: Place) -> Variables:
        path = place.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return changed

    return prepare


def folder(name: str, **changed: str | None) -> Prepare:
    """A folder where a file is expected."""

    def prepare(place: Place) -> Variables:
        (place.cwd / name).mkdir(parents=True)
        return changed

    return prepare


def collection_toml(old: str, new: str) -> Prepare:
    """The plan of this repository with one text of it changed."""
    text = (REPOSITORY / "config/collection.toml").read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new, 1).encode()
    return file("plan/collection.toml", changed, PIPELINE_CONFIG_DIR="plan")


def stored(name: str, content: bytes) -> Prepare:
    """A damaged document below the data root."""

    def prepare(place: Place) -> Variables:
        path = place.data / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        return {}

    return prepare


def answers(fault: Any, path: str = "/movie/popular") -> Prepare:
    """TMDB answers like that, always."""

    def prepare(place: Place) -> Variables:
        place.tmdb.fail(fault, path=path, times=None)
        return {"TMDB_MAX_RETRIES": "0"}

    return prepare


def data_root_below_a_file(place: Place) -> Variables:
    (place.tmp / "a_file").write_text("")
    return {"PIPELINE_DATA_DIR": str(place.tmp / "a_file/data")}


def nobody_listens(place: Place) -> Variables:
    return {"TMDB_API_URL": f"http://127.0.0.1:{free_port()}/3", "TMDB_MAX_RETRIES": "0"}


def broken_proxy(place: Place) -> Variables:
    return {
        "TMDB_API_URL": "http://tmdb.invalid/3",
        "http_proxy": f"http://127.0.0.1:{free_port()}",
        "TMDB_MAX_RETRIES": "0",
    }


def without_id(document: dict[str, Any]) -> None:
    del document["results"][3]["id"]


def day_after_tomorrow() -> str:
    return (datetime.date.today() + datetime.timedelta(days=2)).isoformat()


KEY_HINT = ("TMDB_API_KEY is not set", "https://www.themoviedb.org/settings/api", "=demo")
REDO = ("is damaged", "delete that file and run the same command again")
NOTHING: Prepare = variables()
OWN_CFG: Variables = {"LUIGI_CONFIG_PATH": None}


@dataclass(frozen=True)
class Fault:
    """A fault, and what the message has to say."""

    name: str
    arguments: tuple[str, ...]
    prepare: Prepare
    status: int
    expected: tuple[str, ...]


def bad_value(name: str, value: str, *expected: str) -> Fault:
    prepare = variables(**{name: value})
    return Fault(f"{name}={value}", POPULAR, prepare, NOT_PLANNED, (name, *expected))


def bad_date(value: str) -> Fault:
    expected = (f"{value!r} is no day of the years 1900 to 2999", "write it as YYYY-MM-DD")
    arguments = ("DailySummary", "--date", value)
    return Fault(f"date {value!r}", arguments, NOTHING, NOT_UNDERSTOOD, expected)


def damaged(name: str, content: bytes, why: str, arguments: tuple[str, ...] = DAILY) -> Fault:
    expected = (Path(name).name, why, *REDO)
    return Fault(f"{Path(name).stem}: {why}", arguments, stored(name, content), FAILED, expected)


def own_task_of_luigi(name: str) -> Fault:
    expected = (f"No task {name} is in this pipeline",)
    return Fault(f"luigi's own {name}", (name,), NOTHING, NOT_STARTED, expected)


def bad_option(section: str, option: str, value: str, *expected: str) -> Fault:
    content = f"[{section}]\n{option} ={value}\n".encode()
    expected = (option, f"[{section}]", "of luigi.cfg", *expected)
    prepare = file("luigi.cfg", content, **OWN_CFG)
    return Fault(f"{option} ={value}", POPULAR, prepare, NOT_UNDERSTOOD, expected)


FAULTS = [
    # the key
    Fault("no key, daily", DAILY, variables(TMDB_API_KEY=None), NOT_PLANNED, KEY_HINT),
    Fault("no key, weekly", WEEKLY, variables(TMDB_API_KEY=""), NOT_PLANNED, KEY_HINT),
    # the command line
    bad_date("2024-13-01"),
    bad_date("20240107"),
    bad_date("yesterday"),
    Fault(
        "the first day of all",
        ("IndexPage", "--date", "0001-01-01"),
        NOTHING,
        NOT_UNDERSTOOD,
        ("'0001-01-01' is no day of the years 1900 to 2999",),
    ),
    Fault(
        "the last day of all",
        ("DailySummary", "--date", "9999-12-31"),
        NOTHING,
        NOT_UNDERSTOOD,
        ("'9999-12-31' is no day of the years 1900 to 2999",),
    ),
    Fault(
        "workers that are no number",
        (*DAILY, "--workers", "two"),
        NOTHING,
        NOT_UNDERSTOOD,
        ("workers cannot be used", "[core] of luigi.cfg, or on the command line"),
    ),
    Fault(
        "a task that others are made of",
        ("PipelineTask", "--date", "2024-01-07"),
        NOTHING,
        NOT_PLANNED,
        ("PipelineTask is what other tasks are made of",),
    ),
    *(own_task_of_luigi(name) for name in ("Task", "WrapperTask", "RangeBase", "retcode")),
    Fault(
        "an empty date",
        ("DailySummary", "--date", ""),
        NOTHING,
        NOT_UNDERSTOOD,
        ("DailySummary needs --date", "YYYY-MM-DD"),
    ),
    Fault(
        "a future date",
        ("DailySummary", "--date", day_after_tomorrow()),
        NOTHING,
        NOT_PLANNED,
        ("lies in the future", "choose today's date"),
    ),
    Fault(
        "no date",
        ("DailySummary",),
        NOTHING,
        NOT_UNDERSTOOD,
        (
            "DailySummary needs --date (YYYY-MM-DD), as in "
            "`luigi --module pipeline DailySummary --date $(date +%F) --local-scheduler`.\n",
        ),
    ),
    Fault(
        "no genre",
        ("GenreMovies", "--date", DATE),
        NOTHING,
        NOT_UNDERSTOOD,
        ("GenreMovies needs --genre.",),
    ),
    Fault(
        "misspelt genre",
        ("GenreMovies", "--date", DATE, "--genre", "horor"),
        NOTHING,
        NOT_PLANNED,
        ("There is no genre 'horor' in config/collection.toml. Did you mean 'horror'?",),
    ),
    Fault("unknown task", ("DailySumary",), NOTHING, NOT_STARTED, ("DailySumary", "DailySummary")),
    Fault(
        "unknown module",
        ("DailySummary", "--module", "pipelin"),
        NOTHING,
        NOT_STARTED,
        ("No module named", "pipelin"),
    ),
    Fault(
        "unknown genre",
        ("GenreMovies", "--date", DATE, "--genre", "western"),
        NOTHING,
        NOT_PLANNED,
        ("'western'", "known: action, comedy"),
    ),
    # .env
    Fault(".env a folder", POPULAR, folder(".env"), NOT_PLANNED, (".env cannot be read",)),
    Fault(
        ".env not UTF-8",
        POPULAR,
        file(".env", b"TMDB_REGION=\xff\xfe\n"),
        NOT_PLANNED,
        (".env cannot be read", "not UTF-8"),
    ),
    Fault(
        ".env a broken line",
        POPULAR,
        file(".env", b"TMDB_REGION=KR\n'unfinished\n"),
        NOT_PLANNED,
        (".env, line 2", "NAME=value"),
    ),
    # luigi.cfg
    Fault(
        "luigi.cfg garbage",
        POPULAR,
        file("luigi.cfg", b"this is no configuration\n", **OWN_CFG),
        NOT_STARTED,
        ("is no luigi configuration", "luigi.cfg"),
    ),
    Fault(
        "luigi.cfg binary",
        POPULAR,
        file("luigi.cfg", b"\x7fELF\x00\xff\xfe\x80", **OWN_CFG),
        NOT_STARTED,
        ("is no luigi configuration", "luigi.cfg"),
    ),
    Fault(
        "luigi.cfg a folder",
        POPULAR,
        folder("luigi.cfg", **OWN_CFG),
        NOT_STARTED,
        ("luigi.cfg cannot be read",),
    ),
    Fault(
        "luigi.cfg not where it is said to be",
        POPULAR,
        variables(LUIGI_CONFIG_PATH="/nowhere/luigi.cfg"),
        NOT_STARTED,
        ("/nowhere/luigi.cfg cannot be read", "correct LUIGI_CONFIG_PATH"),
    ),
    Fault(
        "luigi.cfg not where it is said to be, below the working folder",
        POPULAR,
        variables(LUIGI_CONFIG_PATH="nowhere.cfg"),
        NOT_STARTED,
        ("nowhere.cfg cannot be read", "correct LUIGI_CONFIG_PATH"),
    ),
    Fault(
        "autoload_range =maybe",
        POPULAR,
        file("luigi.cfg", b"[core]\nautoload_range = maybe\n", **OWN_CFG),
        NOT_STARTED,
        ("luigi.cfg is no luigi configuration", "Not a boolean: maybe"),
    ),
    bad_option("core", "rpc_connect_timeout", "soon", "'soon'"),
    bad_option("core", "rpc_retry_wait", "1.5", "'1.5'"),
    bad_option("core", "rpc_log_retries", "maybe", "Not a boolean: maybe"),
    bad_option("core", "rpc_connect_timeout", "0", "from 0.001 to 86400"),
    bad_option("core", "rpc_retry_wait", "-1", "from 0 to 86400"),
    bad_option("worker", "ping_interval", "1e999", "from 0.001 to 86400"),
    bad_option("worker", "wait_interval", "nan", "from 0.001 to 86400"),
    bad_option("worker", "wait_jitter", "-1", "from 0 to 86400"),
    bad_option("worker", "keep_alive", "maybe", "'maybe'"),
    Fault(
        "an amount of a resource that is none",
        POPULAR,
        file("luigi.cfg", b"[resources]\ntmdb = many\n", **OWN_CFG),
        NOT_UNDERSTOOD,
        ("an amount in [resources] of luigi.cfg", "'many'"),
    ),
    # collection.toml
    Fault(
        "collection.toml missing",
        WEEKLY,
        variables(PIPELINE_CONFIG_DIR="nowhere"),
        NOT_PLANNED,
        ("nowhere/collection.toml cannot be read: No such file", "PIPELINE_CONFIG_DIR"),
    ),
    Fault(
        "collection.toml no TOML",
        WEEKLY,
        file("plan/collection.toml", b"[pages\n", PIPELINE_CONFIG_DIR="plan"),
        NOT_PLANNED,
        ("plan/collection.toml cannot be read",),
    ),
    Fault(
        "collection.toml not UTF-8",
        DAILY,
        file("plan/collection.toml", b"\xff\xfe\x00", PIPELINE_CONFIG_DIR="plan"),
        NOT_PLANNED,
        ("plan/collection.toml cannot be read",),
    ),
    Fault(
        "collection.toml a folder",
        DAILY,
        folder("plan/collection.toml", PIPELINE_CONFIG_DIR="plan"),
        NOT_PLANNED,
        ("plan/collection.toml cannot be read",),
    ),
    Fault(
        "collection.toml too many pages",
        DAILY,
        collection_toml("popular = 5", "popular = 501"),
        NOT_PLANNED,
        ("pages.popular is unusable",),
    ),
    Fault(
        "collection.toml refuses the past",
        DAILY,
        collection_toml("max_days_late = -1", "max_days_late = 3"),
        NOT_PLANNED,
        ("days past", "at most 3 (max_days_late)"),
    ),
    # variables
    bad_value("TMDB_API_KEY", "two words", "one word"),
    bad_value("TMDB_LANGUAGE", "korean", "ko-KR"),
    bad_value("TMDB_REGION", "kr", "has to be like KR"),
    bad_value("TMDB_API_URL", "ftp://example.org/3", "http or https"),
    bad_value("TMDB_REQUESTS_PER_SECOND", "nan", "from 0.1 to 1000"),
    bad_value("TMDB_MAX_RETRIES", "1.5", "a whole number from 0 to 20"),
    bad_value("PIPELINE_DATA_DIR", "gs://bucket/movies", "s3://bucket/prefix, the only kind"),
    # the disk
    Fault(
        "data root below a file",
        DAILY,
        data_root_below_a_file,
        FAILED,
        ("Cannot write", POPULAR_FILE, "run the same command again"),
    ),
    damaged(POPULAR_FILE, b'{"movies": [', "is damaged: Expecting value"),
    damaged(POPULAR_FILE, b"\xff\xfe\x00", "is damaged: "),
    damaged(TRENDING_FILE, b"[]", "it holds no JSON object"),
    damaged(TRENDING_FILE, b'{"movies": [{"id": "7"}]}', "`$.movies"),
    damaged(ACTION_FILE, b'{"movies": [{"id": 7}]}', "`collection_info`", WEEKLY),
    # the network and what comes over it
    Fault("connection refused", DAILY, nobody_listens, FAILED, ("the connection was refused",)),
    Fault("broken proxy", POPULAR, broken_proxy, FAILED, ("the proxy does not work",)),
    Fault(
        "500 for ever",
        DAILY,
        answers(status(500)),
        FAILED,
        ("did not answer /movie/popular properly in 1 attempts", "HTTP status 500"),
    ),
    Fault(
        "a web page",
        POPULAR,
        answers(html_ok()),
        FAILED,
        ("did not answer /movie/popular", "not JSON"),
    ),
    Fault(
        "no results",
        POPULAR,
        answers(edit(lambda document: document.pop("results") and None)),
        FAILED,
        ("/movie/popular, page 1", "required field `results`"),
    ),
    Fault(
        "a movie without an id",
        ("TopRatedMovies", "--date", DATE),
        answers(edit(without_id), "/movie/top_rated"),
        FAILED,
        ("/movie/top_rated, page 1", "Expected `int` - at `$.results[3].id`"),
    ),
    Fault("a list", POPULAR, answers(json_body([])), FAILED, ("page 1, is not a page of a list",)),
    Fault("404", POPULAR, answers(status(404)), FAILED, ("HTTP status 404", "cannot help")),
]


def in_plain_words(run: Run) -> None:
    """Nothing that was printed frightens a person or gives the key away."""
    assert "Traceback" not in run.output, run.output
    assert V3_KEY not in run.output
    assert WRONG_KEY not in run.output


@pytest.fixture
def place(clean_environment: Path, tmp_path: Path, data_dir: Path, tmdb: FakeTmdb) -> Place:
    return Place(cwd=clean_environment, tmp=tmp_path, data=data_dir, tmdb=tmdb)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_one_sentence_and_a_status(
    luigi_run: LuigiRun, place: Place, fault: Fault
) -> None:
    changed = fault.prepare(place)
    run = luigi_run(*fault.arguments, **changed)
    in_plain_words(run)
    assert run.status == fault.status, run.output
    for phrase in fault.expected:
        assert phrase in run.err


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("command", [DAILY, WEEKLY], ids=["daily", "weekly"])
def test_a_refused_key_is_met_once_and_stops_the_run(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path, command: tuple[str, ...], workers: int
) -> None:
    run = luigi_run(*command, "--workers", str(workers), TMDB_API_KEY=WRONG_KEY)
    in_plain_words(run)
    assert run.status == FAILED
    assert "refuses the v3 key in TMDB_API_KEY: correct it" in run.err
    assert 1 <= tmdb.count() <= workers
    assert not list(data_dir.rglob("*.json"))


def test_a_key_refused_half_way_writes_no_part_of_a_list(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    tmdb.fail(refused(), path="/movie/popular", page=3, times=None)
    run = luigi_run(*POPULAR)
    in_plain_words(run)
    assert run.status == FAILED
    assert "refuses the v3 key" in run.err
    files = [path for path in data_dir.rglob("*.json*") if path.is_file()]
    assert files == [data_dir / "logs/runs.jsonl"]


@pytest.mark.parametrize("workers", [1, 4])
def test_a_failed_list_does_not_affect_the_others(
    luigi_run: LuigiRun, place: Place, data_dir: Path, workers: int
) -> None:
    changed = answers(status(500))(place)
    run = luigi_run(*DAILY, "--workers", str(workers), **changed)
    in_plain_words(run)
    assert run.status == FAILED
    assert (data_dir / TRENDING_FILE).is_file()
    assert not (data_dir / POPULAR_FILE).exists()


@pytest.mark.parametrize(
    "name", ["no key, daily", "500 for ever", "no results", "connection refused"]
)
def test_debugging_shows_the_traceback_and_never_the_key(
    luigi_run: LuigiRun, place: Place, name: str
) -> None:
    (fault,) = [each for each in FAULTS if each.name == name]
    changed = fault.prepare(place)
    run = luigi_run(*fault.arguments, "--log-level", "DEBUG", **changed)
    assert run.status == fault.status
    assert all(phrase in run.output for phrase in fault.expected)
    assert V3_KEY not in run.output


def test_debugging_a_refused_key_does_not_show_it(luigi_run: LuigiRun) -> None:
    run = luigi_run(*DAILY, "--log-level", "DEBUG", TMDB_API_KEY=WRONG_KEY)
    assert run.status == FAILED
    assert "refuses the v3 key" in run.output
    assert WRONG_KEY not in run.output


def test_a_failed_run_never_ends_with_0_whatever_luigi_cfg_leaves_out(
    luigi_run: LuigiRun, clean_environment: Path
) -> None:
    """Luigi itself would: a luigi.cfg of one's own easily lacks [retcode]."""
    (clean_environment / "luigi.cfg").write_text("[core]\nlog_level = INFO\n")
    run = luigi_run(*POPULAR, LUIGI_CONFIG_PATH=None, TMDB_API_KEY=WRONG_KEY)
    in_plain_words(run)
    assert run.status == FAILED


def test_our_settings_do_not_disturb_another_module(
    luigi_run: LuigiRun, clean_environment: Path
) -> None:
    """`luigi` is the command of the whole environment, not of this package alone."""
    (clean_environment / "other.py").write_text(
        "import luigi\n\n\nclass Other(luigi.Task):\n    def complete(self):\n        return True\n"
    )
    run = luigi_run("Other", "--module", "other", PYTHONPATH=".", TMDB_REGION="kr")
    in_plain_words(run)
    assert run.status == 0


# disks of their own


@contextlib.contextmanager
def mounted(point: Path, options: str) -> Iterator[Path]:
    """A tmpfs for as long as the `with` lasts; the test skips where none can be had."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or not (mount and umount):
        pytest.skip("mounting a tmpfs needs root and the mount command")
    point.mkdir()
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(point)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield point
    finally:
        subprocess.run([umount, "-l", str(point)], check=True)


def test_a_full_disk_is_named_and_leaves_nothing_half_written(
    luigi_run: LuigiRun, tmp_path: Path
) -> None:
    with mounted(tmp_path / "disk", "size=32k") as disk:
        run = luigi_run(*DAILY, PIPELINE_DATA_DIR=str(disk / "data"))
        left = [path.name for path in disk.rglob("*popular*") if path.is_file()]
    in_plain_words(run)
    assert run.status == FAILED
    assert "Cannot write" in run.err
    assert "popular_movies_20240107.json: No space left on device. Free" in run.err
    assert left == []


def test_a_read_only_disk_is_named(luigi_run: LuigiRun, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "ro") as disk:
        run = luigi_run(*DAILY, PIPELINE_DATA_DIR=str(disk / "data"))
    in_plain_words(run)
    assert run.status == FAILED
    assert "popular_movies_20240107.json: Read-only file system." in run.err


def test_a_folder_for_temporaries_that_cannot_be_used_is_named(
    luigi_run: LuigiRun, tmp_path: Path
) -> None:
    with mounted(tmp_path / "disk", "ro") as disk:
        run = luigi_run(*POPULAR, TMPDIR=str(disk), TEMP=str(disk), TMP=str(disk))
    in_plain_words(run)
    assert run.status in (0, FAILED)
    assert run.status == 0 or "TMPDIR" in run.err


# luigid


def with_luigid_at(port: int, folder: Path) -> str:
    """A copy of luigi.cfg whose luigid is at another port and is given up sooner."""
    options = {"rpc_retry_attempts": "2", "rpc_retry_wait": "0", "rpc_connect_timeout": "0.3"}
    place = folder / f"luigid at {port}"
    place.mkdir()
    url = f"http://127.0.0.1:{port}/"
    return str(quick(REPOSITORY / "luigi.cfg", place, scheduler_url=url, **options))


def test_in_a_terminal_an_absent_luigid_is_given_up_within_ten_seconds() -> None:
    """By the numbers of luigi.cfg, and the time for the question whose data root it serves."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(REPOSITORY / "luigi.cfg", encoding="utf-8")
    core = parser["core"]
    attempts = int(core["rpc_retry_attempts"])
    waits = (attempts - 1) * int(core["rpc_retry_wait"])
    seconds = attempts * float(core["rpc_connect_timeout"]) + waits
    assert seconds + scheduler_choice.INTERACTIVE_SECONDS < 10


@pytest.fixture
def absent_luigids(tmp_path: Path) -> Iterator[list[tuple[str, str]]]:
    """The address and the luigi.cfg of a luigid that is gone, and of one that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = [free_port(), silent.getsockname()[1]]
        yield [(f"http://127.0.0.1:{port}", with_luigid_at(port, tmp_path)) for port in ports]


LuigiInTerminal = Callable[..., Run]


@pytest.fixture
def luigi_in_terminal(environment: dict[str, str], clean_environment: Path) -> LuigiInTerminal:
    """Run `luigi --module pipeline ARGS` in a terminal, as a person does."""

    def run(*arguments: str, **changed: str) -> Run:
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            luigi_command(*arguments), env={**environment, **changed}, cwd=clean_environment,
            stdin=terminal, stdout=terminal, stderr=terminal,
        )  # fmt: skip
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that nobody writes to it any more
            while chunk := os.read(controller, 4096):
                shown += chunk
        os.close(controller)
        return Run(process.wait(timeout=30), "", shown.decode().replace("\r", ""))

    return run


def test_in_a_terminal_a_luigid_that_is_gone_or_hangs_is_given_up(
    luigi_in_terminal: LuigiInTerminal, absent_luigids: list[tuple[str, str]], tmdb: FakeTmdb
) -> None:
    """A person is there to choose: start luigid, or run without it."""
    for address, configuration in absent_luigids:
        run = luigi_in_terminal(*DAILY, LUIGI_CONFIG_PATH=configuration)
        in_plain_words(run)
        assert run.status == NOT_UNDERSTOOD
        assert f"luigid does not answer at {address}" in run.err
        assert "start it with `luigid`" in run.err
        assert "--local-scheduler" in run.err
    assert tmdb.count("/movie/popular") == 0


def test_in_a_terminal_a_run_ends_with_what_was_made_the_verdict_and_where(
    luigi_in_terminal: LuigiInTerminal, data_dir: Path, tmdb: FakeTmdb
) -> None:
    today = datetime.date.today()
    words = ("DailySummary", "--date", str(today), "--local-scheduler")
    made = luigi_in_terminal(*words, NO_COLOR="1").err.splitlines()[-3:]
    assert made[0].partition(" in ")[0] == (f"\x1b[KDailySummary of {today} is done: 4 new files")
    assert made[1].startswith("\x1b[KThe verdict on its lists is ")
    assert made[2] == f"\x1b[KThe files are in {data_dir}"
    again = luigi_in_terminal(*words).err
    assert f"\x1b[32mDailySummary of {today} was done already.\x1b[0m" in again
    assert "Luigi Execution Summary" not in again


def test_in_a_terminal_a_failed_run_ends_with_its_error_once_for_all_tasks(
    luigi_in_terminal: LuigiInTerminal, place: Place
) -> None:
    changed = {name: each or "" for name, each in nobody_listens(place).items()}
    run = luigi_in_terminal(*WEEKLY, "--local-scheduler", "--workers", "2", **changed)
    failed, log, error = run.err.splitlines()[-3:]
    assert run.status == FAILED
    assert "WeeklyConsolidation of 2024-01-07 failed: no new files in " in failed
    assert f"Its log is {place.data / 'logs'}" in log
    assert error.startswith("\x1b[K\x1b[31mERROR: ")  # of the task that failed first
    assert "Movies(date=2024-01-07" in error
    assert ") and 8 other tasks failed: 127.0.0.1" in error
    assert run.err.count("the connection was refused") == 1


def test_a_run_warns_of_a_misspelt_variable(luigi_run: LuigiRun) -> None:
    run = luigi_run(*DAILY, PIPELINE_DATADIR="elsewhere")
    assert run.status == 0
    assert "PIPELINE_DATADIR is set, but nothing reads a variable of that name" in run.err
    assert "did you mean PIPELINE_DATA_DIR?" in run.err


def test_without_a_terminal_the_local_scheduler_is_used(
    luigi_run: LuigiRun, tmp_path: Path
) -> None:
    """Nobody is there to choose, and the lists of a day cannot be collected tomorrow."""
    port = free_port()
    run = luigi_run(*DAILY, local=False, LUIGI_CONFIG_PATH=with_luigid_at(port, tmp_path))
    in_plain_words(run)
    assert run.status == 0, run.output
    assert f"luigid does not answer at http://127.0.0.1:{port}" in run.err
    assert run.err.count("this run uses the local scheduler") == 1
