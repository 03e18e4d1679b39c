"""The credential turns up in no file, on no page of luigid and in no output, however a run ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import FakeTmdb, Fault, edit, redirect, refused, reset, status
from support.luigi_runs import LuigiRun, Run
from support.ports import free_port
from support.repository import REPOSITORY

DAILY = ("DailySummary", "--date", "2024-01-07")
KEY = "c0ffee00decafbad0123456789abcde7"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5"
SECRETS = [KEY, TOKEN]

Misbehaviour = Callable[[FakeTmdb, str], None]
"""A function that makes the fake misbehave; its argument is the secret, which TMDB knows too."""


def always(fault: Fault) -> Misbehaviour:
    return lambda tmdb, _secret: tmdb.fail(fault, times=None)


def quoting(tmdb: FakeTmdb, secret: str) -> None:
    """An error message that repeats what it was sent."""
    body = json.dumps(
        {"status_code": 34, "status_message": f"no such credential: {secret}!"}
    ).encode()
    tmdb.fail(status(422, body), times=None)


def without_total(document: dict[str, Any]) -> None:
    del document["total_pages"]


ENDINGS: list[tuple[str, Misbehaviour, int]] = [
    ("success", lambda _tmdb, _secret: None, 0),
    ("401", always(refused()), 30),
    ("500", always(status(500)), 30),
    ("reset", always(reset()), 30),
    ("wrong shape", always(edit(without_total)), 30),
    ("redirect", always(redirect("http://127.0.0.1:9/3/elsewhere")), 30),
    ("quoted back", quoting, 30),
]


def places_of(secret: str, folder: Path, *outputs: str) -> list[str]:
    """Where the secret stands: files below the folder (names and bytes), and texts."""
    wanted = secret.encode()
    found = [
        str(path)
        for path in folder.rglob("*")
        if secret in path.name or (path.is_file() and wanted in path.read_bytes())
    ]
    return found + [f"output: {output}" for output in outputs if secret in output]


def test_the_search_finds_what_is_planted(
    luigi_run: LuigiRun, tmp_path: Path, data_dir: Path
) -> None:
    """The search of the other tests is not blind for data, TMPDIR, folder or output."""
    luigi_run(*DAILY)
    assert [places_of(secret, tmp_path) for secret in SECRETS] == [[], []]
    secret = KEY
    for folder in (data_dir / "raw", tmp_path / "tmp", tmp_path / "work"):
        planted = folder / "planted"
        planted.write_bytes(b"\x00\xff api_key=" + secret.encode() + b"&page=1")
        assert places_of(secret, tmp_path) == [str(planted)]
        planted.unlink()
    assert places_of(secret, tmp_path, f"GET /?api_key={secret}&page=1") != []


@pytest.mark.parametrize(
    ("misbehave", "expected", "secret"),
    [
        pytest.param(misbehave, expected, secret, id=f"{name}-{kind}")
        for name, misbehave, expected in ENDINGS
        for kind, secret in (("key", KEY), ("token", TOKEN))
        if kind == "key" or name in ("success", "401", "quoted back")
    ],
)
def test_a_run_leaves_the_secret_nowhere_even_when_debugging(
    luigi_run: LuigiRun,
    tmp_path: Path,
    misbehave: Misbehaviour,
    expected: int,
    secret: str,
) -> None:
    with FakeTmdb(key=secret, limit=None) as tmdb:
        misbehave(tmdb, secret)
        run = luigi_run(
            *DAILY, "--log-level", "DEBUG",
            TMDB_API_KEY=secret, TMDB_API_URL=tmdb.url, TMDB_MAX_RETRIES="0",
        )  # fmt: skip
        assert tmdb.count() > 0
    assert run.status == expected, run.output
    assert places_of(secret, tmp_path, run.out, run.err) == []


@pytest.mark.parametrize("secret", SECRETS, ids=["key", "token"])
def test_a_secret_in_dotenv_stays_there(
    luigi_run: LuigiRun, tmp_path: Path, clean_environment: Path, secret: str
) -> None:
    dotenv = clean_environment / ".env"
    dotenv.write_text(f"TMDB_API_KEY={secret}\n", encoding="utf-8")
    with FakeTmdb(key=secret, limit=None) as tmdb:
        tmdb.fail(refused(), path="/trending/movie/day", times=None)
        run = luigi_run(*DAILY, "--log-level", "DEBUG", TMDB_API_KEY=None, TMDB_API_URL=tmdb.url)
    assert run.status == 30
    assert places_of(secret, tmp_path, run.out, run.err) == [str(dotenv)]


def test_a_secret_that_is_no_credential_is_not_repeated(
    luigi_run: LuigiRun, tmp_path: Path
) -> None:
    run = luigi_run(*DAILY, TMDB_API_KEY=f"{KEY} {KEY}")
    assert run.status == 35
    assert places_of(KEY, tmp_path, run.out, run.err) == []


# through a real luigid


def asked_of_luigid(port: int, path: str, **data: str) -> str:
    """The body of luigid's answer, whatever its status."""
    query = urllib.parse.urlencode({"data": json.dumps(data)})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}?{query}", timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return str(error.read().decode())


def is_up(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def luigid(folder: Path, environment: dict[str, str]) -> Iterator[int]:
    """A luigid of the test's own, its state below the folder; ends as a service manager ends it."""
    program = Path(sys.executable).with_name("luigid")
    if not program.exists():
        pytest.skip("luigid is not installed beside this Python")
    port = free_port()
    with (folder / "luigid.out").open("wb") as output:
        process = subprocess.Popen(
            [program, "--address", "127.0.0.1", "--port", str(port),
             "--state-path", str(folder / "luigid.state")],
            env=environment, cwd=folder, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 20
            while not is_up(port):
                assert process.poll() is None, (folder / "luigid.out").read_text()
                assert time.monotonic() < deadline, "luigid does not listen"
                time.sleep(0.05)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def cfg_for(port: int, folder: Path) -> Path:
    """A copy of luigi.cfg with luigid at that port."""
    text = (REPOSITORY / "luigi.cfg").read_text(encoding="utf-8")
    path = folder / "luigi-of-this-test.cfg"
    path.write_text(text.replace("127.0.0.1:8082", f"127.0.0.1:{port}"), encoding="utf-8")
    return path


KNOWN_TO_LUIGID = [
    each for each in ENDINGS if each[0] in ("success", "401", "reset", "quoted back")
]


def test_luigid_never_learns_the_secret(
    luigi_run: LuigiRun, environment: dict[str, str], tmp_path: Path
) -> None:
    """Neither its API nor its state file; runs that fail in several ways, and one that succeeds."""
    runs: list[Run] = []
    with luigid(tmp_path, environment) as port:
        cfg = str(cfg_for(port, tmp_path))
        for day, (name, misbehave, expected) in enumerate(KNOWN_TO_LUIGID, start=1):
            secret = SECRETS[day % 2]
            with FakeTmdb(key=secret, limit=None) as tmdb:
                misbehave(tmdb, secret)
                run = luigi_run(
                    "DailySummary", "--date", f"2024-01-{day:02}", "--log-level", "DEBUG",
                    local=False, LUIGI_CONFIG_PATH=cfg, TMDB_MAX_RETRIES="0",
                    TMDB_API_KEY=secret, TMDB_API_URL=tmdb.url,
                )  # fmt: skip
            assert run.status == expected, f"{name}: {run.output}"
            runs.append(run)
        failed = asked_of_luigid(port, "/api/task_list", status="FAILED", upstream_status="")
        tasks = json.loads(failed)["response"]
        pages = [
            failed,
            asked_of_luigid(port, "/api/task_list", status="", upstream_status=""),
            asked_of_luigid(port, "/api/graph"),
            asked_of_luigid(port, "/api/worker_list"),
            *(asked_of_luigid(port, "/api/fetch_error", task_id=task) for task in tasks),
            *(asked_of_luigid(port, "/api/dep_graph", task_id=task) for task in tasks),
        ]
    assert len(tasks) >= len(KNOWN_TO_LUIGID) - 1
    assert "refuses the" in "".join(pages), "luigid does not know of the failures"
    assert "no such credential: [credential]!" in "".join(pages)
    assert (tmp_path / "luigid.state").stat().st_size > 0
    outputs = [text for run in runs for text in (run.out, run.err)]
    for secret in SECRETS:
        assert places_of(secret, tmp_path, *outputs, *pages) == []
