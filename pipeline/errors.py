"""Every error that the pipeline reports to people, in one tree.

    PipelineError                 root: str(error) is one sentence that says what to do
    ├── SettingsError             a variable, .env, luigi.cfg or a file of config/ is unusable
    │   └── OtherIdentity         the data root belongs to another source, language or region
    ├── NotPossible               the date lies in the future, or too far in the past
    ├── TmdbError                 requests to TMDB failed
    │   ├── TmdbUnavailable       transient errors outlasted every retry, or TMDB asks to wait
    │   │   └── TmdbBlocked       something between here and TMDB answers, or is in the way
    │   ├── CredentialRefused     the key is wrong or suspended: the whole run stops
    │   ├── AnswerNotUnderstood   a response lacks a field or has another type
    │   └── RequestRejected       TMDB says that the request is wrong
    ├── DataError                 data is missing, mixed, or failed a rule that stops the run
    │   └── DocumentUnreadable    a stored file is damaged
    └── StorageError              a file cannot be written, or the history's database not reached

Exit statuses say when an error came: 40 in the command line, 35 while planning, 30 in a task.
"""

from __future__ import annotations

import difflib

from pipeline.sanitize import plain


def suggest(name: str, known: tuple[str, ...]) -> str:
    """Return the end of a sentence that asks for the known names close to a misspelt one, or ""."""
    near = difflib.get_close_matches(name, known, n=2)
    return f". Did you mean {' or '.join(map(repr, near))}?" if near else ""


class PipelineError(Exception):
    """An error as one sentence without secrets; `facts` holds the same for programs."""

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(plain(sentence))
        self.facts = facts


class SettingsError(PipelineError):
    """A setting is missing or unusable; the sentence names it and where to set it."""


class OtherIdentity(SettingsError):
    """The settings ask for another source, language or region than those of the data root."""


class NotPossible(PipelineError):
    """What was asked for cannot exist, like the popular movies of next week."""


class TmdbError(PipelineError):
    """Requests to TMDB failed."""


class TmdbUnavailable(TmdbError):
    """A transient error outlasted every retry, or TMDB asks to wait for longer than a run may."""


class TmdbBlocked(TmdbUnavailable):
    """A proxy, a captive portal or a block answers in TMDB's place; retrying cannot help."""


class CredentialRefused(TmdbError):
    """TMDB itself does not accept the credential; retrying cannot help."""


class AnswerNotUnderstood(TmdbError):
    """A response is not what TMDB promises; the sentence names the field."""


class RequestRejected(TmdbError):
    """TMDB refused this one request (400, 404, 422 and the like); retrying cannot help."""


class DataError(PipelineError):
    """There is nothing to work on, or what there is cannot be used."""


class DocumentUnreadable(DataError):
    """A stored document is damaged; the sentence says how to have it made again."""


class StorageError(PipelineError):
    """A file cannot be written or read for a reason of the machine."""
