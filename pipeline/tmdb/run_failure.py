"""The failure that concerns every list of a run: met once, known to all of its processes.

A refused key, a host that cannot be reached and a block on the route are the same for each list.
The first list that meets one notes it in a file; the others of the run fail with the same sentence
and request nothing. The file names the run by a digest, so that no other run believes it: of the
name of luigi's worker, or else of the key that Python hands from a process to its children
(`authkey`), whether they are forked or spawned.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pipeline import clock
from pipeline.errors import CredentialRefused, TmdbBlocked, TmdbError, TmdbUnavailable
from pipeline.tmdb import private_files
from pipeline.tmdb.credential import Credential

MAX_AGE_SECONDS = 60.0
"""Age up to which a failure is believed. The lists of a run fail one right after another."""

_KINDS = {each.__name__: each for each in (CredentialRefused, TmdbBlocked, TmdbUnavailable)}
"""The errors that can concern every list."""


class Attempt(NamedTuple):
    """One task's attempt, and the run that it belongs to; without a name, that of the process."""

    task: str = ""
    run: str = ""


UNNAMED = Attempt()


class _Noted(NamedTuple):
    """The content of the file; `tasks` have failed for this reason already."""

    run: str
    at: float
    error: str
    sentence: str
    tasks: tuple[str, ...] = ()


class RunFailure:
    """A failure that the processes of one run share, for one credential and address.

    A task that has failed for the noted reason already is at its next attempt, after the delay of
    an unattended run: the failure is forgotten and everything is tried again. A file that cannot be
    used costs each list attempts of its own, and nothing else.
    """

    def __init__(
        self, path: Path, credential: Credential, api_url: str, attempt: Attempt = UNNAMED
    ) -> None:
        self._path = path
        self._digest = credential.digest(api_url)
        self._attempt = attempt
        noted = self._read()
        if noted is not None and attempt.task in noted.tasks:
            self._update(lambda now: None if now and attempt.task in now.tasks else now)

    def note(self, error: TmdbError) -> None:
        """Note a failure that concerns every list; the first of several counts."""
        noted = _Noted(self._run(), clock.monotonic(), type(error).__name__, str(error))
        self._update(lambda now: self._with_task(now or noted))

    def raise_known(self, *, answered: bool) -> None:
        """Raise the failure that was noted, if there is one.

        A list that TMDB has `answered` goes on unless the key is refused: a host that others cannot
        reach any more may still answer over the connections that it has.
        """
        noted = self._read()
        if noted is not None and not (answered and noted.error != CredentialRefused.__name__):
            self._update(lambda now: now and self._with_task(now))
            raise _KINDS[noted.error](noted.sentence)

    def _with_task(self, noted: _Noted) -> _Noted:
        return noted._replace(tasks=tuple({*noted.tasks, self._attempt.task} - {""}))

    def _run(self) -> str:
        """Return what distinguishes this run from all others, and gives neither key away."""
        run = self._attempt.run.encode() or bytes(multiprocessing.current_process().authkey)
        return hashlib.sha256(run + self._digest).hexdigest()

    def _read(self) -> _Noted | None:
        try:
            return self._decode(private_files.read(self._path))
        except OSError:
            return None

    def _update(self, change: Callable[[_Noted | None], _Noted | None]) -> None:
        def changed(content: bytes) -> bytes:
            noted = change(self._decode(content))
            return json.dumps(noted._asdict()).encode() if noted else b""

        with contextlib.suppress(OSError):
            private_files.update(self._path, changed)

    def _decode(self, content: bytes) -> _Noted | None:
        """Return what was noted, if it is of this run, recent, and undamaged."""
        try:
            noted = _Noted(**json.loads(content))
            age = clock.monotonic() - noted.at
        except (ValueError, TypeError, RecursionError):
            return None
        is_ours = noted.run == self._run() and 0 <= age < MAX_AGE_SECONDS
        return noted if is_ours and noted.error in _KINDS else None
