"""The protocol of a runtime: the compose stack, or plain processes of this host."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Document = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """A part of the operation. `state` is up, down or off (not configured, not used).

    `fix` says what to do where something is wrong with it.
    """

    service: str
    state: str
    detail: str
    fix: str = ""


class Runtime(Protocol):
    """The operations that commands call. They return sentences, which the caller shows."""

    name: str

    def start(self) -> str:
        """Start the services, wait until they answer, and say where they are."""

    def stop(self) -> str:
        """Stop what `start` started; saying so where nothing ran is no fault."""

    def run_task(self, family: str, day: datetime.date | None, options: Sequence[str]) -> int:
        """Run the task of that day, by default the one that the schedule would choose."""

    def luigid_url(self) -> str:
        """Return where luigid's page is for a browser of this machine."""

    def services(self) -> list[Service]:
        """Return every service with what it is doing."""

    def show_logs(self, what: str, lines: int, *, follow: bool) -> None:
        """Print the last lines of a log: of `luigid`, of the newest `run`, or of a task's."""

    def ask(self, words: Sequence[str], build: Callable[[], Document]) -> Document:
        """Return a command's document, built where settings, files and history are at hand."""
