"""Processes that are killed while they write to a bucket, and processes that luigi forks."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

from support.object_store import Proxy

from pipeline.storage.documents import storage_of
from pipeline.storage.object_path import ObjectPath

_WRITER = """
import sys
from pipeline.storage.object_path import ObjectPath
from pipeline.storage.documents import storage_of
path = ObjectPath(sys.argv[1])
storage_of(path).exists(path)
print("ready", flush=True)
storage_of(path).publish(path, [bytes([int(sys.argv[2])]) * 4_000_000])
"""


def test_a_document_whose_writer_is_killed_is_complete_or_absent(
    bucket: ObjectPath, proxy: Proxy
) -> None:
    """Thirty kills within the 100 ms after a writer has started to write."""
    complete = 0
    for number in range(30):
        path = bucket / str(number)
        command = [sys.executable, "-c", _WRITER, str(path), str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(random.uniform(0, 0.1))
            writer.send_signal(signal.SIGKILL)
        time.sleep(0.05)
        if storage_of(path).exists(path):
            assert storage_of(path).read(path) == bytes([number]) * 4_000_000
            complete += 1
    assert complete < 30, "each writer was done before it was killed: the test proves nothing"


def _read_own(path: ObjectPath, text: bytes) -> None:
    for _ in range(20):
        if storage_of(path).read(path) != text:
            os._exit(3)
    os._exit(0)


def test_a_forked_process_never_reads_the_document_of_another_one(bucket: ObjectPath) -> None:
    """The parent's client has an open connection when the children are forked, as in luigi."""
    texts = {bucket / str(n): hashlib.sha256(str(n).encode()).digest() * 2_000 for n in range(8)}
    for path, text in texts.items():
        storage_of(path).publish(path, [text])
        assert storage_of(path).exists(path)
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_read_own, args=each) for each in texts.items()]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 8
