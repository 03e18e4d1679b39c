"""The failure that concerns every list of a run: met once, known to all of its processes.

A refused key, a host that cannot be reached and a block on the way are the same for each list. The
first list that meets one notes it in a file; the others of the run fail with the same sentence and
ask nothing. The file names the run by a digest, so that no other run believes it: of the name of
luigi's worker, or else of the key that Python hands from a process to its children (`authkey`),
whether they are forked or spawned.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pipeline import clock
from pipeline.errors import CredentialRefused, TmdbBlocked, TmdbError, TmdbUnavailable
from pipeline.storage import bounded
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.rate_limit import open_private

MAX_AGE_SECONDS = 60.0
"""Age at which a failure is no longer believed. The lists of a run fail one right after another."""

_KINDS = {each.__name__: each for each in (CredentialRefused, TmdbBlocked, TmdbUnavailable)}
"""What can concern every list."""

_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Attempt(NamedTuple):
    """One task's attempt, and the run that it belongs to; without a name, that of the process."""

    task: str = ""
    run: str = ""


UNNAMED = Attempt()


class _Noted(NamedTuple):
    """What the file says; `tasks` have failed for this reason already."""

    of: str
    at: float
    error: str
    sentence: str
    tasks: tuple[str, ...] = ()


class RunFailure:
    """A failure that the processes of one run share, for one credential and address.

    A file that cannot be kept costs each list attempts of its own, and nothing else.
    """

    def __init__(self, path: Path, credential: Credential, api_url: str) -> None:
        self._path = path
        self._about = credential.digest(api_url)
        self._attempt = UNNAMED

    def begin(self, attempt: Attempt) -> None:
        """Note that an attempt begins; what is noted until the next one belongs to its run.

        A task that has failed of the noted failure already is at its next attempt, after the delay
        of an unattended run: the failure is forgotten and everything is tried again.
        """
        self._attempt = attempt
        noted, task = self._known(), attempt.task
        if noted is not None and task in noted.tasks:
            self._change(lambda now: None if now is None or task in now.tasks else now)

    def end(self) -> None:
        """Note that the attempt has failed, of the noted failure if there is one."""
        noted, task = self._known(), self._attempt.task
        if noted is not None and task not in noted.tasks:
            self._change(lambda now: now and now._replace(tasks=(*now.tasks, task)))

    def note(self, error: TmdbError) -> None:
        """Note a failure that concerns every list; the first of several counts."""
        noted = _Noted(self._run(), clock.monotonic(), type(error).__name__, str(error))
        self._change(lambda now: now or noted)

    def raise_known(self, *, answered: bool) -> None:
        """Raise the failure that was noted, if there is one.

        A list that TMDB has `answered` goes on unless the key is refused: what others cannot reach
        any more may still be there over the connections that it has.
        """
        noted = self._known()
        if noted is not None and not (answered and noted.error != CredentialRefused.__name__):
            raise _KINDS[noted.error](noted.sentence)

    def _run(self) -> str:
        """Return what tells this run from all others, and gives neither key away."""
        run = self._attempt.run.encode()
        own = run or bytes(multiprocessing.current_process().authkey)
        return hashlib.sha256(own + self._about).hexdigest()

    def _known(self) -> _Noted | None:
        """Return what was noted, read while nobody changes it; most runs have no such file."""
        try:
            descriptor = os.open(self._path, _TO_READ)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            return self._believed(os.pread(descriptor, bounded.LARGEST_TEXT, 0))
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def _believed(self, content: bytes) -> _Noted | None:
        """Return what was noted, if it is of this run, recent, and undamaged."""
        try:
            noted = _Noted(**json.loads(content))
            age = clock.monotonic() - noted.at
        except (ValueError, TypeError, RecursionError):
            return None
        ours = noted.of == self._run() and 0 <= age < MAX_AGE_SECONDS
        return noted if ours and noted.error in _KINDS else None

    def _change(self, change: Callable[[_Noted | None], _Noted | None]) -> None:
        with contextlib.suppress(OSError):
            descriptor = open_private(self._path)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                now = self._believed(os.pread(descriptor, bounded.LARGEST_TEXT, 0))
                then = change(now)
                text = json.dumps(then._asdict()).encode() if then else b""
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, text, 0)
            finally:
                os.close(descriptor)
