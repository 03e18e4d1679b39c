"""Documents on disk: whole or not at all, and a clear word where one is damaged."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from support.stored_documents import DOCUMENT, an_hour_later, names

from pipeline.storage import documents, local

AT_PUBLICATION = """
import json, os, resource, signal, subprocess, sys
from pathlib import Path
from pipeline.storage import documents
from pipeline.errors import StorageError

path, document = Path(sys.argv[1]), json.loads(sys.argv[2])

def watch(event, arguments):
    if event in ("os.rename", "os.link"):
        at_publication()
"""
"""Begins a program that publishes; `at_publication` is called when its temporary is all written."""


DIES = """
def at_publication():
    os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
documents.publish(path, document)
"""


WAITS = """
def at_publication():
    print("written", flush=True)
    sys.stdin.readline()
sys.addaudithook(watch)
documents.publish(path, document)
"""


OVERTAKEN = """
PUBLISH_AND_READ = '''
import sys
from pathlib import Path
from pipeline.storage import documents
documents.publish(Path(sys.argv[1]), {"by": "the other"})
print(documents.read(Path(sys.argv[1]))["by"])
'''
others = []
def at_publication():
    if not others:
        command = [sys.executable, "-c", PUBLISH_AND_READ, str(path)]
        others.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        try:
            others[0].wait(1)  # not forever: storage may well make the other wait for us
        except subprocess.TimeoutExpired:
            pass
sys.addaudithook(watch)
documents.publish(path, document)
print(others[0].communicate()[0], end="")
"""


MEETS_A_FULL_DISK = """
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    documents.publish(path, {"movies": [document] * 1000})
except StorageError as error:
    print(error)
"""


def program(does: str, path: Path, document: dict[str, Any]) -> list[str]:
    return [sys.executable, "-c", AT_PUBLICATION + does, str(path), json.dumps(document)]


def ran(does: str, path: Path, document: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program(does, path, document), capture_output=True, text=True, timeout=30, check=False
    )


def test_a_full_disk_leaves_nothing_behind_and_says_what_to_do(data_dir: Path) -> None:
    path = data_dir / "x.json"
    done = ran(MEETS_A_FULL_DISK, path, DOCUMENT)
    assert done.stdout.strip() == (
        f"Cannot write {path}: File too large. Free or fix that disk or folder and run the same "
        "command again; what is finished is kept."
    ), done.stderr
    assert names(data_dir) == []


def test_a_killed_run_leaves_no_target_and_the_next_one_sweeps_up(data_dir: Path) -> None:
    path = data_dir / "x.json"
    assert ran(DIES, path, {"by": "the killed one"}).returncode == -9
    (left,) = names(data_dir)
    assert left.startswith(".x.json.")
    assert left.endswith(".tmp")

    assert local.sweep([data_dir]) == [], "it may have a writer"
    an_hour_later(data_dir / left)
    assert local.sweep([data_dir]) == [data_dir / left]
    documents.publish(path, DOCUMENT)
    assert names(data_dir) == ["x.json"]
    assert documents.read(path) == DOCUMENT


def test_a_file_that_is_being_written_is_not_swept(data_dir: Path) -> None:
    slow = data_dir / "slow.json"
    with subprocess.Popen(
        program(WAITS, slow, DOCUMENT), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"written\n"
        being_written = names(data_dir)
        assert len(being_written) == 1
        assert local.sweep([data_dir]) == []
        assert names(data_dir) == being_written
        writer.communicate(b"go on\n", timeout=30)
    assert writer.returncode == 0
    assert names(data_dir) == ["slow.json"]
    assert documents.read(slow) == DOCUMENT


def test_a_run_overtaken_at_the_last_moment_does_not_replace_what_was_read(data_dir: Path) -> None:
    path = data_dir / "x.json"
    done = ran(OVERTAKEN, path, {"by": "the overtaken"})
    assert done.returncode == 0, done.stderr
    assert names(data_dir) == ["x.json"]
    assert documents.read(path) == {"by": done.stdout.strip()}


def large_document_by(writer: int) -> dict[str, Any]:
    return {"by": writer, "movies": [{"id": each, "title": "영화" * 20} for each in range(500)]}


def publish_together(path: Path, writer: int, start: Barrier) -> None:
    start.wait(30)
    documents.publish(path, large_document_by(writer))


def test_eight_processes_at_once_leave_one_whole_file(data_dir: Path) -> None:
    path = data_dir / "raw/x.json"
    forking = multiprocessing.get_context("fork")
    start = forking.Barrier(8)
    writers = [
        forking.Process(target=publish_together, args=(path, writer, start)) for writer in range(8)
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join(30)
    assert [each.exitcode for each in writers] == [0] * 8
    assert names(path.parent) == ["x.json"]
    document = documents.read(path)
    assert document == large_document_by(document["by"])
