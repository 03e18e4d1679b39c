"""Luigi's log messages, rewritten: an error that a user can fix is one sentence.

Luigi logs every exception with its traceback, a wrong parameter or a missing scheduler as an
"Uncaught exception". A filter on luigi's logger replaces these by their sentence. With
`--log-level DEBUG` the tracebacks stay.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback

import luigi
from luigi.parameter import MissingParameterException
from luigi.rpc import RPCError

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.runtime.events import on_event
from pipeline.runtime.failures import cause_of
from pipeline.runtime.run_options import retries_tasks, scheduler_url

LOGGER = logging.getLogger("luigi-interface.pipeline")
_LUIGI_LOGGER = logging.getLogger("luigi-interface")

LOST_LUIGID = "luigid"
"""The cause of a failure to reach luigid."""

_INTERNAL = (
    *("logging ", "Informed scheduler", "[pid", "Done scheduling", "Running Worker"),
    *("Worker ", "Task "),
)
"""First words of luigi's messages about its own steps, which are logged with DEBUG only."""

_ABSENT_DOCUMENT = "Data for StoredDocument("
"""First words about the missing document of a page; `tasks.stored` logs a better sentence."""

_VANISHED_INPUTS = "Unfulfilled dependenc"
"""First words about inputs that were removed after planning, as rejected lists are."""

_RENDERED_ERROR = re.compile(r"^pipeline\.errors\.(?P<cause>\w+): (?P<sentence>.+)\Z", re.M | re.S)
"""The end of a traceback of our errors that luigi logs as text."""

_UNUSABLE_OPTION = re.compile(
    r"(?P<section>\w+)\[.*: Error when parsing .* of '(?P<option>\w+)'", re.S
)
"""Luigi's error for an option of its own that it cannot parse."""

_MISSING_PARAMETER = re.compile(r"(?P<family>\w+)\[.*requires the '(?P<name>\w+)' parameter")
"""Luigi's error for a parameter that is not given."""

_REFUSALS = {
    401: "asks for a password: put it into PIPELINE_LUIGID_PASSWORD",
    403: "refuses this task: it accepts only tasks of this version of the pipeline",
    421: "does not accept that host name: start it with --allow-host NAME",
}
"""What luigid's HTTP status means, and what to do."""


def sentence_of(error: BaseException | None) -> str | None:
    """Return the one sentence for an error that a user can fix, else None."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, RPCError):
        return _luigid_problem(error)
    if isinstance(error, MissingParameterException):
        return _missing_parameter(error)
    if isinstance(error, ValueError) and (option := _UNUSABLE_OPTION.match(str(error))):
        where = f"[{option['section']}] of luigi.cfg, or on the command line"
        return f"{option['option']} cannot be used ({error.__cause__}): correct it in {where}."
    if isinstance(error, RuntimeError) and str(error).startswith(_VANISHED_INPUTS):
        inputs = str(error).partition(": ")[2]
        return f"its inputs are missing and will be made again: {inputs}"
    return None


class MessageFilter(logging.Filter):
    """Replaces the traceback of a known error by its sentence, drops duplicates and details."""

    def __init__(self) -> None:
        super().__init__()
        self._last_sentence = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place, without secrets; return whether to log it."""
        sentence = _sentence_for(record)
        if _LUIGI_LOGGER.isEnabledFor(logging.DEBUG):
            message = "\n".join(filter(None, (sentence, record.getMessage())))
            _rewrite(record, message)
            return True
        if sentence is None:
            is_logged = _is_for_users(record)
            _rewrite(record, record.getMessage())
            return is_logged
        is_duplicate, self._last_sentence = sentence == self._last_sentence, sentence
        record.levelno, record.levelname = logging.ERROR, "ERROR"
        record.exc_info = record.exc_text = None
        _rewrite(record, _failed_task(record) + sentence)
        return not is_duplicate


def install() -> None:
    """Put the filter on luigi's logger, and log what happens to our tasks."""
    _LUIGI_LOGGER.addFilter(MessageFilter())
    on_event(luigi.Event.DEPENDENCY_PRESENT, _log_present)
    on_event(luigi.Event.FAILURE, _log_attempts)
    on_event(luigi.Event.PROCESS_FAILURE, _log_killed)
    on_event(luigi.Event.TIMEOUT, _log_timeout)


def _sentence_for(record: logging.LogRecord) -> str | None:
    """Return the sentence for the error that the record reports, and give the record its cause."""
    error = sys.exc_info()[1] if record.levelno >= logging.WARNING else None
    if error is not None:
        record.cause = LOST_LUIGID if isinstance(error, RPCError) else cause_of(error)
    if sentence := sentence_of(error):
        return sentence
    if rendered := _RENDERED_ERROR.search(record.getMessage()):
        record.cause = rendered["cause"]
        return rendered["sentence"].strip()
    return None


def _is_for_users(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    if message.startswith(_ABSENT_DOCUMENT):
        return False
    return record.levelno >= logging.WARNING or not message.startswith(_INTERNAL)


def _rewrite(record: logging.LogRecord, message: str) -> None:
    record.msg, record.args = settings.redacted(message), None
    if record.exc_info:
        text = "".join(traceback.format_exception(*record.exc_info))
        record.exc_text = settings.redacted(text).rstrip()


def _failed_task(record: logging.LogRecord) -> str:
    """Name the task if luigi says that a worker failed to run it."""
    args = record.args
    if str(record.msg).startswith("[pid") and isinstance(args, tuple) and args:
        return f"{args[-1]} failed: "
    return ""


def _missing_parameter(error: MissingParameterException) -> str:
    found = _MISSING_PARAMETER.match(str(error))
    family, name = found.group("family", "name") if found else ("The task", "date")
    return f"{family} needs --{name} {'YYYY-MM-DD' if name == 'date' else 'VALUE'}."


def _luigid_problem(error: RPCError) -> str:
    response = getattr(getattr(error, "sub_exception", None), "response", None)
    refusal = _REFUSALS.get(getattr(response, "status_code", 0))
    if refusal:
        return f"luigid at {scheduler_url()} {refusal}, or run without it by --local-scheduler."
    return (
        f"luigid does not answer at {scheduler_url()}: start it with `luigid`, or run without "
        "it by adding --local-scheduler."
    )


def _log_present(task: luigi.Task) -> None:
    LOGGER.info("%s is done already: %s", task, task.output().path)


def _log_attempts(task: luigi.Task, _: BaseException) -> None:
    if retries_tasks():
        LOGGER.info("%s: up to %d attempts in all, some minutes apart", task, task.retry_count)


def _log_killed(task: luigi.Task, reason: str) -> None:
    how = reason.rpartition(" ")[2]
    cause = {"cause": "killed"}
    LOGGER.error("%s: its process died (%s): killed, or out of memory", task, how, extra=cause)


def _log_timeout(task: luigi.Task, reason: str) -> None:
    cause = {"cause": "timeout"}
    LOGGER.error("%s: it took too long and was stopped ([worker] timeout)", task, extra=cause)
