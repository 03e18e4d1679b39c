"""doctor: each thing that can be wrong is found, and told with how to mend it."""

from __future__ import annotations

import contextlib
import email.utils
import http.server
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb, no_answer
from support.operate import Operate, document, luigi_cfg, plain_luigid
from support.ports import free_port
from support.postgres import PASSWORD
from support.repository import REPOSITORY

from pipeline.errors import StorageError
from pipeline.ops.findings import Finding, examined
from pipeline.ops.probes import machine, tmdb


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


OURS = {
    "daily": "0 2 * * * tmdb-scheduled daily -- luigi --module pipeline DailySummary",
    "weekly": "0 3 * * 0 tmdb-scheduled weekly -- luigi --module pipeline WeeklyConsolidation",
    "catch-up": "40 * * * * tmdb-scheduled catch-up -- luigi --module pipeline",
}
OLD = "0 2 * * * flock -n lock luigi --module pipeline DailySummary --date $(date +\\%F)"
"""A line of a version without the wrapper."""


@dataclass
class Schedules:
    """What is installed on the host that doctor looks at."""

    folder: Path
    operate: Operate
    path: str

    def crontab(self, *lines: str) -> None:
        self._program("crontab", "\n".join(["cat <<'END'", *lines, "END"]))

    def timer(self, name: str, *, enabled: bool = True, command: str | None = None) -> None:
        """Install a timer of config/systemd for this user, with another command if one is given."""
        units = self.folder / "home/.config/systemd/user"
        wanted = units / "timers.target.wants"
        wanted.mkdir(parents=True, exist_ok=True)
        for kind in ("timer", "service"):
            source = REPOSITORY / f"config/systemd/tmdb-{name}.{kind}"
            (units / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        if command:
            (units / f"tmdb-{name}.service").write_text(f"[Service]\nExecStart={command}\n")
        if enabled:
            (wanted / f"tmdb-{name}.timer").symlink_to(f"../tmdb-{name}.timer")

    def found(self) -> dict[str, str]:
        """What doctor finds."""
        self._program("systemd-analyze", "echo 'Next elapse: Sun 2099-01-04 03:00:00 UTC'")
        path = f"{self.folder}:{self.path}"
        home = str(self.folder / "home")
        return findings(self.operate("doctor", "--json", PATH=path, HOME=home))["cron"]

    def _program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (self.folder / name).chmod(0o755)


@pytest.fixture
def schedules(operate: Operate, operator_environment: dict[str, str], tmp_path: Path) -> Schedules:
    folder = tmp_path / "programs"
    folder.mkdir()
    found = Schedules(folder, operate, operator_environment["PATH"])
    found.crontab()
    return found


def test_the_schedule_of_this_version_is_found_in_a_crontab(schedules: Schedules) -> None:
    schedules.crontab("MAILTO=ops", *OURS.values(), "15 5 * * * rsync -a reports/daily backup:")
    found = schedules.found()
    assert (found["state"], found["found"]) == ("ok", "crontab of this user")


def test_the_schedule_of_this_version_is_found_in_systemd(schedules: Schedules) -> None:
    for name in OURS:
        schedules.timer(name)
    found = schedules.found()
    assert (found["state"], found["found"]) == ("ok", "systemd timer tmdb-daily, tmdb-weekly")


def test_a_schedule_is_found_in_a_crontab_and_in_systemd(schedules: Schedules) -> None:
    schedules.crontab(OURS["daily"], OURS["catch-up"])
    schedules.timer("weekly")
    found = schedules.found()
    assert found["state"] == "ok"
    assert found["found"] == "crontab of this user, systemd timer tmdb-weekly"


def test_a_schedule_without_the_catch_up_is_warned_of(schedules: Schedules) -> None:
    schedules.crontab(OURS["daily"], OURS["weekly"])
    found = schedules.found()
    assert found["state"] == "warning"
    assert found["found"] == "crontab of this user; without the hourly catch-up"
    assert "catch-up line of config/crontab" in found["mend"]


def test_a_line_or_a_unit_of_an_older_version_is_warned_of(schedules: Schedules) -> None:
    schedules.crontab(OLD, OURS["catch-up"])
    schedules.timer(
        "weekly", command="/bin/sh -c 'exec luigi --module pipeline WeeklyConsolidation'"
    )
    found = schedules.found()
    assert found["state"] == "warning"
    assert found["found"] == (
        "outdated: crontab of this user: the line of DailySummary (`0 2 * * *`); "
        "systemd timer tmdb-weekly: tmdb-weekly.service"
    )
    assert "docs/operations.md" in found["mend"]


@pytest.mark.parametrize(
    "line", [f"# {OURS['daily']}", "15 5 * * * rsync -a reports/daily backup:", OURS["catch-up"]]
)
def test_a_crontab_that_starts_no_root_task_at_its_time_is_no_schedule(
    schedules: Schedules, line: str
) -> None:
    schedules.crontab(line)
    schedules.timer("daily", enabled=False)
    found = schedules.found()["found"]
    assert "crontab of this user" not in found
    assert "systemd timer tmdb-daily" not in found


def test_disk_and_memory_are_measured(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir / "deep" / "down"))
    status = os.statvfs(data_dir.parent)
    free = status.f_bavail * status.f_frsize / (1 << 30)
    told = machine.disk().found.split()[0]
    if free > 2:
        assert float(told) == pytest.approx(free, abs=0.5)
    assert "available" in machine.memory().found
