"""What strangers can do to a plain luigid, and cannot do to ours; and that its own work goes on.

Each attack is sent to both, as processes of their own with the same configuration: it has to
succeed against the plain one, or it would prove nothing against ours.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from luigi.task import task_id_str
from support.browser import browser
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.luigi_runs import LuigiRun, as_process, installed, luigi_command
from support.luigid_process import PASSWORD, Luigid, added, login, our_luigid, plain_luigid, popular
from support.ports import free_port
from support.zygote import shared_zygote

PAGE = "/static/visualiser/index.html"
WORKER = "Worker(of the test)"
FOREIGN = [
    {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "image", "Sec_Fetch_Mode": "no-cors"},
    {"Sec_Fetch_Site": "same-site"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://[half"},
    {"Referer": "http://evil.example/"},
    {},
]
"""What browsers send for an <img> or a form of another site; the last ones over plain http."""


PLANTED = """
import luigi
class Planted(luigi.Task):
    proof = luigi.Parameter()
    def run(self):
        with open(self.proof, "w") as file:
            file.write("whatever the stranger likes")
"""


class HeldTmdb(FakeTmdb):
    """A fake TMDB that answers once `release` is set."""

    def __init__(self) -> None:
        self.release = threading.Event()
        super().__init__(key=V3_KEY, limit=None, choose_fault=self._wait)

    def _wait(self, _path: str, _query: Mapping[str, str]) -> None:
        self.release.wait(60)


def attack_a_live_worker(
    luigid: Luigid, environment: dict[str, str], tmdb: HeldTmdb, folder: Path
) -> tuple[int, int | None, Path]:
    """Let a real run work, hand it a task of a stranger's; return answer, exit status, proof."""
    (folder / "planted.py").write_text(PLANTED)
    proof = folder / "proof"
    config = folder / "run.cfg"
    config.write_text(
        f"[core]\nscheduler_url = {luigid.url}\n"
        "[worker]\nkeep_alive = True\nwait_interval = 0.1\nwait_jitter = 0.1\n"
    )
    variables = {
        **environment,
        "TMDB_API_URL": tmdb.url,
        "LUIGI_CONFIG_PATH": str(config),
        "PIPELINE_DATA_DIR": str(luigid.data_dir),
        "PYTHONPATH": str(folder),
    }
    run = subprocess.Popen(
        luigi_command("PopularMovies", "--date", "2024-01-07"),
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        worker = first_worker(luigid)
        forged = added("Planted", {"proof": str(proof)}, "planted", worker=worker)
        answer = luigid.call("add_task", **forged)
        tmdb.release.set()
        deadline = time.monotonic() + 60
        while run.poll() is None and not proof.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return answer.status, run.poll(), proof
    finally:
        run.kill()
        run.wait()


def first_worker(luigid: Luigid) -> str:
    """The name of a worker that runs something, as anybody can read it."""
    deadline = time.monotonic() + 30
    while True:
        for worker in luigid.call("worker_list").response:
            if worker["num_running"]:
                return str(worker["name"])
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["plain", "ours"])
def test_foreign_code_reaches_a_worker_through_a_plain_luigid_only(
    kind: str, environment: dict[str, str], tmp_path: Path
) -> None:
    start = plain_luigid if kind == "plain" else our_luigid
    with HeldTmdb() as tmdb, start(tmp_path / kind) as luigid:
        status, ended, proof = attack_a_live_worker(luigid, environment, tmdb, tmp_path)
    assert (status, proof.exists()) == ((200, True) if kind == "plain" else (403, False))
    assert kind == "plain" or ended == 0


FORGED: dict[str, dict[str, Any]] = {
    "a task of luigi's own": added(
        "RangeDaily", {"of": "x"}, "luigi.tools.range", status="PENDING"
    ),
    "our family from another module": popular(module="planted"),
    "our family from a module that only begins like ours": popular(module="pipeline_evil"),
    "our family from another of our modules": popular(module="pipeline.demo.__main__"),
    "no module": popular(module=None),
    "one parameter more": added("PopularMovies", {"date": "2024-01-07", "x": "1"}, "pipeline"),
    "one parameter less": added("PopularMovies", {}, "pipeline"),
    "a day that is none": added("PopularMovies", {"date": "2024-02-30"}, "pipeline"),
    "a day written otherwise": added("PopularMovies", {"date": "20240107"}, "pipeline"),
    "a genre that leads out of the data root": added(
        "GenreMovies", {"date": "2024-01-07", "genre": "../../etc/x"}, "pipeline"
    ),
    "an id of another task": popular(task_id=task_id_str("PopularMovies", {"date": "2020-01-01"})),
    "a batch": popular(batch_id="1"),
    "a task that can be batched": popular(batchable=True),
    "new requirements": popular(new_deps=["Planted_1_0123456789"]),
    "foreign requirements": popular(deps=["Planted_1_0123456789"]),
    "resources that nobody has": popular(resources={"gold": 5}),
    "a task that listens to messages": popular(accepts_messages=True),
    "no family": {"task_id": "whatever", "worker": WORKER},
    "a run that nobody began": popular(status="RUNNING"),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_only_tasks_of_the_pipeline_are_accepted(
    forged: dict[str, Any], plain: Luigid, ours: Luigid
) -> None:
    plain_answer = plain.call("add_task", **forged)
    answer = ours.call("add_task", **forged)
    assert plain_answer.status == 200 or forged.get("batch_id"), plain_answer.text
    assert answer.status == 403
    assert answer.text.count("\n") == 1
    assert answer.text.endswith(".\n")
    assert "Traceback" not in answer.text


def test_a_genre_that_could_not_be_planned_is_reported_and_can_never_be_run(ours: Luigid) -> None:
    params = {"date": "2024-01-07", "genre": "없는 장르"}
    task = added("GenreMovies", params, "pipeline.tasks.collect", runnable=False)
    assert ours.call("add_task", **task, status="UNKNOWN").status == 200
    assert ours.call("add_task", **task, status="PENDING").status == 403
    nameless = {"task_id": task["task_id"], "worker": WORKER, "status": "PENDING"}
    assert ours.call("add_task", **nameless).status == 403


REFUSED_CALLS: dict[str, dict[str, Any]] = {
    "add_task_batcher": {
        "worker": WORKER,
        "task_family": "PopularMovies",
        "batched_args": ["date"],
    },
    "set_worker_processes": {"worker": WORKER, "n": 10_000},
    "send_scheduler_message": {"worker": WORKER, "task": "x", "content": "x"},
    "add_scheduler_message_response": {"task_id": "x", "message_id": "x", "response": "x"},
    "disable_worker": {"worker": "Worker(of nobody)"},
    "update_resource": {"resource": "gold", "amount": 0},
    "update_resources": {"silver": 1},
    "decrease_running_task_resources": {"task_id": "x", "decrease_resources": {}},
}


@pytest.mark.parametrize("method", REFUSED_CALLS)
def test_calls_that_no_run_needs_are_refused(method: str, plain: Luigid, ours: Luigid) -> None:
    assert plain.call(method, **REFUSED_CALLS[method]).status == 200
    assert ours.call(method, **REFUSED_CALLS[method]).status == 403


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_cannot_have_a_browser_pause_luigid(
    headers: dict[str, str], plain: Luigid, ours: Luigid
) -> None:
    assert plain.ask("GET", "/api/pause", **headers).status == 200
    assert plain.call("is_paused").response == {"paused": True}
    plain.call("unpause")
    assert ours.ask("GET", "/api/pause", **headers).status == 403
    assert ours.call("is_paused").response == {"paused": False}


@pytest.mark.parametrize("headers", [each for each in FOREIGN if "Origin" in each], ids=str)
def test_a_form_of_another_site_is_refused(
    headers: dict[str, str], plain: Luigid, ours: Luigid
) -> None:
    body = urlencode({"data": "{}"})
    assert plain.ask("POST", "/api/pause", body, **headers).status == 200
    plain.call("unpause")
    assert ours.ask("POST", "/api/pause", body, **headers).status == 403
    assert ours.call("is_paused").response == {"paused": False}


def test_another_site_cannot_add_a_task_of_ours_either(plain: Luigid, ours: Luigid) -> None:
    body = urlencode({"data": '{"task_id": "x", "worker": "x"}'})
    assert plain.ask("POST", "/api/add_task", body, Origin="http://evil.example").status == 200
    assert ours.ask("POST", "/api/add_task", body, Origin="http://evil.example").status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8082", "[::2]"]
)
def test_a_foreign_host_name_that_resolves_to_this_machine_is_refused(
    host: str, plain: Luigid, ours: Luigid
) -> None:
    for path in (PAGE, "/api/task_list", "/metrics", "/history", "/healthz", "/static/x", "/x"):
        assert ours.ask("GET", path, Host=host).status == 421
    assert plain.ask("GET", "/api/task_list", Host=host).status == 200


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9", "luigid:8082"]
)
def test_the_own_host_names_of_luigid_are_accepted(host: str, ours: Luigid) -> None:
    assert ours.ask("GET", "/api/task_list", Host=host).status == 200


EVERYTHING = [PAGE, "/", "/api/task_list", "/metrics", "/history", "/tasklist", "/static/x", "/x"]


@pytest.mark.parametrize("path", EVERYTHING)
def test_nothing_can_be_read_without_the_password(path: str, plain: Luigid, locked: Luigid) -> None:
    wrong = [None, login("wrong"), login(PASSWORD, "root"), login(PASSWORD + "x"), "Basic ?", "x"]
    for header in wrong:
        headers = {"Authorization": header} if header else {}
        answer = locked.ask("GET", path, **headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert not re.search(r"tornado|3\.8", f"{answer.headers}{answer.text}", re.IGNORECASE)
    assert locked.ask("GET", path, Authorization=login(PASSWORD)).status in (200, 302, 404)
    assert plain.ask("GET", path).status != 401


def test_nothing_can_be_changed_without_the_password(plain: Luigid, locked: Luigid) -> None:
    task = popular("2024-05-05")
    assert plain.call("add_task", **task).status == 200
    assert locked.call("add_task", **task).status == 401
    answer = locked.ask("GET", "/api/task_list", Authorization=login(PASSWORD))
    assert task["task_id"] not in answer.response


def test_the_health_check_needs_no_password(locked: Luigid) -> None:
    assert locked.ask("HEAD", "/").status == 204
    answer = locked.ask("GET", "/healthz")
    assert (answer.status, answer.text) == (200, "up\n")
    assert "Server" not in answer.headers


UNUSABLE: dict[str, tuple[str, str]] = {
    "no JSON": ("task_list", "{"),
    "no object": ("task_list", "[]"),
    "too deep": ("task_list", "[" * 100_000),
    "an unknown argument": ("get_work", '{"worker": "x", "assistant_": 1}'),
    "a missing argument": ("get_work", "{}"),
    "a status that luigi would remember": ("task_list", '{"status": ["x"]}'),
    "text for a number": ("task_list", '{"max_shown_tasks": "x"}'),
    "a worker that is a list": ("get_work", '{"worker": []}'),
    "a worker that breaks the page": ("add_worker", '{"worker": "x", "info": {"name": 1}}'),
    "a worker of half a process": ("add_worker", '{"worker": "x", "info": {"workers": "x"}}'),
    "parameters that are text": ("add_task", '{"task_id": "x", "worker": "x", "params": "x"}'),
    "a priority that is no number": ("add_task", '{"worker": "x", "priority": "x"}'),
}


@pytest.mark.parametrize(("method", "data"), UNUSABLE.values(), ids=UNUSABLE)
def test_arguments_that_would_break_luigi_are_refused(method: str, data: str, ours: Luigid) -> None:
    answer = ours.ask("POST", f"/api/{method}", urlencode({"data": data}))
    assert answer.status == 400
    assert "Traceback" not in answer.text
    assert answer.text.count("\n") == 1


def test_the_same_arguments_break_a_plain_luigid_for_all_clients(tmp_path: Path) -> None:
    with plain_luigid(tmp_path) as luigid:
        luigid.call("add_worker", worker="x", info={"name": 1})
        assert luigid.call("worker_list").status == 500


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_no_page_can_read_is_refused(
    number: str, plain: Luigid, ours: Luigid
) -> None:
    task = popular("2024-03-01")
    for luigid, status in ((plain, 200), (ours, 400)):
        luigid.call("add_task", **task)
        data = f'{{"task_id": "{task["task_id"]}", "progress_percentage": {number}}}'
        path = "/api/set_task_progress_percentage"
        assert luigid.ask("POST", path, urlencode({"data": data})).status == status
    assert "NaN" in plain.call("task_list").text or "Infinity" in plain.call("task_list").text
    assert "NaN" not in ours.call("task_list").text


def test_an_unknown_call_and_an_unknown_page_are_not_there(ours: Luigid) -> None:
    assert ours.call("nothing").status == 404
    assert ours.call("__init__").status == 404
    assert ours.ask("GET", "/nothing").status == 404


def test_a_request_of_many_megabytes_is_not_read(ours: Luigid) -> None:
    body = "data=" + "x" * 5_000_000
    with contextlib.suppress(OSError):  # the connection is closed while we still send
        assert ours.ask("POST", "/api/ping", body).status in (400, 413)
    assert ours.ask("GET", "/healthz").status == 200


def run_one(luigid: Luigid, date: str) -> str:
    """Have a worker begin a task, as a real one would."""
    task = popular(date, worker=f"Worker({date})")
    luigid.call("add_task", **task)
    begun = luigid.call("get_work", worker=task["worker"], host="here").response
    assert begun["task_id"] == task["task_id"]
    return str(task["task_id"])


@pytest.mark.parametrize("kind", ["plain", "ours"])
def test_html_in_a_status_message_runs_in_the_page_of_a_plain_luigid_only(
    kind: str, tmp_path: Path
) -> None:
    start = plain_luigid if kind == "plain" else our_luigid
    message = "<img src=x onerror='window.stolen = 1'><b>half done</b>"
    with browser(tmp_path) as page, start(tmp_path / kind) as luigid:
        task_id = run_one(luigid, "2024-01-07")
        luigid.call("set_task_status_message", task_id=task_id, status_message=message)
        page.open(luigid.url + PAGE)
        page.wait_for("$('#taskTable .statusMessage').length")
        page.evaluate("$('#taskTable .statusMessage').first().click()")
        page.wait_for("$('#statusMessageModal pre b').text() === 'half done'")
        time.sleep(0.3)
        assert page.evaluate("window.stolen") == (1 if kind == "plain" else None)


def test_the_page_shows_tasks_graph_and_workers_in_a_real_browser(tmp_path: Path) -> None:
    with browser(tmp_path) as page, our_luigid(tmp_path) as luigid:
        first = run_one(luigid, "2024-01-07")
        summary = added(
            "DailySummary", {"date": "2024-01-07"}, "pipeline.tasks.daily", deps=[first]
        )
        luigid.call("add_task", **summary)
        page.open(luigid.url + PAGE)
        page.wait_for("$('#taskTable tbody tr').length === 2")
        assert "PopularMovies" in page.evaluate("$('#taskTable').text()")
        for kind, shape in (("svg", "svg circle.nodeCircle, svg circle"), ("d3", "svg g.node")):
            page.open("about:blank")
            page.open(f"{luigid.url}{PAGE}#tab=graph&visType={kind}&taskId={summary['task_id']}")
            page.wait_for(f"document.querySelectorAll('{shape}').length >= 2")
        page.open("about:blank")
        page.open(f"{luigid.url}{PAGE}#tab=workers")
        page.wait_for("document.body.innerText.includes('Worker(2024-01-07)')")


def test_the_pages_own_buttons_work(tmp_path: Path) -> None:
    with browser(tmp_path) as page, our_luigid(tmp_path) as luigid:
        task_id = run_one(luigid, "2024-01-07")
        failed = popular(worker="Worker(2024-01-07)", status="FAILED", expl='"it broke"')
        luigid.call("add_task", **failed)
        assert luigid.status_of(task_id) == "FAILED"
        page.open(luigid.url + PAGE)
        page.wait_for("$('#taskTable .forgiveFailures').length")
        page.evaluate("$('#taskTable .forgiveFailures').first().click()")
        deadline = time.monotonic() + 10
        while luigid.status_of(task_id) != "PENDING":
            assert time.monotonic() < deadline
        assert luigid.call("fetch_error", task_id=task_id).response["error"] == '"it broke"'


@pytest.mark.parametrize("kind", ["plain", "ours"])
def test_the_failure_of_a_task_that_never_ran_does_not_stop_scheduling(
    kind: str, ours: Luigid, tmp_path: Path
) -> None:
    policy = {"retry_count": 1}
    with contextlib.nullcontext(ours) if kind == "ours" else plain_luigid(tmp_path) as luigid:
        task = popular("2031-01-05", worker="Worker(stranger)", retry_policy_dict=policy)
        luigid.call("add_task", **{**task, "status": "FAILED"})
        luigid.call("report_task_statistics", task_id=task["task_id"], statistics={"x": {}})
        luigid.call("update_metrics_task_started", task="x")
        luigid.call("add_task", **task)
        answers = [luigid.call("add_task", **{**task, "status": "FAILED"}).status]
        answers += [luigid.call("get_work", worker="Worker(honest)").status]
    assert (500 in answers) == (kind == "plain")


def test_no_secret_that_a_failure_tells_reaches_the_page(tmp_path: Path) -> None:
    with our_luigid(tmp_path, TMDB_API_KEY="0123456789abcdef0123456789abcdef") as luigid:
        run_one(luigid, "2024-01-07")
        explanation = '"refused: api_key=0123456789abcdef0123456789abcdef&x=1"'
        failed = popular(worker="Worker(2024-01-07)", status="FAILED", expl=explanation)
        assert luigid.call("add_task", **failed).status == 200
        error = luigid.call("fetch_error", task_id=failed["task_id"]).text
        luigid.stop()
        kept = (luigid.data_dir / "state/luigid.pickle").read_bytes()
    assert "refused" in error
    assert "0123456789abcdef0123456789abcdef" not in error
    assert b"0123456789abcdef0123456789abcdef" not in kept


def test_the_log_reports_refusals_once_a_minute_and_no_ordinary_request(
    tmp_path: Path,
) -> None:
    with our_luigid(tmp_path) as luigid:
        for _ in range(50):
            luigid.call("ping", worker=WORKER)
            luigid.call("add_task", **popular(module="planted"))
        luigid.stop()
    assert luigid.log.read_text().count("refused") == 1
    assert len(luigid.log.read_text().splitlines()) <= 4


def test_days_are_collected_through_luigid(
    luigi_run: LuigiRun, ours: Luigid, tmp_path: Path
) -> None:
    config = tmp_path / "run.cfg"
    config.write_text(f"[core]\nscheduler_url = {ours.url}/\n")
    arguments = ("DailySummary", "--date", "2024-01-07", "--workers", "2")
    root = str(ours.data_dir)
    run = luigi_run(*arguments, local=False, LUIGI_CONFIG_PATH=str(config), PIPELINE_DATA_DIR=root)
    assert run.status == 0, run.output
    done = ours.call("task_list", status="DONE").response.values()
    assert {"DailySummary", "PopularMovies"} <= {task["name"] for task in done}


def test_days_are_collected_through_luigid_with_a_password(
    luigi_run: LuigiRun, locked: Luigid, tmp_path: Path
) -> None:
    config = tmp_path / "run.cfg"
    address = locked.url.replace("://", f"://luigi:{PASSWORD}@")
    config.write_text(f"[core]\nscheduler_url = {address}/\n")
    arguments = ("DailySummary", "--date", "2024-01-07")
    root = str(locked.data_dir)
    run = luigi_run(*arguments, local=False, LUIGI_CONFIG_PATH=str(config), PIPELINE_DATA_DIR=root)
    assert run.status == 0, run.output
    assert "local scheduler" not in run.output
    assert PASSWORD not in run.output + locked.log.read_text()


def test_a_genre_that_is_not_in_the_plan_is_still_reported_in_one_sentence(
    luigi_run: LuigiRun, ours: Luigid, tmp_path: Path
) -> None:
    config = tmp_path / "run.cfg"
    config.write_text(f"[core]\nscheduler_url = {ours.url}/\n")
    arguments = ("GenreMovies", "--date", "2024-01-07", "--genre", "../없음")
    run = luigi_run(*arguments, local=False, LUIGI_CONFIG_PATH=str(config))
    assert run.status == 35, run.output
    assert "There is no genre" in run.err
    assert "does not answer" not in run.err


READ_BY_THE_PAGE = [
    ("task_list", '{"status": "RUNNING", "upstream_status": "", "search": ""}'),
    ("task_list", '{"status": "PENDING", "upstream_status": "UPSTREAM_FAILED", "search": "x"}'),
    ("worker_list", "{}"),
    ("resource_list", "{}"),
    ("is_pause_enabled", "{}"),
    ("is_paused", ""),
    ("has_task_history", "{}"),
    ("dep_graph", '{"task_id": "x", "include_done": true}'),
    ("inverse_dep_graph", '{"task_id": "x", "include_done": false}'),
    ("fetch_error", '{"task_id": "x"}'),
    ("get_task_status_message", '{"task_id": "x"}'),
    ("get_task_progress_percentage", '{"task_id": "x"}'),
]


@pytest.mark.parametrize(("method", "data"), READ_BY_THE_PAGE)
def test_the_calls_of_the_page_are_answered(method: str, data: str, ours: Luigid) -> None:
    answer = ours.ask("GET", f"/api/{method}?{urlencode({'data': data})}")
    assert answer.status == 200
    assert answer.response is not None


def test_every_answer_has_security_headers(ours: Luigid) -> None:
    for path in (PAGE, "/", "/api/task_list", "/api/nothing", "/history", "/metrics", "/x"):
        headers = ours.ask("GET", path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def state_of(luigid: Luigid) -> Path:
    return luigid.data_dir / "state/luigid.pickle"


def test_luigid_stops_cleanly_and_saves_its_state_in_its_own_file(tmp_path: Path) -> None:
    days = {signal.SIGTERM: "2024-01-07", signal.SIGINT: "2024-01-08"}
    for number, day in days.items():
        with our_luigid(tmp_path) as luigid:
            luigid.call("add_task", **popular(day))
            assert luigid.stop(number) == 0
        assert "Traceback" not in luigid.log.read_text()
        assert stat.S_IMODE(state_of(luigid).stat().st_mode) == 0o600
        assert stat.S_IMODE(state_of(luigid).parent.stat().st_mode) == 0o700
    with our_luigid(tmp_path) as luigid:
        for day in days.values():
            assert luigid.status_of(popular(day)["task_id"]) == "PENDING"


def test_tasks_that_a_plain_luigid_accepted_are_dropped(tmp_path: Path) -> None:
    foreign = added("Planted", {"proof": "x"}, "planted")
    with plain_luigid(tmp_path) as luigid:
        luigid.call("add_task", **foreign)
        luigid.call("add_task", **popular())
        luigid.call("set_worker_processes", worker=WORKER, n=99)
        luigid.stop()
    os.chmod(tmp_path / "plain.pickle", 0o600)
    with our_luigid(tmp_path, "--state-path", str(tmp_path / "plain.pickle")) as luigid:
        assert set(luigid.call("task_list").response) == {popular()["task_id"]}
        assert luigid.call("ping", worker=WORKER).response == {"rpc_messages": []}


def test_a_damaged_state_does_not_keep_it_from_starting(tmp_path: Path) -> None:
    path = tmp_path / "data/state/luigid.pickle"
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_bytes(b"\x80\x05half")
    path.chmod(0o600)
    with our_luigid(tmp_path) as luigid:
        assert luigid.call("task_list").response == {}
    assert "is damaged" in luigid.log.read_text()


def refused_start(tmp_path: Path, *options: str, **variables: str) -> str:
    """What a luigid says that does not start."""
    command = [installed("tmdb-pipeline"), "luigid", "--port", "0", *options]
    env = {**os.environ, "PIPELINE_DATA_DIR": str(tmp_path / "data"), **variables}
    done = shared_zygote("luigid").run(command, env, tmp_path, timeout=60)
    assert done.status == 1, done.err
    assert len(done.err.splitlines()) == 1, done.err
    return done.err


@pytest.mark.parametrize("what", ["file", "folder", "link"])
def test_a_state_that_somebody_else_could_have_written_is_not_read(
    what: str, tmp_path: Path
) -> None:
    path = tmp_path / "data/state/luigid.pickle"
    path.parent.mkdir(parents=True)
    evil = tmp_path / "evil"
    proof = tmp_path / "proof"
    evil.write_bytes(b"cos\nsystem\n(S'touch " + str(proof).encode() + b"'\ntR.")
    if what == "link":
        path.symlink_to(evil)
    else:
        path.write_bytes(evil.read_bytes())
        path.chmod(0o666 if what == "file" else 0o600)
        path.parent.chmod(0o777 if what == "folder" else 0o700)
    sentence = refused_start(tmp_path)
    assert "luigid.pickle" in sentence or "state" in sentence
    assert not proof.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_state_of_somebody_else_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "data/state/luigid.pickle"
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_bytes(b"")
    path.chmod(0o600)
    os.chown(path, 12_345, 12_345)
    assert "belongs to" in refused_start(tmp_path)


def test_a_port_that_is_taken_is_one_sentence(ours: Luigid, tmp_path: Path) -> None:
    env = {**os.environ, "PIPELINE_DATA_DIR": str(tmp_path / "data")}
    command = [installed("tmdb-pipeline"), "luigid", "--port", str(ours.port)]
    done = as_process(command, env, tmp_path)
    sentence = done.err
    assert (done.status, sentence.count("\n")) == (1, 1), sentence
    assert f"Port {ours.port}" in sentence
    assert "--port" in sentence


def test_an_unusable_address_or_password_is_reported_in_one_sentence(
    tmp_path: Path,
) -> None:
    port = str(free_port())
    assert "192.0.2.1" in refused_start(tmp_path, "--address", "192.0.2.1", "--port", port)
    odd = refused_start(tmp_path, PIPELINE_LUIGID_PASSWORD="비밀")
    assert "ASCII" in odd
    assert "비밀" not in odd


def test_luigid_listens_on_this_machine_only_by_default(ours: Luigid) -> None:
    assert "listens on http://127.0.0.1:" in ours.log.read_text()
    assert replace(ours).url.startswith("http://127.0.0.1")


def test_luigid_warns_if_others_can_reach_it_without_a_password(tmp_path: Path) -> None:
    with our_luigid(tmp_path, "--address", "0.0.0.0") as luigid:
        luigid.stop()
    assert "PIPELINE_LUIGID_PASSWORD" in luigid.log.read_text()
