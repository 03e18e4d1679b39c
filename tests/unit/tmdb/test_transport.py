"""Requests to TMDB: what is sent, retried or given up, and what no log may ever show."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import logging
import pickle
import socket
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import support.fake_tmdb as fake
import time_machine
from support.fake_tmdb import V3_KEY, FakeTmdb, Fault
from support.fake_tmdb.wire import Reply
from support.stopped_clock import RecordedWaits, StoppedClock
from support.transports import POPULAR, QUERY, Opener, ask, fresh_key

from pipeline.errors import (
    AnswerNotUnderstood,
    CredentialRefused,
    PipelineError,
    RequestRejected,
    SettingsError,
    TmdbBlocked,
    TmdbUnavailable,
)
from pipeline.tmdb import response, transport
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.rate_limit import RateLimiter
from pipeline.tmdb.response import RATE_LIMIT_HOLD_SECONDS
from pipeline.version import VERSION

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ0ZXN0In0.c2lnbmF0dXJlLW9mLXRlc3Q"
MEGABYTE = 1 << 20
BRIEF_SILENCE = 0.25


@pytest.fixture
def brief_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on silence and on dripping answers soon."""
    monkeypatch.setattr(transport, "READ_TIMEOUT_SECONDS", BRIEF_SILENCE)
    monkeypatch.setattr(transport, "MAX_HEADER_SECONDS", BRIEF_SILENCE * 2)
    monkeypatch.setattr(response, "MAX_BODY_SECONDS", BRIEF_SILENCE)


def shown(error: BaseException) -> str:
    """Everything of an error that a log, a scheduler or another process may get to see."""
    formatted = "".join(traceback.format_exception(error))
    return "\n".join([str(error), repr(error), formatted, repr(pickle.dumps(error))])


def assert_clear_message(error: PipelineError, tmdb: FakeTmdb, *secrets: str) -> None:
    """One sentence with host and path, without query and secret, that survives a pickle."""
    sentence = str(error)
    assert tmdb.url.removesuffix("/3").removeprefix("http://") in sentence
    assert POPULAR in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    for hidden in (V3_KEY, *secrets, "api_key", "language=ko-KR", "page=1", "page=501"):
        assert hidden not in shown(error)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy)) == (type(error), sentence)


# --- The credential ---------------------------------------------------------------------------


def test_a_v3_key_travels_as_a_parameter_and_never_as_a_header(
    tmdb: FakeTmdb, open_session: Opener
) -> None:
    ask(open_session())

    (request,) = tmdb.requests
    assert dict(request.query) == QUERY | {"api_key": V3_KEY}
    assert V3_KEY not in repr(request.headers)


def test_a_token_travels_as_a_bearer_and_never_in_the_address(open_session: Opener) -> None:
    with FakeTmdb(key=TOKEN, limit=None) as tmdb:
        ask(open_session(tmdb.url, TOKEN))

        (request,) = tmdb.requests
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert dict(request.query) == QUERY


@pytest.mark.parametrize("secret", [V3_KEY, TOKEN], ids=["key", "token"])
def test_a_netrc_entry_does_not_take_the_credentials_place(
    secret: str, open_session: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    with FakeTmdb(key=secret, limit=None) as tmdb:
        ask(open_session(tmdb.url, secret))

        (request,) = tmdb.requests
    expected = f"Bearer {TOKEN}" if secret == TOKEN else None
    assert request.headers.get("Authorization") == expected


@pytest.mark.parametrize("http_status", [401, 403, 404, 200])
def test_a_refused_credential_is_not_sent_again(
    http_status: int, tmdb: FakeTmdb, open_session: Opener
) -> None:
    key = fresh_key()
    tmdb.fail(fake.refused(http_status), times=None)
    with pytest.raises(CredentialRefused) as refused:
        ask(open_session(secret=key))

    assert tmdb.count() == 1
    assert tmdb.url.removesuffix("/3").removeprefix("http://") in str(refused.value)
    assert "TMDB_API_KEY" in str(refused.value)
    assert "https://www.themoviedb.org/settings/api" in str(refused.value)
    assert key not in shown(refused.value)


@pytest.mark.parametrize(
    ("secret", "kind"),
    [("f" * 32, "v3 key"), ("eyJ3cm9uZw.e30.c2ln", "Read Access Token")],
)
def test_a_wrong_credential_is_named_by_its_kind(
    tmdb: FakeTmdb, secret: str, kind: str, open_session: Opener
) -> None:
    with pytest.raises(CredentialRefused, match=kind) as refused:
        ask(open_session(secret=secret))

    assert secret not in shown(refused.value)
    assert tmdb.count() == 1


def test_another_credential_and_another_address_still_work_after_a_refusal(
    open_session: Opener,
) -> None:
    good, wrong = fresh_key(), fresh_key()
    with FakeTmdb(key=good, limit=None) as tmdb, FakeTmdb(key=wrong, limit=None) as elsewhere:
        with pytest.raises(CredentialRefused):
            ask(open_session(tmdb.url, wrong))

        assert ask(open_session(tmdb.url, good))["page"] == 1
        assert ask(open_session(elsewhere.url, wrong))["page"] == 1


# --- Faults that may pass ---------------------------------------------------------------------

TRANSIENT_STATUSES = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)


def until_the_end(exchange: Any, reply: Any) -> None:
    """Headers after a damaged one are lost, the length too: the connection's end ends the body."""
    exchange.send(reply.encode())
    exchange.hang_up()


def gzipped(reply: Any) -> bytes:
    changed: bytes = fake.gzip_unannounced().change(reply).body
    return changed


TRANSIENT: dict[str, Fault] = {
    **{f"status {code}": fake.status(code) for code in TRANSIENT_STATUSES},
    "503 asking for no pause": fake.status(503, headers={"Retry-After": "0"}),
    "429 without Retry-After": fake.too_many(),
    "a web page with status 200": fake.html_ok(),
    "half a JSON text": fake.not_json(),
    "an empty body": fake.not_json(b""),
    "no UTF-8": fake.not_json(b'{"page": "\xff"}'),
    "NaN": fake.not_json(b'{"page": NaN}'),
    "a number with 5000 digits": fake.not_json(b'{"page": %s}' % (b"1" * 5000)),
    "brackets without end": fake.not_json(b"[" * 200_000),
    "corrupt gzip": fake.corrupt_gzip(),
    "cut unannounced gzip": Fault(
        "cut", change=lambda reply: replace(reply, body=gzipped(reply)[:-20])
    ),
    "gzip magic alone": fake.not_json(b"\x1f\x8b"),
    "gzip announced, not sent": fake.status(200, b"{}", {"Content-Encoding": "gzip"}),
    "reset": fake.reset(),
    "reset within the body": fake.reset_mid_body(),
    "no answer": fake.no_answer(),
    "cut body": fake.cut_body(),
    "cut chunked body": fake.cut_chunked(),
    "a wrong length": fake.wrong_length(),
    "a line that is no header": replace(
        fake.status(503, headers={"no colon\r\nX-After": "1"}), deliver=until_the_end
    ),
    "two hundred headers": fake.status(200, headers={f"X-{n}": "1" for n in range(200)}),
    "an endless header": fake.status(200, headers={"X-Long": "x" * 70_000}),
}


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_transient_error_is_retried(name: str, tmdb: FakeTmdb, open_session: Opener) -> None:
    expected = ask(open_session())
    tmdb.fail(TRANSIENT[name])

    assert ask(open_session()) == expected
    assert tmdb.count() == 3


@pytest.mark.parametrize("name", TRANSIENT)
def test_an_error_that_stays_is_reported_after_the_last_attempt(
    name: str, tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(TRANSIENT[name], times=None)

    with pytest.raises(TmdbUnavailable, match="in 3 attempts") as raised:
        ask(open_session())

    assert tmdb.count() == 3
    assert (raised.value.facts["path"], raised.value.facts["attempts"]) == (POPULAR, 3)
    assert_clear_message(raised.value, tmdb)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (fake.hang(3600), "no answer in time"),
        (fake.slow_body(0.01), "no whole answer within"),
        (fake.slow_body(0.05), "no whole answer within"),
    ],
    ids=["silence", "a fast drip", "a slow drip"],
)
@pytest.mark.usefixtures("brief_bounds")
def test_an_answer_that_does_not_end_is_given_up_in_time(
    fault: Fault,
    why: str,
    tmdb: FakeTmdb,
    open_session: Opener,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "luigi-interface.pipeline")
    tmdb.fail(fault)

    assert ask(open_session(retries=1))["page"] == 1
    assert f"{POPULAR}: {why}" in caplog.text
    assert tmdb.count() == 2


@pytest.mark.usefixtures("brief_bounds")
def test_a_read_timeout_that_stays_is_reported(tmdb: FakeTmdb, open_session: Opener) -> None:
    tmdb.fail(fake.hang(5), times=None)

    with pytest.raises(TmdbUnavailable, match="no answer in time") as raised:
        ask(open_session(retries=0))

    assert_clear_message(raised.value, tmdb)


def test_the_read_timeout_is_shorter_than_the_header_deadline(
    tmdb: FakeTmdb, open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "READ_TIMEOUT_SECONDS", BRIEF_SILENCE)
    monkeypatch.setattr(transport, "MAX_HEADER_SECONDS", 3600)
    tmdb.fail(fake.hang(3600), times=None)

    with pytest.raises(TmdbUnavailable, match="no answer in time"):
        ask(open_session(retries=0))


def test_a_request_names_accepted_types_and_the_user_agent(
    tmdb: FakeTmdb, open_session: Opener
) -> None:
    ask(open_session())

    (request,) = tmdb.requests
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Accept-Encoding"] == "gzip"
    assert request.headers["User-Agent"].startswith(f"tmdb-pipeline/{VERSION} python-requests/")


def test_requests_and_received_bytes_are_counted(tmdb: FakeTmdb, open_session: Opener) -> None:
    asker = open_session()
    assert (asker.requests, asker.bytes_received) == (0, 0)
    ask(asker)
    once = asker.bytes_received
    ask(asker)
    assert (asker.requests, asker.bytes_received) == (2, 2 * once)


def test_a_header_that_comes_slowly_is_waited_for(
    tmdb: FakeTmdb, open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the pause between two pieces is bounded by the time of silence."""
    monkeypatch.setattr(transport, "READ_TIMEOUT_SECONDS", BRIEF_SILENCE)
    tmdb.fail(fake.slow_headers(BRIEF_SILENCE * 1.5))

    assert ask(open_session())["page"] == 1
    assert tmdb.count() == 1


@pytest.mark.usefixtures("brief_bounds")
def test_a_header_that_never_ends_is_given_up_at_its_deadline(
    tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(fake.slow_headers(BRIEF_SILENCE * 6))

    assert ask(open_session(retries=1))["page"] == 1
    assert tmdb.count() == 2, "the first answer was not waited for to its end"


@pytest.mark.usefixtures("brief_bounds")
def test_a_header_that_never_ends_is_reported_as_a_timeout(
    tmdb: FakeTmdb, open_session: Opener
) -> None:
    """Half a head must not pass for a whole one with an empty body."""
    tmdb.fail(fake.slow_headers(BRIEF_SILENCE * 5), times=None)

    with pytest.raises(TmdbUnavailable, match="no answer in time"):
        ask(open_session(retries=0))


def test_a_connection_reset_while_connecting_is_reported_as_reset(
    open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reset(*_: object, **__: object) -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr("pipeline.tmdb.transport.look_up", lambda *_: [])
    monkeypatch.setattr("pipeline.tmdb.transport.connect", reset)

    with pytest.raises(TmdbUnavailable, match="the connection was reset"):
        ask(open_session("http://films.invalid/3"))


def test_a_refused_connection_and_an_unknown_host_have_different_messages(
    open_session: Opener,
) -> None:
    with FakeTmdb(limit=None) as tmdb:
        dead = tmdb.url
    for url, why in ((dead, "connection was refused"), ("http://films.invalid/3", "not known")):
        with pytest.raises(TmdbUnavailable, match=why) as raised:
            ask(open_session(url))
        assert V3_KEY not in shown(raised.value)


@pytest.mark.parametrize("retries", [0, 1, 4])
def test_the_number_of_retries_is_as_set(
    retries: int, tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(fake.status(503), times=None)

    with pytest.raises(TmdbUnavailable):
        ask(open_session(retries=retries))

    assert tmdb.count() == retries + 1


def test_a_retry_is_logged_without_the_key(
    tmdb: FakeTmdb, open_session: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "luigi-interface.pipeline")
    tmdb.fail(fake.status(502))

    ask(open_session())

    assert f"{POPULAR}: HTTP status 502; attempt 2 follows in" in caplog.text
    assert V3_KEY not in caplog.text


# --- Pauses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [7, 600])
def test_a_retry_after_in_seconds_is_waited_for(
    seconds: int, tmdb: FakeTmdb, open_session: Opener, stopped_clock: StoppedClock, tmp_path: Path
) -> None:
    tmdb.fail(fake.status(503, headers={"Retry-After": str(seconds)}))
    waits = RecordedWaits(stopped_clock)
    limiter = RateLimiter(tmp_path / "pace" / "file", 1000)

    ask(open_session(rate_limiter=limiter), stop=waits)

    assert sum(waits.seconds) == pytest.approx(seconds)
    assert tmdb.count() == 2


def in_an_hour() -> str:
    return email.utils.formatdate(time.time() + 3600, usegmt=True)


@pytest.mark.parametrize(
    "wanted", ["601", "3600", in_an_hour(), "9" * 400], ids=["601", "hour", "date", "absurd"]
)
def test_a_retry_after_longer_than_a_run_waits_fails_at_once_and_says_when(
    wanted: str, tmdb: FakeTmdb, open_session: Opener, tmp_path: Path
) -> None:
    tmdb.fail(fake.too_many(wanted), times=None)
    limiter = RateLimiter(tmp_path / "pace" / "file", 1000)

    for _ in range(2):
        with pytest.raises(
            TmdbUnavailable, match=r"asks to wait until \d{4}-\d\d-\d\d \d\d:\d\d UTC"
        ):
            ask(open_session(rate_limiter=limiter))

    assert tmdb.count() == 1


@pytest.mark.usefixtures("stopped_clock")
@time_machine.travel("2024-01-07T02:00:00+00:00", tick=False)
def test_the_end_of_a_long_wait_is_reported_in_full_minutes(
    tmdb: FakeTmdb, open_session: Opener, tmp_path: Path
) -> None:
    tmdb.fail(fake.too_many("659"))
    asker = open_session(rate_limiter=RateLimiter(tmp_path / "pace" / "file", 1000))

    with pytest.raises(TmdbUnavailable) as raised:
        ask(asker)

    assert str(raised.value) == (
        f"{asker.host} asks to wait until 2024-01-07 02:11 UTC (Retry-After), and nothing is "
        "requested before that: run the same command again then, what is finished is kept."
    )


@pytest.mark.parametrize("answer", ["a 503", "a 429", "a 200 with TMDB's code 25"])
def test_a_retry_after_of_any_answer_is_respected(
    answer: str,
    tmdb: FakeTmdb,
    open_session: Opener,
    stopped_clock: StoppedClock,
    tmp_path: Path,
) -> None:
    fault = {
        "a 503": fake.status(503),
        "a 429": fake.too_many(),
        "a 200 with TMDB's code 25": fake.error(200, 25),
    }[answer]

    def asks_to_wait(reply: Any) -> Any:
        return fault.change(reply).with_headers(Retry_After="700")

    tmdb.fail(Fault("wait", change=asks_to_wait), times=None)
    limiter = RateLimiter(tmp_path / "pace" / "file", 1000)

    with pytest.raises(TmdbUnavailable):
        ask(open_session(rate_limiter=limiter))
    assert limiter.hold_seconds() == 700
    stopped_clock.now += 90
    assert limiter.hold_seconds() == 610
    with pytest.raises(TmdbUnavailable, match="asks to wait until"):
        ask(open_session(rate_limiter=limiter))
    assert tmdb.count() == 1


def test_a_wrong_clock_here_does_not_make_a_minute_a_day(
    tmdb: FakeTmdb,
    open_session: Opener,
    stopped_clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A Retry-After that is a point in time counts from the Date of its answer."""
    now = time.time()
    limiter = RateLimiter(tmp_path / "pace" / "file", 1000)
    soon = email.utils.formatdate(now + 60, usegmt=True)
    tmdb.fail(fake.too_many(soon))
    monkeypatch.setattr(
        "pipeline.clock.instant",
        lambda: datetime.datetime.fromtimestamp(now - 86_400, datetime.UTC),
    )
    with pytest.raises(TmdbUnavailable):
        ask(open_session(rate_limiter=limiter, retries=0))
    assert 0 < limiter.hold_seconds() < 3600


@pytest.mark.parametrize(
    "wanted",
    [
        "0",
        "soon",
        "-5",
        "1.5",
        "",
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "Mon, 01 Jan 99999 00:00:00 GMT",
    ],
    ids=["zero", "word", "negative", "fraction", "empty", "past", "year 99999"],
)
def test_a_retry_after_of_zero_or_nonsense_leaves_our_own_backoff(
    wanted: str, tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(fake.too_many(wanted))
    waits = RecordedWaits()

    assert ask(open_session(backoff_seconds=0.5), stop=waits)["page"] == 1
    (wait,) = waits.seconds
    assert 0.5 <= wait <= 1


def test_the_pause_doubles_up_to_a_minute(tmdb: FakeTmdb, open_session: Opener) -> None:
    tmdb.fail(fake.status(503), times=5)
    waits = RecordedWaits()

    ask(open_session(retries=5, backoff_seconds=8), stop=waits)

    for pause, shortest in zip(waits.seconds, (8, 16, 32, 60, 60), strict=True):
        assert shortest <= pause <= shortest + 8


def test_a_429_holds_back_all_processes(
    tmdb: FakeTmdb, open_session: Opener, stopped_clock: StoppedClock, tmp_path: Path
) -> None:
    pace = tmp_path / "pace" / "file"
    neighbour = RateLimiter(pace, 1000)
    waits = RecordedWaits(stopped_clock)
    tmdb.fail(fake.too_many())

    asker = open_session(rate_limiter=RateLimiter(pace, 1000), backoff_seconds=0.2)
    ask(asker, stop=waits)
    assert sum(waits.seconds) == pytest.approx(RATE_LIMIT_HOLD_SECONDS)
    tmdb.fail(fake.too_many("2"))
    with pytest.raises(TmdbUnavailable):
        ask(open_session(rate_limiter=RateLimiter(pace, 1000), retries=0))

    assert neighbour.acquire() == pytest.approx(2.0)


@pytest.mark.parametrize(("seconds", "until"), [(60, "02:02"), (5, "02:01"), (4, None)])
@time_machine.travel("2024-01-07T02:00:00+00:00", tick=False)
def test_a_request_waits_for_a_hold_of_another_process_and_logs_what_takes_a_while(
    seconds: int,
    until: str | None,
    tmdb: FakeTmdb,
    open_session: Opener,
    stopped_clock: StoppedClock,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.INFO, "luigi-interface.pipeline")
    pace = tmp_path / "pace" / "file"
    neighbour = RateLimiter(pace, 1000)
    neighbour.hold(seconds)
    waits = RecordedWaits(stopped_clock)
    asker = open_session(rate_limiter=RateLimiter(pace, 1000))

    ask(asker, stop=waits)

    assert waits.seconds == pytest.approx([seconds])
    sentence = f"{asker.host} asks to wait until 2024-01-07 {until} UTC"
    assert caplog.messages == ([sentence] if until else [])
    assert tmdb.count() == 1


def test_a_hold_that_comes_while_a_request_waits_is_kept_too(
    tmdb: FakeTmdb, open_session: Opener, stopped_clock: StoppedClock, tmp_path: Path
) -> None:
    pace = tmp_path / "pace" / "file"
    neighbour = RateLimiter(pace, 1000)
    neighbour.hold(2)

    class Interrupted(RecordedWaits):
        def wait(self, timeout: float | None = None) -> bool:
            if not self.seconds:
                neighbour.hold(10)
            return super().wait(timeout)

    waits = Interrupted(stopped_clock)
    ask(open_session(rate_limiter=RateLimiter(pace, 1000)), stop=waits)

    assert sum(waits.seconds) >= 10
    assert tmdb.count() == 1


def test_an_error_without_retry_after_holds_no_process_back(
    tmdb: FakeTmdb, open_session: Opener, tmp_path: Path
) -> None:
    pace = tmp_path / "pace" / "file"
    neighbour = RateLimiter(pace, 1000)
    tmdb.fail(fake.status(503))

    with pytest.raises(TmdbUnavailable):
        ask(open_session(rate_limiter=RateLimiter(pace, 1000), retries=0))

    assert neighbour.acquire() == 0


def test_a_wait_ends_as_soon_as_the_list_is_given_up(tmdb: FakeTmdb, open_session: Opener) -> None:
    """A pause to its end would take longer than a test may."""
    tmdb.fail(fake.status(503), times=None)
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()

    with pytest.raises(CancelledError):
        ask(open_session(backoff_seconds=500), stop=stop)

    assert tmdb.count() == 1


# --- Faults that stay -------------------------------------------------------------------------


@pytest.mark.parametrize("code", [204, 304, 400, 404, 405, 406, 410, 422, 501])
def test_a_rejected_request_is_not_repeated(
    code: int, tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(fake.status(code, b"" if code in (204, 304) else b"<html>"), times=None)

    with pytest.raises(RequestRejected, match=str(code)) as raised:
        ask(open_session())

    assert tmdb.count() == 1
    assert (raised.value.facts["path"], raised.value.facts["status"]) == (POPULAR, code)
    assert_clear_message(raised.value, tmdb)


def test_tmdbs_own_words_are_passed_on(tmdb: FakeTmdb, open_session: Opener) -> None:
    with pytest.raises(RequestRejected, match="Pages start at 1 and max at 500") as raised:
        ask(open_session(), page="501")

    assert_clear_message(raised.value, tmdb)


@pytest.mark.parametrize(
    "words",
    [
        f"no such thing: {POPULAR}?api_key={V3_KEY}",
        f"two\nlines {V3_KEY}",
        "x" * 195 + V3_KEY,
        [V3_KEY],
        {"key": V3_KEY},
        None,
    ],
)
def test_tmdbs_own_words_cannot_carry_the_key(
    words: object, tmdb: FakeTmdb, open_session: Opener
) -> None:
    text = fake.json_body({"status_message": words})
    tmdb.fail(replace(text, change=lambda reply: replace(text_reply(text, reply), status=422)))

    with pytest.raises(RequestRejected) as raised:
        ask(open_session())

    assert V3_KEY not in shown(raised.value)
    assert V3_KEY[:8] not in shown(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def text_reply(fault: Fault, reply: Any) -> Any:
    return fault.change(reply)


@pytest.mark.parametrize("target", ["same host", "other host"])
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    code: int, target: str, tmdb: FakeTmdb, open_session: Opener
) -> None:
    with FakeTmdb(limit=None) as stranger:
        base = tmdb.url if target == "same host" else stranger.url
        location = f"{base}/movie/top_rated"
        tmdb.fail(fake.status(code, b"", {"Location": location}), times=None)

        with pytest.raises(RequestRejected, match=str(code)) as raised:
            ask(open_session())

        assert stranger.connections == 0
    assert tmdb.count() == 1
    assert_clear_message(raised.value, tmdb)


@pytest.mark.parametrize("location", ["http://[", "http://x:y/", "//", "", "http://a\x7f/ ü"])
def test_a_redirect_to_nonsense_is_a_rejected_request(
    location: str, tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(fake.redirect(location), times=None)

    with pytest.raises(RequestRejected, match="302") as raised:
        ask(open_session())

    assert_clear_message(raised.value, tmdb)


def test_an_answer_that_does_not_fit_the_schema_is_not_retried(
    tmdb: FakeTmdb, open_session: Opener
) -> None:
    def displeased(body: Any) -> None:
        raise AnswerNotUnderstood("no", field="page")

    with pytest.raises(AnswerNotUnderstood):
        open_session().get(POPULAR, QUERY, displeased, threading.Event())

    assert tmdb.count() == 1


# --- The body ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [fake.gzip_announced(), fake.gzip_unannounced(), fake.chunked(), fake.slow_headers(0.05)],
    ids=lambda fault: fault.name,
)
def test_an_answer_is_understood_however_it_is_packed(
    fault: Fault, tmdb: FakeTmdb, open_session: Opener
) -> None:
    plain = ask(open_session())
    tmdb.fail(fault)

    assert ask(open_session()) == plain
    assert tmdb.count() == 2


LARGEST_ANSWER = MEGABYTE
HUGE = 8 * LARGEST_ANSWER
ANY_REPLY = Reply(200, b"")
OVERSIZED: dict[str, Callable[[], Fault]] = {
    "a huge body": lambda: fake.huge_body(HUGE),
    "a gzip bomb": lambda: fake.gzip_bomb(HUGE),
    "a gzip bomb, unannounced": lambda: fake.not_json(fake.gzip_bomb(HUGE).change(ANY_REPLY).body),
    "a huge error page": lambda: replace(fake.huge_body(HUGE), change=fake.status(404, b"").change),
    "a huge redirect": lambda: replace(
        fake.huge_body(HUGE), change=fake.redirect("/3/movie/top_rated").change
    ),
}


@pytest.mark.parametrize("name", OVERSIZED)
def test_an_oversized_answer_is_given_up_before_it_fills_the_memory(
    name: str, tmdb: FakeTmdb, open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response, "MAX_BODY_BYTES", LARGEST_ANSWER)
    tmdb.fail(OVERSIZED[name](), times=None)
    asker = open_session()
    tracemalloc.start()
    try:
        with pytest.raises((AnswerNotUnderstood, RequestRejected)) as raised:
            ask(asker)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * LARGEST_ANSWER
    assert tmdb.count() == 1
    assert_clear_message(raised.value, tmdb)


# --- Answers that are not TMDB's ----------------------------------------------------------------

OF_SOMETHING_IN_BETWEEN: dict[str, Fault] = {
    "a CDN's block page": fake.blocked(403),
    "a 403 without a body": fake.status(403, b""),
    "a gateway's 403 in JSON": Fault(
        "403", change=lambda reply: replace(reply, status=403, body=b'{"message": "Forbidden"}')
    ),
    "a portal's 401": fake.status(401),
    "a proxy's 401 as a text": fake.status(401, b"Unauthorized"),
    "a proxy's login page": fake.status(407),
    "a block for legal reasons": fake.status(451),
    "a captive portal": fake.status(511),
}


@pytest.mark.parametrize("name", OF_SOMETHING_IN_BETWEEN)
def test_an_answer_of_something_in_between_does_not_refuse_the_key(
    name: str, tmdb: FakeTmdb, open_session: Opener
) -> None:
    asker = open_session()
    ask(asker)
    tmdb.fail(OF_SOMETHING_IN_BETWEEN[name], times=None)

    with pytest.raises(TmdbBlocked, match="between here and TMDB") as raised:
        ask(asker)

    sentence = str(raised.value)
    assert "TMDB_API_KEY" not in sentence
    assert all(word in sentence for word in ("proxy", "captive portal", "country or address"))
    assert tmdb.count() == 2, "it is not asked again"
    assert V3_KEY not in shown(raised.value)


@pytest.mark.parametrize("http_status", [200, 401, 403, 404, 500])
@pytest.mark.parametrize("code", [3, 7, 10])
def test_tmdbs_own_error_about_the_key_counts_whatever_the_http_status(
    code: int, http_status: int, tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(fake.error(http_status, code), times=None)

    with pytest.raises(CredentialRefused, match="TMDB_API_KEY"):
        ask(open_session())

    assert tmdb.count() == 1


@pytest.mark.parametrize("http_status", [200, 404, 500])
@pytest.mark.parametrize("code", [9, 11, 24, 25, 43, 46])
def test_a_transient_code_of_tmdb_is_retried_whatever_the_http_status(
    code: int, http_status: int, tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(fake.error(http_status, code))

    assert ask(open_session())["page"] == 1
    assert tmdb.count() == 2


def test_a_web_page_with_status_200_may_be_that_of_a_captive_portal(
    tmdb: FakeTmdb, open_session: Opener
) -> None:
    tmdb.fail(fake.html_ok(), times=None)

    with pytest.raises(TmdbUnavailable, match="not JSON, as of a captive portal"):
        ask(open_session())


# --- Settings of the network that cannot work ---------------------------------------------------

UNUSABLE_PROXIES = [
    "socks5h://127.0.0.1:1080",
    "SOCKS4://127.0.0.1:1080",
    "ftp://127.0.0.1:21",
    "localhost:3128",
    "http://",
    "http://127.0.0.1:99999",
    "http://[::1",
    "http://user:pa55word@:3128",
]


@pytest.mark.parametrize("proxy", UNUSABLE_PROXIES)
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_that_cannot_work_is_named_at_once(
    variable: str,
    proxy: str,
    tmdb: FakeTmdb,
    open_session: Opener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, proxy)

    with pytest.raises(SettingsError) as raised:
        open_session()

    assert str(raised.value) == (
        "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names a proxy that cannot be used (SOCKS needs the "
        "Python package PySocks): give it an address like http://host:port, or unset it."
    )
    assert "pa55word" not in shown(raised.value)


@pytest.mark.parametrize("written", ["http://127.0.0.1:3128", "127.0.0.1:3128"])
def test_a_proxy_is_an_http_address_unless_it_says_otherwise(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", written)

    assert transport.Network("http://films.invalid/3").proxy == "http://127.0.0.1:3128"


def test_a_proxy_that_cannot_work_is_no_matter_where_it_is_not_used(
    tmdb: FakeTmdb, open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:1080")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    assert ask(open_session())["page"] == 1


@pytest.mark.parametrize("status_line", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_a_proxy_that_refuses_is_not_retried(
    status_line: str, open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(f"HTTP/1.1 {status_line}\r\nContent-Length: 0\r\n\r\n") as (port, asked):
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        with pytest.raises((SettingsError, TmdbBlocked), match="the proxy"):
            ask(open_session("https://films.invalid/3"))

    assert len(asked) == 1


@contextlib.contextmanager
def answering(answer: str) -> Iterator[tuple[int, list[bytes]]]:
    """A port on which every connection gets the same answer; and what was asked there."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    with sock:
                        asked.append(sock.recv(65_536))
                        sock.sendall(answer.encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, b"no certificate"], ids=["nowhere", "no certificate"])
def test_a_file_of_certificates_that_cannot_be_used_is_named_at_once(
    content: bytes | None,
    variable: str,
    open_session: Opener,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    path = tmp_path / "certificates.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, str(path))

    with pytest.raises(SettingsError, match="CURL_CA_BUNDLE names no file of certificates"):
        open_session("https://films.invalid/3")


# --- Connections ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [None, fake.chunked(), fake.gzip_announced(), fake.gzip_unannounced(), fake.status(503)],
    ids=lambda fault: fault.name if fault else "plain",
)
def test_one_connection_serves_one_request_after_the_other(
    fault: Fault | None, tmdb: FakeTmdb, open_session: Opener
) -> None:
    if fault:
        tmdb.fail(fault, times=5)
    asker = open_session(retries=5)

    for _ in range(10):
        ask(asker)

    assert tmdb.connections == 1


def test_no_more_connections_are_open_than_configured(open_session: Opener) -> None:
    with FakeTmdb(limit=None, latency=0.005) as tmdb:
        asker = open_session(tmdb.url, connections=3)
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda page: ask(asker, page=str(page + 1)), range(60)))

        assert tmdb.peak_connections == 3
        assert tmdb.connections == 3
        assert tmdb.count() == 60


def test_errors_do_not_use_connections_up(tmdb: FakeTmdb, open_session: Opener) -> None:
    """A connection lost by a fault frees its place; else the pool would block for ever."""
    asker = open_session(connections=1, retries=0)
    for name in TRANSIENT:
        tmdb.fail(TRANSIENT[name])
        with pytest.raises(TmdbUnavailable):
            ask(asker)

    assert ask(asker)["page"] == 1
    assert tmdb.count() == len(TRANSIENT) + 1


def test_cookies_are_not_sent_back(tmdb: FakeTmdb, open_session: Opener) -> None:
    cookie = {"Set-Cookie": "session=1; Path=/"}
    tmdb.fail(Fault("cookie", change=lambda reply: replace(reply, headers=cookie)), times=None)
    asker = open_session()

    ask(asker)
    ask(asker)

    assert all("Cookie" not in request.headers for request in tmdb.requests)


def test_the_user_agent_is_honest(tmdb: FakeTmdb, open_session: Opener) -> None:
    ask(open_session())

    (request,) = tmdb.requests
    assert request.headers["User-Agent"].startswith("tmdb-pipeline/")
    assert "python-requests/" in request.headers["User-Agent"]
    assert "Mozilla" not in request.headers["User-Agent"]


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_used(
    variable: str, tmdb: FakeTmdb, open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, tmdb.url.removesuffix("/3"))

    assert ask(open_session("http://films.invalid/3"))["page"] == 1
    assert tmdb.requests[0].headers["Host"] == "films.invalid"


def test_no_proxy_is_respected(
    tmdb: FakeTmdb, open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://films.invalid:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert ask(open_session())["page"] == 1


def test_a_dead_proxy_is_reported_without_its_password(
    open_session: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeTmdb(limit=None) as tmdb:
        dead = tmdb.url.removesuffix("/3").removeprefix("http://")
    monkeypatch.setenv("http_proxy", f"http://user:pa55word@{dead}")

    with pytest.raises(TmdbUnavailable, match="proxy") as raised:
        ask(open_session("http://films.invalid/3"))

    assert "pa55word" not in shown(raised.value)
    assert V3_KEY not in shown(raised.value)


# --- Logs -------------------------------------------------------------------------------------

LOUD = {
    **{name: TRANSIENT[name] for name in ("status 503", "reset", "cut body", "corrupt gzip")},
    "a redirect": fake.redirect("http://films.invalid/"),
    "a line that is no header": TRANSIENT["a line that is no header"],
}


@pytest.mark.parametrize("name", LOUD)
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "by proxy"])
def test_the_key_shows_in_no_log_line_even_when_all_is_logged(
    name: str,
    proxied: bool,
    tmdb: FakeTmdb,
    open_session: Opener,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if proxied:
        monkeypatch.setenv("http_proxy", tmdb.url.removesuffix("/3"))
    for logger in ("", "urllib3", "requests", "luigi-interface"):
        caplog.set_level(logging.DEBUG, logger)
    tmdb.fail(LOUD[name])

    with contextlib.suppress(RequestRejected):
        ask(open_session("http://films.invalid/3" if proxied else tmdb.url))

    assert "api_key=[credential]" in caplog.text, "urllib3 has logged the request"
    assert V3_KEY not in caplog.text
    assert quote(V3_KEY) not in caplog.text


def test_neither_transport_nor_credential_show_the_secret(open_session: Opener) -> None:
    asker = open_session()

    assert V3_KEY not in repr(asker)
    assert V3_KEY not in repr(Credential(V3_KEY))
    assert V3_KEY not in str(Credential(V3_KEY))
