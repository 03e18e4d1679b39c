"""Luigi's log messages, rewritten: an error that a user can fix is one sentence.

Luigi logs every exception with its traceback, a wrong parameter or a missing scheduler as an
"Uncaught exception". With `--log-level DEBUG` it still does. The other messages about its own steps
are dropped, but for the summary, which is for the run's file.
"""

import logging
import re
import sys

import luigi.interface
from luigi.rpc import RPCError

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.runtime.logs import LUIGI_LOGGER

LOST_LUIGID = "luigid"  # the cause of a failure to reach it
_SUMMARY = "===== Luigi Execution Summary ====="

# The end of a traceback of our errors that luigi logs as text.
_RENDERED_ERROR = re.compile(r"^pipeline\.errors\.(\w+): (.+)\Z", re.M | re.S)

# Patterns of luigi's texts about faults that a user can fix, and our sentences.
_MESSAGES = {
    r"(\w+)\[.*requires the 'date' parameter":
        "{0} needs --date (YYYY-MM-DD), as in "
        "`luigi --module pipeline {0} --date $(date +%F) --local-scheduler`.",
    r"(\w+)\[.*requires the '(\w+)' parameter": "{0} needs --{1}.",
    r"(\w+)\[.*: Error when parsing .* of '(\w+)'":
        "{1} cannot be used ({cause}): correct it in [{0}] of luigi.cfg, or on the command line.",
    r"(.*) is not a valid choice from \{(.+)\}": "{0!r} cannot be used: choose one of {1}.",
    r"Data for StoredDocument\(date=(.+), of=(\w+)\)":
        "The document of {1} is missing, and a page makes no document: "
        "`luigi --module pipeline {1} --date {0}` makes it.",
    r"Unfulfilled \w+ at run time: (.+)": "its inputs are missing and will be made again: {0}",
    r"Task finished running, but complete": "its file is not as it was written: check the disk",
    r"Task (\w+) died .* code (.+)": "{0}: its process died ({1}): killed, or out of memory",
    r"Task (\w+) timed out": "{0}: it took too long and was stopped ([worker] timeout)",
}  # fmt: skip

# What luigid's HTTP status means, and what to do; 0 is no answer, and any other status.
_LUIGID_PROBLEMS = {
    0: "luigid does not answer at {}: start it with `luigid`",
    401: "luigid at {} asks for a password: put it into PIPELINE_LUIGID_PASSWORD",
    403: "luigid at {} refuses this task: it accepts only tasks of this version of the pipeline",
    421: "luigid at {} does not accept that host name: start it with --allow-host NAME",
}


def scheduler_address() -> str:
    """Return the address of luigid in the configuration, or in the command line being parsed."""
    core = luigi.interface.core()
    return str(core.scheduler_url) or f"http://{core.scheduler_host}:{core.scheduler_port}/"


def sentence_of(error: BaseException | None, message: str = "") -> str | None:
    """Return the one sentence for an error, or a message of luigi, that a user can fix."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, RPCError):
        status = getattr(getattr(error.sub_exception, "response", None), "status_code", 0)
        problem = _LUIGID_PROBLEMS.get(status, _LUIGID_PROBLEMS[0])
        problem = problem.format(re.sub(r"//[^/]*@", "//", scheduler_address()))  # without a login
        return f"{problem}, or run without it by adding --local-scheduler."
    for pattern, sentence in _MESSAGES.items():
        if found := re.match(pattern, str(error or message), re.S):
            return sentence.format(*found.groups(), cause=getattr(error, "__cause__", None))
    return None


def cause_of(error: BaseException | None) -> str:
    """Return what an alert is keyed by: the branch of the error tree of an exception."""
    if isinstance(error, RPCError):
        return LOST_LUIGID
    return type(error).__name__ if isinstance(error, PipelineError) else "unexpected"


class MessageFilter(logging.Filter):
    """Replaces the traceback of a known error by its sentence, drops duplicates and details."""

    _last_sentence: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place, without secrets; return whether to log it."""
        message = record.getMessage()
        error = sys.exc_info()[1] if record.levelno >= logging.WARNING else None
        rendered = _RENDERED_ERROR.search(message)
        sentence = rendered[2].strip() if rendered else sentence_of(error, message)
        record.cause = rendered[1] if rendered else cause_of(error)
        is_debugging = LUIGI_LOGGER.isEnabledFor(logging.DEBUG)
        record.is_for_file = is_summary = _SUMMARY in message
        is_important = is_summary or record.levelno >= logging.WARNING
        is_logged = is_debugging or is_important or "/luigi/" not in record.pathname
        if sentence:
            task = message.rpartition("  ")[2]
            named = f"{task} failed: {sentence}" if message.startswith("[pid") else sentence
            record.failure = settings.redacted(named)
        if sentence and not is_debugging:
            is_logged, self._last_sentence = sentence != self._last_sentence, sentence
            record.is_held = True  # a terminal shows it in the end
            record.levelno, record.levelname, record.exc_info = logging.ERROR, "ERROR", None
            message = named
        if record.exc_info:
            message += "\n" + logging.Formatter().formatException(record.exc_info)
        record.msg, record.args, record.exc_info = settings.redacted(message), None, None
        return is_logged
