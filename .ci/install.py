"""Install packages with pip and show how far it is: one line on a terminal, all of it if it fails.

    python .ci/install.py -m pip install -r requirements/run.txt

The words are those that Python itself would get. Without a terminal it is one sentence.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(sys.prefix).name


def main(words: list[str]) -> int:
    """Run pip, and return its exit status."""
    files = [Path(name) for option, name in itertools.pairwise(words) if option == "-r"]
    total = sum(len(re.findall(r"^[\w.-]+==", path.read_text(), re.M)) for path in files)
    if not sys.stdout.isatty():
        print(f"Installing {total} packages into {FOLDER} ...", flush=True)
    process = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    output: list[str] = []
    if sys.stdout.isatty():
        threading.Thread(target=show, args=(process, output, total), daemon=True).start()
    assert process.stdout is not None
    output.extend(process.stdout)
    status = process.wait()
    print("\r\x1b[K" * sys.stdout.isatty(), end="")
    if status:
        print("".join(output), end="", file=sys.stderr)
    return status


def show(process: subprocess.Popen[str], output: list[str], total: int) -> None:
    """Show twice a second what pip is doing, until it ends."""
    began = time.monotonic()
    while process.poll() is None:
        found = sum(line.startswith(("Collecting", "Ignoring", "Requirement")) for line in output)
        is_found = any(line.startswith("Installing") for line in output)
        what = f"unpacking {total}" if is_found else f"fetching {min(found, total)} of {total}"
        seconds = time.monotonic() - began
        print(
            f"\r\x1b[KInstalling into .venv: {what} packages, {seconds:.0f} s", end="", flush=True
        )
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
