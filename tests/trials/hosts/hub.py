"""The hub of a case: luigid and TMDB, the prefix of the bucket, and the runs of the hosts."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from support.fake_tmdb import V3_KEY, FakeTmdb
from support.fake_tmdb.wire import Reply
from support.luigi_runs import luigi_command
from support.luigid_process import Luigid, our_luigid
from support.object_store import BUCKET, Store
from support.ports import free_port
from support.repository import REPOSITORY

from pipeline import demo
from pipeline.paths import Layout
from pipeline.storage.object_path import ObjectPath
from trials.hosts.network import HUB_ADDRESS, Network
from trials.runs import Ended

TASK = "WeeklyConsolidation"
HOSTS = 3
# Requests a second of all hosts together: few, so that a week lasts long enough to be disturbed.
REQUESTS_PER_SECOND = 9
TMDB_BUCKET, TMDB_LATENCY_SECONDS = 40, 0.1
LONGEST_SECONDS = 500.0
HANGS = 999  # the status of a run that was still there by then


@dataclass
class Run:
    """The run of a host: a process group of its own."""

    process: subprocess.Popen[bytes]
    output: Path
    began: float
    status: int | None = None
    seconds: float = 0.0

    def kill(self) -> None:
        """Kill the run and its task processes at once, as the end of the host would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    @property
    def ended(self) -> Ended:
        """How it ended, and what it printed."""
        return Ended(self.status, self.output.read_text(encoding="utf-8", errors="replace"))


@dataclass
class Hub:
    """What a case consists of."""

    folder: Path
    network: Network
    store: Store
    tmdb: FakeTmdb
    day: date
    layout: Layout
    luigid_port: int
    runs: list[Run] = field(default_factory=list)
    _around_luigid: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    luigid: Luigid | None = None

    def start_luigid(self) -> None:
        """Start luigid, with the state that an earlier one saved."""
        options = ("--address", "0.0.0.0", "--allow-host", HUB_ADDRESS)
        self.luigid = self._around_luigid.enter_context(
            our_luigid(
                self.folder / "luigid", *options, "--port", str(self.luigid_port),
                configuration=(REPOSITORY / "luigi.cfg").read_text(),
                PIPELINE_WORK_DIR=str(self.folder / "luigid/machine"),
                PIPELINE_DATA_DIR=str(self.layout.root), **self.store.variables(),
            )
        )  # fmt: skip

    def end_luigid(self, number: int) -> None:
        """End luigid by a signal."""
        assert self.luigid is not None
        self.luigid.process.send_signal(number)
        self.luigid.process.wait(timeout=60)

    def start_runs(self, requests_per_second: int) -> None:
        """Start the same command on all hosts."""
        for number in range(1, HOSTS + 1):
            folder = self.folder / f"host-{number}"
            (folder / "tmp").mkdir(parents=True)
            configuration = (REPOSITORY / "luigi.cfg").read_text().replace("127.0.0.1", HUB_ADDRESS)
            (folder / "luigi.cfg").write_text(
                configuration.replace(":8082", f":{self.luigid_port}")
            )
            shutil.copy(REPOSITORY / "config/unattended.cfg", folder)
            command = luigi_command(TASK, "--date", str(self.day), "--workers", "2")
            output = folder / "output"
            with output.open("wb") as stream:
                process = subprocess.Popen(
                    ["ip", "netns", "exec", self.network.host(number), *command],
                    env=self._environment(folder, requests_per_second), cwd=folder,
                    stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
                )  # fmt: skip
            self.runs.append(Run(process, output, time.monotonic()))

    def wait_for_runs(self) -> None:
        """Wait for the end of each run; those that hang are killed."""
        while waiting := [run for run in self.runs if run.status is None]:
            for run in waiting:
                run.status = run.process.poll()
                run.seconds = time.monotonic() - run.began
                if run.status is None and run.seconds > LONGEST_SECONDS:
                    run.kill()
                    run.status = HANGS
            time.sleep(0.1)

    def close(self) -> None:
        """End what still runs, and connect all hosts."""
        for run in self.runs:
            run.kill()
            run.process.wait()
        self._around_luigid.close()
        for number in range(1, HOSTS + 1):
            self.network.connect(number)

    def journals(self) -> Iterator[Path]:
        """Yield the journals of the hosts: which task ended when."""
        yield from self.folder.glob("host-*/machine/*/logs/journal/*.log")

    def _environment(self, folder: Path, requests_per_second: int) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "LUIGI_CONFIG_PATH": str(folder / "unattended.cfg"),
            "PIPELINE_CONFIG_DIR": str(REPOSITORY / "config"),
            "PIPELINE_DATA_DIR": str(self.layout.root),
            "PIPELINE_WORK_DIR": str(folder / "machine"),
            "PIPELINE_HOSTS": str(HOSTS),
            "TMDB_API_KEY": V3_KEY,
            "TMDB_API_URL": f"http://{HUB_ADDRESS}:{self.tmdb.port}/3",
            "TMDB_REQUESTS_PER_SECOND": str(requests_per_second),
            **self.store.variables(f"http://{HUB_ADDRESS}:{self.store.port}"),
        }


@contextlib.contextmanager
def make_hub(folder: Path, network: Network, store: Store, day: date) -> Iterator[Hub]:
    """Start luigid and TMDB for one case, whose documents have a prefix of their own."""

    def answer(path: str, query: Mapping[str, str]) -> Reply:
        response = demo.answer(path.removeprefix("/3"), query, day=day)
        return Reply(response.status, response.body, response.headers)

    layout = Layout(ObjectPath(f"s3://{BUCKET}/{folder.name}"), folder)
    with FakeTmdb(
        key=V3_KEY, limit=TMDB_BUCKET, latency=TMDB_LATENCY_SECONDS, answer=answer,
        address="0.0.0.0",
    ) as tmdb:  # fmt: skip
        hub = Hub(folder, network, store, tmdb, day, layout, free_port())
        with contextlib.closing(hub):
            hub.start_luigid()
            yield hub
