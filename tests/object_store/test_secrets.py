"""The AWS secrets are looked for wherever a run with a bucket, its luigid or a command writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import canary
from support.bucket_roots import contents
from support.commands import run_in_process
from support.luigi_runs import LuigiRun
from support.luigid_process import our_luigid
from support.object_store import SECRET, Proxy
from support.operate import luigi_cfg
from support.receivers import Receiver

from pipeline.paths import Layout
from pipeline.storage import s3_client

TOKEN = "session-token-c0ffee00decafbad-never-shown"
COMMANDS = ("check", "doctor", "doctor --json", "status", "runs", "logs", "explain daily", "stats")
READS = ("task_list", "worker_list", "resource_list")
PAGES = ("/", "/metrics", "/pages/", "/pages/index.html")


@pytest.mark.timeout(240)
def test_the_aws_secrets_are_nowhere(
    luigi_run: LuigiRun, operator_environment: dict[str, str], proxy: Proxy, layout: Layout,
    receiver: Receiver, tmp_path: Path, clean_environment: Path,
) -> None:  # fmt: skip
    """A day that is done, and a day whose store quotes the secrets in each answer."""
    printed: dict[str, bytes] = {}
    environment = operator_environment | {"PIPELINE_ALERT_URL": receiver.url}
    store = {name: environment[name] for name in environment if name.startswith("AWS_")}
    root = {name: environment[name] for name in ("PIPELINE_DATA_DIR", "PIPELINE_WORK_DIR")}
    with our_luigid(tmp_path / "luigid", **root, **store) as luigid:
        environment["LUIGI_CONFIG_PATH"] = luigi_cfg(tmp_path / "luigi.cfg", f"{luigid.url}/")

        def run(day: str, expected: int) -> None:
            words = ("DailySummary", "--date", day, "--log-level", "DEBUG")
            done = luigi_run(*words, local=False, **environment)
            printed[f"run {day}"] = done.output.encode()
            assert done.status == expected, done.output
            for command in COMMANDS:
                shown = run_in_process(*command.split(), env=environment, cwd=clean_environment)
                printed[f"tmdb-pipeline {command} after {day}"] = shown.output.encode()

        run("2024-01-06", 0)
        names = [f"luigid: {method}" for method in READS]
        answers = [luigid.call(method).text for method in READS]
        answers += [luigid.call("fetch_error", task_id=task).text
                    for task in luigid.call("task_list").response]  # fmt: skip
        answers += [luigid.ask("GET", page).text for page in PAGES]
        kept = {**contents(layout), **dict(zip(names, map(str.encode, answers), strict=False))}
        environment["AWS_SESSION_TOKEN"] = TOKEN
        quoting = f"<Code>Odd{SECRET}</Code><Message>{SECRET} {TOKEN}</Message>"
        proxy.always, proxy.error = ("*", "400"), f"<Error>{quoting}</Error>"
        s3_client.forget_clients()
        run("2024-01-07", 35)
        answers += [luigid.ask("GET", page).text for page in PAGES]
    places = {**canary.files(tmp_path), **kept, **printed}
    places["luigid"] = "\n".join(answers).encode()
    places["alerts"] = json.dumps(receiver.messages).encode()
    assert receiver.messages, "the failed run has alerted"
    assert [each for each in places if "/logs/" in each], "a log of a run was looked at"
    assert [found for secret in (SECRET, TOKEN) for found in canary.found(secret, places)] == []
