"""What a run shows people on a terminal: warnings, errors, and how it ended, in colour."""

import functools
import logging
import os
import sys
import textwrap
from typing import TextIO

from pipeline import settings

# The colours of lines, as the escape sequences of terminals number them.
RED, GREEN, YELLOW = 31, 32, 33
_COLOURS = {logging.WARNING: YELLOW, logging.ERROR: RED, logging.CRITICAL: RED}

_LOGGER = logging.getLogger("luigi-interface")


class TerminalHandler(logging.StreamHandler[TextIO]):
    """Shows what the progress display does not. A record with a `colour` is one of the run's end.

    A record that `is_held` is shown by `show_errors`, so that errors are the last thing to see.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to show a record; with `--log-level DEBUG`, all of them."""
        is_held = hasattr(record, "is_held") and settings.run_variable(settings.RUN_FAILURES)
        is_shown = record.levelno >= logging.WARNING or hasattr(record, "colour")
        return (is_shown and not is_held) or _LOGGER.isEnabledFor(logging.DEBUG)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record without its time, in lines of the terminal's width."""
        columns = os.get_terminal_size(self.stream.fileno()).columns or sys.maxsize
        wrap = functools.partial(textwrap.fill, width=columns, subsequent_indent="  ",
                                 break_long_words=False, break_on_hyphens=False)  # fmt: skip
        lines = (line.partition(" ")[2] for line in super().format(record).splitlines())
        text = "\n".join(wrap(line.removeprefix("INFO: ")) for line in lines)
        colour = getattr(record, "colour", _COLOURS.get(record.levelno))
        if colour and not settings.run_variable("NO_COLOR"):
            text = f"\x1b[{colour}m{text}\x1b[0m"
        return f"\r\x1b[K{text}"  # in place of the progress display


def show_errors(sentences: list[str]) -> None:
    """Show the errors of a run that has ended, the same error of several tasks as one.

    Without a terminal they were logged already.
    """
    tasks: dict[str, list[str]] = {}
    for each in sentences:
        task, _, reason = each.rpartition(" failed: ")
        tasks.setdefault(reason, []).append(task)
    for handler in (each for each in _LOGGER.handlers if isinstance(each, TerminalHandler)):
        for reason, (first, *others) in tasks.items():
            more = f" and {len(others)} other task{'s' * (len(others) > 1)}" if others else ""
            text = f"{first}{more} failed: {reason}" if first else reason
            handler.emit(logging.LogRecord("", logging.ERROR, "", 0, text, None, None))
