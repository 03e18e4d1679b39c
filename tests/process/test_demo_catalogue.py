"""The demo catalogue is the same in every process."""

import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from support.repository import TESTS

from pipeline.demo import answer

SUNDAY = date(2024, 1, 7)
KOREAN = {"language": "ko-KR", "region": "KR"}


def digest() -> str:
    seen = hashlib.sha256()
    for path in ("/movie/popular", "/movie/top_rated", "/trending/movie/week", "/discover/movie"):
        for page in ("1", "2", "9"):
            seen.update(repr(answer(path, KOREAN | {"page": page}, day=SUNDAY)).encode())
    return seen.hexdigest()


def test_another_process_writes_the_same_bytes() -> None:
    seed = "4242" if os.environ.get("PYTHONHASHSEED") != "4242" else "1"
    program = "from test_demo_catalogue import digest; print(digest())"
    path = os.pathsep.join([str(Path(__file__).parent), str(TESTS), *sys.path])
    other = subprocess.check_output(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path},
        text=True,
    )
    assert other == digest() + "\n"
