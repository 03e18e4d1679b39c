"""The process that serves the demo catalogue."""

import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from support.repository import REPOSITORY

COMMAND = [sys.executable, "-m", "pipeline.demo"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_cleanly(ending: signal.Signals) -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        url = urlsplit(ready.split()[-1])
        assert ready == f"Serving the demo catalogue on http://127.0.0.1:{url.port}/3\n"
        with socket.create_connection(("127.0.0.1", url.port or 0), timeout=5):
            process.send_signal(ending)
            output, errors = process.communicate(timeout=5)
        assert (process.returncode, output, errors) == (0, "", "")
