"""Luigi's messages as people should meet them: a fault we know is one sentence, not a traceback.

Luigi logs every exception with its traceback, and a bad parameter or a missing scheduler as an
"Uncaught exception". A filter on luigi's logger turns those that a person can mend into their
sentence. With `--log-level DEBUG` the tracebacks stay.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback

import luigi
import luigi.worker
from luigi.parameter import MissingParameterException
from luigi.rpc import RPCError

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.runtime.failures import cause_of
from pipeline.runtime.logs import scheduler_url
from pipeline.tasks.base import PipelineTask

LOGGER = logging.getLogger("luigi-interface.pipeline")

LOST_LUIGID = "luigid"
"""The cause of a failure to talk to luigid."""

_LUIGI_LOGGER = logging.getLogger("luigi-interface")

_TRACEBACK_OF_OURS = re.compile(
    r"^pipeline\.errors\.(?P<cause>\w+): (?P<sentence>.+)\Z", re.M | re.S
)
"""How a traceback that luigi renders as text ends when the fault is one of ours."""

_UNFULFILLED = re.compile(r"Unfulfilled dependenc\w+ at run time: (?P<tasks>.+)", re.S)
"""Luigi's words for inputs that vanished since it planned, as rejected lists do; it plans anew."""

_UNREADABLE = re.compile(r"(?P<section>\w+)\[.*: Error when parsing .* of '(?P<option>\w+)'", re.S)
"""luigi's words for an option of its own that it cannot read."""

_CHATTER = re.compile(
    r"^(logging |Informed scheduler|\[pid|Done scheduling|Running Worker|Worker Worker|"
    r"Task \w+ (died unexpectedly|timed out after))"
)
"""Lines of luigi that say nothing to people; debugging shows them."""

_ABSENCE = re.compile(r"Data for StoredDocument\(.+ does not exist \(yet\?\)")
"""luigi's words for a missing document of a page, which `stored` reports in a sentence."""


def sentence_of(error: BaseException | None) -> str | None:
    """Return the one sentence for a fault that a person can mend, else None."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, RPCError):
        return _no_scheduler(error)
    if isinstance(error, MissingParameterException):
        family, _, parameter = _missing(error)
        example = " YYYY-MM-DD" if parameter == "date" else " VALUE"
        return f"{family} needs --{parameter}{example}."
    if isinstance(error, ValueError) and (option := _UNREADABLE.match(str(error))):
        where = f"[{option['section']}] of luigi.cfg, or on the command line"
        return f"{option['option']} cannot be used ({error.__cause__}): correct it in {where}."
    gone = _UNFULFILLED.match(str(error)) if isinstance(error, RuntimeError) else None
    return f"what it needs is gone and is made anew: {gone['tasks']}" if gone else None


class MessageFilter(logging.Filter):
    """Turns tracebacks of known faults into sentences, tells each once, and drops chatter."""

    def __init__(self) -> None:
        super().__init__()
        self._told = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; return whether it is to be shown."""
        message = record.getMessage()
        error = sys.exc_info()[1] if record.levelno >= logging.WARNING else None
        sentence = sentence_of(error)
        if error is not None:
            record.cause = _cause_of(error)
        rendered = _TRACEBACK_OF_OURS.search(message)
        if sentence is None and rendered:
            sentence, record.cause = rendered["sentence"].strip(), rendered["cause"]
        if _LUIGI_LOGGER.isEnabledFor(logging.DEBUG):
            record.msg, record.args = "\n".join(filter(None, (sentence, message))), None
            return True
        if _ABSENCE.match(message):
            return False
        if sentence is None:
            return record.levelno >= logging.WARNING or not _CHATTER.match(message)
        again, self._told = sentence == self._told, sentence
        record.levelno, record.levelname = logging.ERROR, "ERROR"
        record.msg, record.args = _failed_task(record) + sentence, None
        record.exc_info = record.exc_text = None
        return not again


class _SecretFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = settings.redacted(record.getMessage()), None
        if record.exc_info:
            text = "".join(traceback.format_exception(*record.exc_info))
            record.exc_text = settings.redacted(text).rstrip()
        return True


def install() -> None:
    """Put the filters on luigi's logger, once."""
    if not any(isinstance(each, MessageFilter) for each in _LUIGI_LOGGER.filters):
        _LUIGI_LOGGER.addFilter(MessageFilter())
        _LUIGI_LOGGER.addFilter(_SecretFilter())
        PipelineTask.event_handler(luigi.Event.DEPENDENCY_PRESENT)(_tell_present)
        PipelineTask.event_handler(luigi.Event.FAILURE)(_tell_of_attempts)
        PipelineTask.event_handler(luigi.Event.PROCESS_FAILURE)(_tell_died)
        PipelineTask.event_handler(luigi.Event.TIMEOUT)(_tell_timed_out)


def _tell_present(task: PipelineTask) -> None:
    LOGGER.info("%s is there already: %s", task, task.output().path)


def _tell_of_attempts(task: PipelineTask, _: BaseException) -> None:
    if luigi.worker.worker().keep_alive:
        LOGGER.info("%s: up to %d attempts in all, some minutes apart", task, task.retry_count)


def _tell_died(task: PipelineTask, reason: str) -> None:
    how = reason.rpartition(" ")[2]
    cause = {"cause": "killed"}
    LOGGER.error("%s: its process died (%s): killed, or out of memory", task, how, extra=cause)


def _tell_timed_out(task: PipelineTask, reason: str) -> None:
    cause = {"cause": "timeout"}
    LOGGER.error("%s: it took too long and was stopped ([worker] timeout)", task, extra=cause)


def _cause_of(error: BaseException) -> str:
    return LOST_LUIGID if isinstance(error, RPCError) else cause_of(error)


def _failed_task(record: logging.LogRecord) -> str:
    """Name the task where luigi says that a worker failed with it."""
    args = record.args
    if record.msg.startswith("[pid") and isinstance(args, tuple) and args:
        return f"{args[-1]} failed: "
    return ""


_REFUSALS = {
    401: "asks for a password: put it into PIPELINE_LUIGID_PASSWORD",
    403: "refuses this task: it takes on tasks of this pipeline's version only",
    421: "is not to be called by that name: start it with --allow-host NAME",
}


def _no_scheduler(error: RPCError) -> str:
    response = getattr(getattr(error, "sub_exception", None), "response", None)
    refusal = _REFUSALS.get(getattr(response, "status_code", 0))
    if refusal:
        return f"luigid at {scheduler_url()} {refusal}, or run without it by --local-scheduler."
    return (
        f"luigid does not answer at {scheduler_url()}: start it with `luigid`, or run without "
        "it by adding --local-scheduler."
    )


def _missing(error: MissingParameterException) -> tuple[str, str, str]:
    found = re.match(r"(\w+)\[.*requires the '(\w+)' parameter", str(error))
    return (found[1], "", found[2]) if found else ("The task", "", "date")
