"""Commands in forked children: the pipeline is imported once, and each child ends by a limit.

A child has its own folder, environment, time, and address space. It reaches no other machine and
writes nowhere else: what it is fed with may name anything.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import resource
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from support.repository import REPOSITORY, TESTS

SECONDS = 60
"""A command of a small plan takes one; ten where luigid does not answer."""

MEGABYTES = 150

_ADDRESS_SPACE = 3 << 30
_PEAK = "peak"
_HERE = ("127.", "localhost", "::1")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

DOCUMENTED = {
    int(status)
    for status in re.findall(
        r"^\| (\d+) \|", (REPOSITORY / "docs/reference/exit-statuses.md").read_text(), re.M
    )
}
"""Every exit status in the table of docs/reference/exit-statuses.md."""


class Ended(NamedTuple):
    """How a child ended: its status (None: it had to be killed), what it said, its memory.

    That is its peak; of a fork, beyond what its parent had by then.
    """

    status: int | None
    out: str
    err: str
    megabytes: float

    def judged(self) -> str:
        """Return right or refused.

        Raises:
            AssertionError: it hung, ended in a traceback, with a status that no document tells, in
                silence, or took too much memory.
        """
        shown = f"status {self.status}\n{self.out[-2000:]}\n{self.err[-6000:]}"
        assert self.status is not None, f"it hangs\n{shown}"
        assert self.status in DOCUMENTED, shown
        assert "Traceback (most recent" not in self.err + self.out, shown
        assert self.status == 0 or (self.out + self.err).strip(), f"silent\n{shown}"
        assert self.megabytes < MEGABYTES, f"{self.megabytes:.0f} MB\n{shown}"
        return "right" if self.status == 0 else "refused"


def forked(
    run: Callable[[], None],
    words: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    seconds: float = SECONDS,
) -> Ended:
    """Run it in a fork of this process, with these words as its command line."""

    def work() -> None:
        sys.argv = list(words)
        _guard(folder)
        run()

    return _ended(work, folder, variables, seconds)


def spawned(
    words: Sequence[str], folder: Path, variables: Mapping[str, str], seconds: float = SECONDS
) -> Ended:
    """Run a script of this environment in a Python of its own, in which nothing is imported yet."""
    script = str(Path(sys.executable).with_name(words[0]))
    code = (
        f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"
        "from pathlib import Path\n"
        "from trials.children import _guard, _note_peak\n"
        f"_guard(Path({str(folder)!r})); _note_peak(Path({str(folder / _PEAK)!r}))\n"
        f"del sys.path[0]; sys.argv = [{script!r}, *sys.argv[1:]]\n"
        f"exec(compile(open({script!r}).read(), {script!r}, 'exec'), {{'__name__': '__main__'}})\n"
    )
    command = [sys.executable, "-c", code, *words[1:]]
    ended = _ended(lambda: os.execv(sys.executable, command), folder, variables, seconds)
    noted = folder / _PEAK
    return ended._replace(megabytes=float(noted.read_text())) if noted.exists() else ended


def _ended(
    work: Callable[[], None], folder: Path, variables: Mapping[str, str], seconds: float
) -> Ended:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        sys.stdout.flush()
        sys.stderr.flush()
        before = _resident()
        child = os.fork()
        if child == 0:
            _become(work, folder, variables, out.fileno(), err.fileno())
        status, megabytes = _awaited(child, seconds)
        return Ended(status, _text(out.fileno()), _text(err.fileno()), max(0.0, megabytes - before))


def _become(
    work: Callable[[], None], folder: Path, variables: Mapping[str, str], out: int, err: int
) -> None:
    """Be the child, to its end."""
    status = 70
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = (_stream(each) for each in (1, 2))
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        os.chdir(folder)
        tempfile.tempdir = None
        for name in [each for each in os.environ if each.startswith(("TMDB_", "PIPELINE_", "LU"))]:
            del os.environ[name]
        os.environ.update({"TMPDIR": str(folder), **variables})
        work()
        status = 0
    except SystemExit as end:
        status = _status_of(end)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _stream(descriptor: int) -> TextIO:
    return os.fdopen(descriptor, "w", errors="backslashreplace")


def _status_of(end: SystemExit) -> int:
    """Do with the status of an exit what Python does at the end of a process."""
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def _awaited(child: int, seconds: float) -> tuple[int | None, float]:
    descriptor = os.pidfd_open(child)
    ready, _, _ = select.select([descriptor], [], [], seconds)
    os.close(descriptor)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return (code if code >= 0 else 128 - code) if ready else None, used.ru_maxrss / 1024


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def _text(descriptor: int) -> str:
    return os.pread(descriptor, 1 << 20, 0).decode("utf-8", "replace")


def _guard(folder: Path) -> None:
    """Refuse other machines, and files outside of the folder, as the system would."""
    allowed = (str(folder), "/dev/")

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo" and not str(arguments[0]).startswith(_HERE):
            raise socket.gaierror(-2, "Name or service not known")
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            if not str(arguments[1][0]).startswith(_HERE):
                raise OSError(101, "Network is unreachable")
        elif event == "open" and isinstance(arguments[0], str | os.PathLike):
            writes = isinstance(arguments[2], int) and arguments[2] & _WRITES
            if writes and not _real(arguments[0]).startswith(allowed):
                raise PermissionError(13, "Permission denied", str(arguments[0]))
        elif event == "os.mkdir" and not _real(arguments[0]).startswith(allowed):
            raise PermissionError(13, "Permission denied", str(arguments[0]))

    sys.addaudithook(look)


def _note_peak(path: Path) -> None:
    """Have this process write down at its end how much memory it had at most."""

    def note() -> None:
        status = Path("/proc/self/status").read_text()
        path.write_text(str(int(status.partition("VmHWM:")[2].split()[0]) / 1024))

    atexit.register(note)


def _real(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))
