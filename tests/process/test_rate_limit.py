"""One rate limit for all processes of a machine, whatever happens to its file and to the others."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from support.rates import assert_within

from pipeline.tmdb.rate_limit import RateLimiter

WORKER = """
import sys, threading, time
from pathlib import Path
from pipeline import clock
from pipeline.tmdb.rate_limit import RateLimiter
path, rate, threads, each = Path(sys.argv[1]), *map(float, sys.argv[2:])
limiter, granted, seen = RateLimiter(path, rate), [], threading.local()
def monotonic():
    seen.now = time.monotonic()
    return seen.now
clock.monotonic = monotonic
def ask():
    for _ in range(int(each)):
        wait = limiter.acquire()
        granted.append((seen.now, seen.now + wait))
        time.sleep(wait)
print("ready", flush=True)
sys.stdin.readline()
workers = [threading.Thread(target=ask) for _ in range(int(threads))]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(*(f"{asked!r}:{moment!r}" for asked, moment in granted))
"""


def test_four_processes_with_many_threads_share_one_rate_limit_and_none_starves(
    rate_file: Path,
) -> None:
    rate = 60.0
    command = [sys.executable, "-c", WORKER, str(rate_file), str(rate), "8", "8"]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    granted = [
        [tuple(map(float, pair.split(":"))) for pair in worker.communicate()[0].split()]
        for worker in workers
    ]

    pairs = [pair for of_one in granted for pair in of_one]
    moments = [moment for _, moment in pairs]
    assert len(moments) == 256
    assert_within(moments, rate, rate)
    # At most 31 others can have asked before: who waits while half of all are served is starved.
    for asked, moment in pairs:
        assert sum(asked < other < moment for other in moments) < 128


HOLDER = """
import fcntl, os, sys, time
descriptor = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_a_process_killed_during_its_turn_leaves_nothing_blocked(rate_file: Path) -> None:
    limiter = RateLimiter(rate_file, 40)
    limiter.acquire()
    command = [sys.executable, "-c", HOLDER, str(rate_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiting = threading.Thread(target=limiter.acquire, daemon=True)
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive(), "somebody else has the turn"

        holder.kill()
        waiting.join(20)

        assert not waiting.is_alive()


MEETS_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from pipeline.errors import StorageError
from pipeline.tmdb.rate_limit import RateLimiter
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    RateLimiter(Path(sys.argv[1]), 10).acquire()
except StorageError as error:
    print(error)
"""


def test_a_full_disk_is_reported(rate_file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEETS_A_FULL_DISK, str(rate_file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == (
        f"Cannot keep the rate limit in {rate_file}: File too large; set TMPDIR to a writable "
        "folder of your own.\n"
    ), done.stderr
