"""doctor: each thing that can be wrong is found, and told with how to mend it."""

# ruff: noqa: F401, F811  fixtures are imported by their names

from __future__ import annotations

import contextlib
import email.utils
import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import V3_KEY
from fake_tmdb import FakeTmdb, no_answer
from operate import (
    Operate,
    document,
    luigi_cfg,
    luigid_port,
    operate,
    operated,
    operator_environment,
    plain_luigid,
)
from postgres import PASSWORD, free_port, history_database, history_url, postgres

from pipeline.errors import StorageError
from pipeline.ops.findings import Finding, examined
from pipeline.ops.probes import machine, tmdb

pytestmark = pytest.mark.run


def findings(run: Any) -> dict[str, dict[str, str]]:
    return {each["probe"]: each for each in document(run)["findings"]}


@contextlib.contextmanager
def api_whose_clock_is_off(seconds: float) -> Iterator[str]:
    """An API that takes any key, and whose Date is that much ahead."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"success": true}')

        def date_time_string(self, timestamp: float | None = None) -> str:
            return email.utils.formatdate(time.time() + seconds, usegmt=True)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_where_all_is_well_doctor_finds_no_problem(operate: Operate, history_url: str) -> None:
    assert operate("start", PIPELINE_HISTORY_URL=history_url).status == 0
    run = operate("doctor", "--json", PIPELINE_HISTORY_URL=history_url)
    found = findings(run)
    assert {name: each["state"] for name, each in found.items() if name != "cron"} == {
        "settings": "ok",
        "key": "ok",
        "host": "ok",
        "clock": "ok",
        "disk": "ok",
        "memory": "ok",
        "luigid": "ok",
        "postgres": "ok",
        "data root": "ok",
        "backups": "ok",
        ".env": "ok",
        "state folder": "ok",
        "exit statuses": "ok",
        "left-overs": "ok",
    }
    assert (run.status, document(run)["ok"]) == (0, True)
    assert found["key"]["found"] == "the v3 key is accepted"
    assert "hardened luigid 3." in found["luigid"]["found"]
    assert "PostgreSQL 18" in found["postgres"]["found"]
    assert "task_failed 30" in found["exit statuses"]["found"]
    assert V3_KEY not in run.output
    assert PASSWORD not in run.output


def test_what_is_down_is_a_problem_with_how_to_mend_it(operate: Operate) -> None:
    url = f"postgresql://luigi:{PASSWORD}@127.0.0.1:{free_port()}/luigi"
    api = f"http://127.0.0.1:{free_port()}/3"
    run = operate("doctor", PIPELINE_HISTORY_URL=url, TMDB_API_URL=api)
    found = findings(operate("doctor", "--json", PIPELINE_HISTORY_URL=url, TMDB_API_URL=api))
    assert run.status == 1
    for probe in ("key", "host", "luigid", "postgres"):
        assert found[probe]["state"] == "problem", found[probe]
        assert found[probe]["mend"] in run.out
    assert "TCP: no connection to 127.0.0.1" in found["host"]["found"]
    assert found["luigid"]["mend"] == "`tmdb-pipeline start` starts it."
    assert PASSWORD not in run.output


def test_a_database_without_tables_is_told_apart_from_one_that_is_down(
    operate: Operate, history_url: str
) -> None:
    found = findings(operate("doctor", "--json", PIPELINE_HISTORY_URL=history_url))["postgres"]
    assert found["state"] == "problem"
    assert "the history's tables are not there" in found["found"]


def test_a_key_that_is_refused_is_told(operate: Operate) -> None:
    wrong = "f" * 32
    run = operate("doctor", "--json", TMDB_API_KEY=wrong)
    assert findings(run)["key"]["found"] == "TMDB refuses the key in TMDB_API_KEY"
    assert wrong not in run.output


def test_no_key_is_a_problem_of_its_own(operate: Operate) -> None:
    found = findings(operate("doctor", "--json", TMDB_API_KEY=None))
    assert "TMDB_API_KEY is not set" in found["key"]["found"]
    assert found["host"]["state"] == "ok"


def test_the_demo_asks_nobody(operate: Operate) -> None:
    found = findings(operate("doctor", "--json", TMDB_API_KEY="demo"))
    assert all("demo" in found[probe]["found"] for probe in ("key", "host", "clock"))


def test_settings_that_cannot_be_read_are_told_once(operate: Operate) -> None:
    run = operate("doctor", "--json", TMDB_REGION="Korea")
    assert run.status == 1
    assert list(findings(run)) == ["settings"]


def test_a_clock_that_is_off_is_warned_of(operate: Operate) -> None:
    with api_whose_clock_is_off(90) as url:
        clock = findings(operate("doctor", "--json", TMDB_API_URL=url))["clock"]
        assert clock["state"] == "warning"
        assert clock["found"].startswith(("89 s", "90 s", "91 s"))
        assert "timedatectl" in clock["mend"]
    with api_whose_clock_is_off(5) as url:
        run = operate("doctor", "--json", TMDB_API_URL=url, TZ="Asia/Seoul")
        assert findings(run)["clock"]["state"] == "ok"
        assert "KST (UTC+0900)" in findings(run)["clock"]["found"]


def test_a_server_that_speaks_no_tls_or_has_no_name_is_told_apart(
    operator_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = operator_environment["TMDB_API_URL"]
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", url.replace("http://", "https://"))
    assert tmdb.host().found.startswith("TLS: ")
    monkeypatch.setenv("TMDB_API_URL", "https://no-such-host.invalid/3")
    assert tmdb.host().found.startswith("DNS: no-such-host.invalid is not known")


def test_a_proxy_is_looked_at_instead_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass-word-1@127.0.0.1:{free_port()}")
    found = tmdb.host()
    assert found.found.startswith("by the proxy: TCP: no connection to 127.0.0.1:")
    assert "pass-word-1" not in found.found


def test_a_plain_luigid_is_warned_of(
    operate: Operate, luigid_port: int, operator_environment: dict[str, str], tmp_path: Path
) -> None:
    with plain_luigid(luigid_port, operator_environment, tmp_path):
        found = findings(operate("doctor", "--json"))["luigid"]
    assert found["state"] == "warning"
    assert "a plain luigid answers" in found["found"]


def test_what_listens_there_but_is_no_luigid_is_told(
    operate: Operate, tmdb: FakeTmdb, tmp_path: Path
) -> None:
    other = luigi_cfg(tmp_path / "other.cfg", tmdb.url.removesuffix("3"))
    found = findings(operate("doctor", "--json", LUIGI_CONFIG_PATH=other))["luigid"]
    assert found["state"] == "problem"


def test_files_that_others_may_read_or_write_are_told(
    operate: Operate, clean_environment: Path, data_dir: Path
) -> None:
    dotenv = clean_environment / ".env"
    dotenv.write_text("TMDB_LANGUAGE=ko-KR\n")
    dotenv.chmod(0o644)
    (data_dir / "state").mkdir(parents=True, mode=0o755)
    (data_dir / "state").chmod(0o755)
    old = data_dir / "raw/movies/daily/.popular_movies_20240107.json.ab.tmp"
    old.parent.mkdir(parents=True)
    old.touch()
    os.utime(old, (1, 1))
    found = findings(operate("doctor", "--json"))
    assert found[".env"] == {
        "probe": ".env",
        "state": "warning",
        "found": "others can read it (mode 0644)",
        "mend": f"chmod 600 {dotenv}",
    }
    assert found["state folder"]["mend"] == f"chmod 700 {data_dir / 'state'}"
    assert found["state folder"]["state"] == "problem"
    assert str(old) in found["left-overs"]["found"]
    assert old.exists()


def test_a_failed_run_that_would_exit_with_0_is_a_problem(
    operate: Operate, tmp_path: Path, luigid_port: int
) -> None:
    path = Path(luigi_cfg(tmp_path / "silent.cfg", f"http://127.0.0.1:{luigid_port}/"))
    path.write_text(path.read_text().replace("task_failed = 30", "task_failed = 0"))
    found = findings(operate("doctor", "--json", LUIGI_CONFIG_PATH=str(path)))["exit statuses"]
    assert found["state"] == "problem"
    assert "task_failed" in found["found"]


def test_a_host_that_is_silent_does_not_hold_doctor_up(operate: Operate, tmdb: FakeTmdb) -> None:
    tmdb.fail(no_answer(), times=None)
    began = time.monotonic()
    run = operate("doctor", "--json")
    assert time.monotonic() - began < 10
    assert findings(run)["disk"]["state"] == "ok"


def test_a_probe_that_hangs_breaks_or_refuses_leaves_the_others_alone() -> None:
    def hangs() -> Finding:
        threading.Event().wait(30)
        raise AssertionError

    def breaks() -> Finding:
        raise ZeroDivisionError("odd")

    def refuses() -> Finding:
        raise StorageError("The disk is gone.")

    probes = {
        "hangs": hangs,
        "breaks": breaks,
        "refuses": refuses,
        "works": lambda: Finding("works", "ok", "fine"),
    }
    found = examined(probes, seconds=0.3)
    assert [(each.probe, each.state) for each in found] == [
        ("hangs", "problem"),
        ("breaks", "warning"),
        ("refuses", "problem"),
        ("works", "ok"),
    ]


def test_a_schedule_is_found_in_a_crontab_and_in_systemd(
    operate: Operate, operator_environment: dict[str, str], tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho '0 2 * * * luigi --module pipeline DailySummary'\n")
    program.chmod(0o755)
    wanted = tmp_path / "home/.config/systemd/user/timers.target.wants"
    wanted.mkdir(parents=True)
    (wanted / "tmdb-weekly.timer").symlink_to("../tmdb-weekly.timer")
    path = f"{program.parent}:{operator_environment['PATH']}"
    found = findings(operate("doctor", "--json", PATH=path, HOME=str(tmp_path / "home")))["cron"]
    assert found["state"] == "ok"
    assert found["found"].startswith("crontab of this user")
    assert found["found"].endswith("systemd timer tmdb-weekly")


def test_a_schedule_that_is_commented_out_is_none(
    operate: Operate, operator_environment: dict[str, str], tmp_path: Path
) -> None:
    program = tmp_path / "crontab"
    program.write_text("#!/bin/sh\necho '# 0 2 * * * luigi --module pipeline DailySummary'\n")
    program.chmod(0o755)
    path = f"{tmp_path}:{operator_environment['PATH']}"
    found = findings(operate("doctor", "--json", PATH=path, HOME=str(tmp_path)))["cron"]
    assert "crontab of this user" not in found["found"]


def test_disk_and_memory_are_measured(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir / "deep" / "down"))
    status = os.statvfs(data_dir.parent)
    free = status.f_bavail * status.f_frsize / (1 << 30)
    told = machine.disk().found.split()[0]
    if free > 2:
        assert float(told) == pytest.approx(free, abs=0.5)
    assert "available" in machine.memory().found
