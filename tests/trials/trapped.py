"""The file calls of a process, counted; the N-th of them kills it or meets an error.

The calls that Python makes to the system below one folder are counted, in every process: `open`,
writes, `fsync`, locks, folders made, names given and removed. The count is a file, so that forked
workers count together and the trial can read it afterwards.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import fcntl
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

_RECORD = 16
_WRITES = ("create", "write", "fsync", "mkdir", "link", "rename")

MEETS: dict[int, tuple[str, ...]] = {
    errno.ENOSPC: _WRITES,
    errno.EDQUOT: _WRITES,
    errno.EROFS: ("create", "mkdir", "link", "rename", "unlink"),
    errno.EACCES: ("create", "open", "mkdir", "link", "rename", "unlink"),
    errno.EIO: ("create", "open", "write", "fsync", "mkdir", "link", "rename", "unlink"),
    errno.EMFILE: ("create", "open"),
    errno.ENOLCK: ("lock",),
}
"""Which calls meet which error in real life."""

LASTING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
"""Errors that every further call meets too; the others pass."""


class Trap(NamedTuple):
    """The fault of the calls below a folder, from the N-th on; it kills where `error` is 0."""

    below: str
    count_file: str
    at: int
    error: int = 0

    def set(self) -> None:
        """Put it in place, in this process and those that it forks."""
        _Calls(self).intercept()


def counted(path: Path) -> list[str]:
    """Return the calls that were counted, in their order."""
    names = path.read_bytes() if path.exists() else b""
    return [names[at : at + _RECORD].decode().strip() for at in range(0, len(names), _RECORD)]


class _Calls:
    def __init__(self, trap: Trap) -> None:
        self._trap = trap
        self._names = MEETS.get(trap.error, ())
        self._write, self._readlink, self._lockf = os.write, os.readlink, fcntl.lockf
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._count = os.open(trap.count_file, flags, 0o666)

    def intercept(self) -> None:
        for name in ("fsync", "mkdir", "link", "rename", "unlink"):
            setattr(os, name, self._around(getattr(os, name), name))
        os.open = self._around(os.open, _kind_of_open)
        os.write = self._around(os.write, "write")
        os.pwrite = self._around(os.pwrite, "write")
        os.ftruncate = self._around(os.ftruncate, "truncate")
        fcntl.flock = self._around(fcntl.flock, "lock")
        fcntl.lockf = self._around(fcntl.lockf, "lock")
        builtins.open = io.open = self._streams(io.open)

    def _around(
        self, call: Callable[..., Any], kind: str | Callable[..., str]
    ) -> Callable[..., Any]:
        def trapped(what: Any, *rest: Any, **named: Any) -> Any:
            if not self._concerns(what):
                return call(what, *rest, **named)
            name = kind if isinstance(kind, str) else kind(*rest)
            self._step(name, what, lambda: call(what, rest[0][: len(rest[0]) // 2], *rest[1:]))
            answer = call(what, *rest, **named)
            self._after(name)
            return answer

        return trapped

    def _streams(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Build a stream that writes by hand, so that each of its writes is seen."""
        calls = self

        class Counted(io.FileIO):
            def write(self, content: Any) -> int:
                write = super().write
                calls._step("write", self.fileno(), lambda: write(content[: len(content) // 2]))
                written = write(content)
                calls._after("write")
                return written

        def opened(
            file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any
        ) -> Any:
            if not self._concerns(file):
                return call(file, mode, buffering, *rest, **named)
            if not isinstance(file, int) and "opener" not in named:
                self._step("create" if set(mode) & set("wax") else "open", file, _nothing)
            if not set(mode) & set("wax") or "b" not in mode:
                return call(file, mode, buffering, *rest, **named)
            given = {key: named[key] for key in ("closefd", "opener") if key in named}
            raw = Counted(file, mode.replace("b", ""), **given)
            size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
            return (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw, size)

        return opened

    def _concerns(self, what: Any) -> bool:
        if isinstance(what, int):
            with contextlib.suppress(OSError):
                return self._readlink(f"/proc/self/fd/{what}").startswith(self._trap.below)
            return False
        try:
            return os.fsdecode(what).startswith(self._trap.below)
        except TypeError:
            return False

    def _step(self, name: str, what: Any, half: Callable[[], Any]) -> None:
        """Before a call: kill, or let it meet the error; a write gets half of it done."""
        if name in ("open", "mkdir") and os.path.exists(what) == (name == "mkdir"):
            return  # the call fails anyway
        if not self._trap.error:
            self._kill_at(name)
            if name == "write":
                self._kill_at("half a write", half)
        elif name in self._names and self._due(self._note(name)):
            if name == "write":
                half()
            shown = self._readlink(f"/proc/self/fd/{what}") if isinstance(what, int) else what
            raise OSError(self._trap.error, os.strerror(self._trap.error), os.fsdecode(shown))

    def _after(self, name: str) -> None:
        if not self._trap.error and name != "open":
            self._kill_at(f"after {name}")

    def _kill_at(self, name: str, first: Callable[[], Any] | None = None) -> None:
        if self._note(name) == self._trap.at:
            if first is not None:
                first()
            os.kill(os.getpid(), signal.SIGKILL)

    def _due(self, number: int) -> bool:
        at = self._trap.at
        return number >= at if self._trap.error in LASTING else number == at

    def _note(self, name: str) -> int:
        """Count a call of any process of the run; return its number, from 1 on."""
        self._lockf(self._count, fcntl.LOCK_EX)
        try:
            self._write(self._count, name.ljust(_RECORD).encode())
            return os.fstat(self._count).st_size // _RECORD
        finally:
            self._lockf(self._count, fcntl.LOCK_UN)


def _kind_of_open(flags: int, *_: Any) -> str:
    return "create" if flags & os.O_CREAT else "open"


def _nothing() -> None:
    """Half of what is no write."""
