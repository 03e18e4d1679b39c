"""doctor: each thing that can be wrong is found, and reported with how to fix it."""

from __future__ import annotations

import contextlib
import email.utils
import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb, no_answer
from support.operate import Operate, findings, luigi_cfg
from support.ports import free_port
from support.postgres import PASSWORD

from pipeline.errors import StorageError
from pipeline.ops.doctor import machine, network
from pipeline.ops.doctor.examine import Finding, examined
from pipeline.paths import Layout


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
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def luigid_seen(data_dir: Path) -> None:
    """Leave what a run leaves that a luigid has answered."""
    seen = Layout(data_dir).luigid_seen
    seen.parent.mkdir(parents=True)
    seen.touch()


@pytest.mark.usefixtures("luigid_seen")
def test_a_service_that_is_down_is_a_problem_with_a_fix(command: Operate) -> None:
    url = f"postgresql://luigi:{PASSWORD}@127.0.0.1:{free_port()}/luigi"
    api = f"http://127.0.0.1:{free_port()}/3"
    run = command("doctor", PIPELINE_HISTORY_URL=url, TMDB_API_URL=api)
    found = findings(command("doctor", "--json", PIPELINE_HISTORY_URL=url, TMDB_API_URL=api))
    assert run.status == 1
    for probe in ("key", "host", "luigid", "postgres"):
        assert found[probe]["state"] == "problem", found[probe]
        assert found[probe]["fix"] in " ".join(run.out.split())
    assert "the connection was refused" in found["host"]["found"]
    assert found["luigid"]["fix"] == "`tmdb-pipeline start` starts it."
    assert PASSWORD not in run.output


def test_a_refused_key_is_reported(command: Operate) -> None:
    wrong = "f" * 32
    run = command("doctor", "--json", TMDB_API_KEY=wrong)
    assert findings(run)["key"]["found"] == "TMDB refuses the key in TMDB_API_KEY"
    assert wrong not in run.output


def test_no_key_is_a_problem_of_its_own(command: Operate) -> None:
    found = findings(command("doctor", "--json", TMDB_API_KEY=None))
    assert "TMDB_API_KEY is not set" in found["key"]["found"]
    assert found["host"]["state"] == "ok"


def test_the_demo_asks_nobody(command: Operate) -> None:
    found = findings(command("doctor", "--json", TMDB_API_KEY="demo"))
    assert all("demo" in found[probe]["found"] for probe in ("key", "host", "clock"))


def test_settings_that_cannot_be_read_are_reported_once(command: Operate) -> None:
    run = command("doctor", "--json", TMDB_REGION="Korea")
    assert run.status == 1
    assert list(findings(run)) == ["settings"]


def test_a_clock_that_is_off_is_warned_of(command: Operate) -> None:
    with api_whose_clock_is_off(90) as url:
        clock = findings(command("doctor", "--json", TMDB_API_URL=url))["clock"]
        assert clock["state"] == "warning"
        assert clock["found"].startswith(("89 s", "90 s", "91 s"))
        assert "timedatectl" in clock["fix"]
    with api_whose_clock_is_off(5) as url:
        run = command("doctor", "--json", TMDB_API_URL=url, TZ="Asia/Seoul")
        assert findings(run)["clock"]["state"] == "ok"
        assert "KST (UTC+0900)" in findings(run)["clock"]["found"]


def test_a_server_without_tls_or_without_a_name_is_reported_as_such(
    operator_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = operator_environment["TMDB_API_URL"]
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", url.replace("http://", "https://"))
    assert "TLS could not be agreed on" in network.host().found
    monkeypatch.setenv("TMDB_API_URL", "https://no-such-host.invalid/3")
    assert network.host().found == "no-such-host.invalid: the host name is not known"


def test_doctor_tests_the_proxy_instead_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass-word-1@127.0.0.1:{free_port()}")
    found = network.host()
    assert found.found.startswith("api.themoviedb.org: the proxy does not work: ")
    assert "pass-word-1" not in found.found


def test_where_luigid_was_never_used_there_is_no_problem_with_it(command: Operate) -> None:
    run = command("doctor", "--json")
    assert findings(run)["luigid"]["state"] == "ok"
    assert "runs use the local scheduler" in findings(run)["luigid"]["found"]
    assert run.status == 0, run.out


def test_a_luigid_of_another_machine_that_is_down_is_a_problem(
    command: Operate, tmp_path: Path
) -> None:
    other = luigi_cfg(tmp_path / "other.cfg", "http://luigid.invalid:8082/")
    found = findings(command("doctor", "--json", LUIGI_CONFIG_PATH=other))["luigid"]
    assert found["state"] == "problem"


@pytest.mark.usefixtures("luigid_seen")
def test_another_server_at_the_address_of_luigid_is_reported(
    command: Operate, tmdb: FakeTmdb, tmp_path: Path
) -> None:
    other = luigi_cfg(tmp_path / "other.cfg", tmdb.url.removesuffix("3"))
    found = findings(command("doctor", "--json", LUIGI_CONFIG_PATH=other))["luigid"]
    assert found["state"] == "problem"


def test_secrets_that_others_may_read_are_reported(
    command: Operate, clean_environment: Path
) -> None:
    dotenv = clean_environment / ".env"
    dotenv.write_text("TMDB_LANGUAGE=ko-KR\n")
    dotenv.chmod(0o644)
    found = findings(command("doctor", "--json"))
    assert found[".env"] == {
        "probe": ".env",
        "state": "warning",
        "found": "others can read it (mode 0644)",
        "fix": f"chmod 600 {dotenv}",
    }


def test_a_failed_run_that_would_exit_with_0_is_a_problem(
    command: Operate, tmp_path: Path, luigid_port: int
) -> None:
    path = Path(luigi_cfg(tmp_path / "silent.cfg", f"http://127.0.0.1:{luigid_port}/"))
    path.write_text(path.read_text().replace("task_failed = 30", "task_failed = 0"))
    found = findings(command("doctor", "--json", LUIGI_CONFIG_PATH=str(path)))["settings"]
    assert found["state"] == "problem"
    assert "task_failed" in found["found"]


def test_a_silent_host_does_not_block_doctor(command: Operate, tmdb: FakeTmdb) -> None:
    tmdb.fail(no_answer(), times=None)
    found = findings(command("doctor", "--json"))
    assert found["key"]["state"] == "problem"
    assert found["disk"]["state"] == "ok"


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
        "works": lambda: Finding("ok", "fine"),
    }
    found = examined(probes, seconds=0.3)
    assert [(probe, each.state) for probe, each in found.items()] == [
        ("hangs", "problem"),
        ("breaks", "warning"),
        ("refuses", "problem"),
        ("works", "ok"),
    ]


@pytest.mark.parametrize(
    ("cached", "state", "shown"), [(400, "ok", "412 MiB"), (40, "warning", "52 MiB")]
)
def test_the_page_cache_of_a_container_is_no_used_memory(
    cached: int, state: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "max": 512 << 20,
        "current": 500 << 20,
        "stat": f"anon 1\ninactive_file {cached << 20}",
    }
    for name, text in files.items():
        (tmp_path / f"memory.{name}").write_text(f"{text}\n")
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.memory() == (state, f"{shown} available", machine.memory().fix)


@pytest.mark.parametrize("zone", ["Asia/Soul", "Seoul/Asia", "KST", "asia/seoul/"])
def test_a_misspelt_time_zone_is_a_problem_for_doctor_and_for_check(
    zone: str, command: Operate
) -> None:
    found = findings(command("doctor", "--json", TZ=zone))["settings"]
    assert found["state"] == "problem"
    assert found["found"].startswith(f"TZ is {zone!r}, which is no time zone of this machine")
    run = command("check", TZ=zone)
    assert run.status == 1
    assert f"problem: TZ is {zone!r}" in run.out


@pytest.mark.parametrize(
    "zone",
    [*("", "UTC", "Asia/Seoul", ":Asia/Seoul", "/usr/share/zoneinfo/Asia/Seoul"),
     *("KST-9", "<+09>-9", "CET-1CEST,M3.5.0,M10.5.0/3")],
)  # fmt: skip
def test_a_time_zone_in_any_form_that_the_system_knows_is_accepted(
    zone: str, command: Operate
) -> None:
    assert "TZ is" not in command("check", TZ=zone).out


def test_disk_and_memory_are_measured(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir / "deep" / "down"))
    status = os.statvfs(data_dir.parent)
    free = status.f_bavail * status.f_frsize / (1 << 30)
    shown = machine.disk().found.split()[0]
    if free > 2:
        assert float(shown) == pytest.approx(free, abs=0.5)
    assert "available" in machine.memory().found
