"""doctor warns where more hosts work than the limits of requests are divided by."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.luigid_process import our_luigid
from support.operate import Operate, findings, luigi_cfg


@pytest.mark.parametrize(("hosts", "state"), [(None, "warning"), ("2", "warning"), ("3", "ok")])
def test_hosts_that_work_are_compared_with_the_setting(
    command: Operate, tmp_path: Path, hosts: str | None, state: str
) -> None:
    with our_luigid(tmp_path / "luigid") as luigid:
        for number, host in enumerate(("seoul", "busan", "seoul", "jeju")):
            luigid.call("add_worker", worker=f"worker-{number}", info=[["host", host]])
        path = luigi_cfg(tmp_path / "ours.cfg", f"{luigid.url}/")
        run = command("doctor", "--json", LUIGI_CONFIG_PATH=path, PIPELINE_HOSTS=hosts)
    found = findings(run)["luigid"]
    assert found["state"] == state
    assert found["found"].endswith("; workers of 3 hosts: busan, jeju, seoul") == (state != "ok")
    assert ("set PIPELINE_HOSTS=3 on each" in found["fix"]) == (state != "ok")
    assert run.status == 0
