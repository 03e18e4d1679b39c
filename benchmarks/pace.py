"""How close a week comes to the pace that the API allows: us and a bare loop, side by side.

    make bench            five rounds; `python benchmarks/pace.py --rounds 9` for more

The demo catalogue serves on a loopback port with 100 ms an answer and a bucket of 40 requests that
refills at 40 a second, so 140 pages cannot take less than 2.6 s. Each round runs every contender
once, from a full bucket and an empty data root; medians over the rounds are printed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from process import Measured, clean_environment, measured

HERE = Path(__file__).parent
KEY = "00112233445566778899aabbccddeeff"
REFILL_SECONDS = 1.5
LIMIT_SECONDS = (140 - 40) / 40 + 0.1


def luigi(*more: str) -> list[str]:
    command = Path(sys.executable).with_name("luigi")
    day = datetime.date.today().isoformat()
    return [
        *(str(command), "--module", "pipeline", "WeeklyConsolidation"),
        *("--date", day, "--local-scheduler", *more),
    ]


CONTENDERS = {
    "bare concurrent loop": [sys.executable, str(HERE / "bare.py")],
    "week, one worker": luigi(),
    "week, --workers 4": luigi("--workers", "4"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "pipeline.tmdb.demo", "--port", "0"),
                *("--latency-ms", "100", "--requests-per-second", "40"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[-1]
            report(url, Path(folder), rounds)
        finally:
            server.terminate()
            server.wait()


def report(url: str, folder: Path, rounds: int) -> None:
    environment = {
        **clean_environment(),
        "TMDB_API_URL": url,
        "TMDB_API_KEY": KEY,
        "PIPELINE_DATA_DIR": str(folder / "data"),
        "TMPDIR": str(folder),
        "LUIGI_CONFIG_PATH": str(HERE.parent / "luigi.cfg"),
    }
    before = refusals(url)
    timed: dict[str, list[Measured]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, command in CONTENDERS.items():
            timed[name].append(once(command, environment))
    weighed = {
        name: once(command, environment, memory=True) for name, command in CONTENDERS.items()
    }
    print(f"{platform.python_version()}, {os.cpu_count()} cores, medians of {rounds} rounds")
    print(f"{'':22} {'wall s':>7} {'/ limit':>8} {'/ bare':>7} {'CPU s':>6} {'peak MB':>8}")
    bare = statistics.median(run.wall_seconds for run in timed["bare concurrent loop"])
    for name, runs in timed.items():
        wall = statistics.median(run.wall_seconds for run in runs)
        cpu = statistics.median(run.cpu_seconds for run in runs)
        print(
            f"{name:22} {wall:7.2f} {wall / LIMIT_SECONDS:8.2f} {wall / bare:7.2f} {cpu:6.2f} "
            f"{weighed[name].peak_mb or 0:8.1f}"
        )
    print(f"refused with 429 in all runs together: {refusals(url) - before}")


def once(command: list[str], environment: dict[str, str], *, memory: bool = False) -> Measured:
    shutil.rmtree(environment["PIPELINE_DATA_DIR"], ignore_errors=True)
    time.sleep(REFILL_SECONDS)
    run = measured(command, environment, memory=memory)
    if run.status != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{run.output}")
    return run


def refusals(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/3") + "/stats") as answer:
        return int(json.load(answer)["refusals"])


if __name__ == "__main__":
    main()
