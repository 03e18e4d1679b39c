"""The client of an S3 server: bounded waits, retries, and each error as one sentence.

It is botocore's, imported with the first request. A process that luigi forks makes a client of its
own: two that share a connection read each other's documents.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
import os
import re
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from pipeline import clock
from pipeline.errors import PipelineError, SettingsError, StorageError
from pipeline.storage.object_path import ObjectPath

# Bounds of one request: seconds to connect, seconds without a byte, attempts.
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5.0, 15.0, 4
# Seconds of a request with all of its attempts. A name lookup and a store that sends a byte now and
# then keep within none of the bounds above.
MAX_SECONDS = 120.0
# Seconds in which a store that did not answer is not asked again: luigi asks for each of a dozen
# documents whether it exists before it runs the first task. The store may ask for more.
REST_SECONDS, MAX_REST_SECONDS = 60.0, 600.0

# What an S3 server always sends, by operation: a captive portal answers 200, too.
_SENT_ALWAYS = {
    **dict.fromkeys(("HeadObject", "GetObject", "PutObject"), "ETag"),
    "ListObjectsV2": "IsTruncated",
}

T = TypeVar("T")

_clients: dict[int, Any] = {}  # process -> its client
_lock = threading.Lock()
# When a silent store may be asked again, shared with the processes that this one forks.
_rest_until = mmap.mmap(-1, 8)


class StoreFault(Exception):
    """What is wrong with an answer that botocore accepts, and what to do about it."""


def forget_clients() -> None:
    """Forget clients and silent stores, as after a change of the AWS variables."""
    _clients.clear()
    _session.cache_clear()
    _rest(0.0)


def client() -> Any:
    """Return this process's client; SettingsError where botocore is missing or unconfigured."""
    found = _clients.get(os.getpid())
    if found is None:
        found = open_client(READ_SECONDS, ATTEMPTS)
        _clients.clear()  # a forked process has its parent's, whose connections are not its own
        _clients[os.getpid()] = found
    return found


def open_client(read_seconds: float, attempts: int) -> Any:
    """Return a new client with other bounds than those of a run; SettingsError as `client`."""
    try:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise SettingsError(
            "PIPELINE_DATA_DIR is a bucket, which needs botocore: install the package with its "
            "extra `s3`, as in `pip install 'tmdb-pipeline[s3]'`."
        ) from None
    config = Config(
        connect_timeout=min(CONNECT_SECONDS, read_seconds),
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        # Servers that only resemble S3 refuse the checksum that ends a body by default.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        with _lock:
            region = _session().get_config_variable("region") or "us-east-1"
            made = _session().create_client("s3", region_name=region, config=config)
    except (BotoCoreError, ValueError) as error:
        raise SettingsError(
            f"The AWS settings are unusable: {str(error).rstrip('.')}; correct the AWS_ variables "
            "or the profile."
        ) from None
    made.meta.events.register("after-call.s3", _refuse_foreign_answer)
    return made


@functools.cache
def _session() -> Any:
    """Return the session, which forked processes inherit: 100 ms of each task less."""
    from botocore.session import get_session

    return get_session()


def _refuse_foreign_answer(http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
    is_success = http_response.status_code < 300
    if is_success and _SENT_ALWAYS.get(model.name, "ResponseMetadata") not in parsed:
        if "Body" in parsed:
            parsed["Body"].close()
        raise StoreFault(_FOREIGN)


def call(operation: str, path: ObjectPath, **options: Any) -> Any:
    """Send a request, which botocore retries after faults of the network and 5xx answers."""
    send = getattr(client(), operation)
    return bounded(lambda: send(Bucket=path.bucket, Key=path.key, **options))


def bounded(request: Callable[[], T]) -> T:
    """Return what a request returns, or raise TimeoutError after two minutes.

    What does not come back is left behind in a daemon thread, which ends with the process.
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(request())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(MAX_SECONDS)


def retry(request: Callable[[], T], is_transient: Callable[[BaseException], bool]) -> T:
    """Send a request again after faults that botocore does not retry."""
    import tenacity

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_transient),
        stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_after_delay(MAX_SECONDS),
        wait=tenacity.wait_random_exponential(0.2, max=5),
        reraise=True,
    )
    return bounded(lambda: retrying(request))


def status_of(error: BaseException) -> int:
    """Return the status of an answer that is an error; 0 where there was none."""
    response = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


@contextlib.contextmanager
def report(path: ObjectPath, kind: type[PipelineError]) -> Iterator[None]:
    """Report an error of the store in one sentence; ask no silent store for a minute."""
    (until,) = struct.unpack("d", _rest_until[:])
    if clock.monotonic() < until:
        raise _error(path, kind, _SILENT)
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:
        if (why := _reason(error)) is None:
            raise
        if seconds := _silent_seconds(error):
            _rest(clock.monotonic() + seconds)
        raise _error(path, kind, why) from None
    _rest(0.0)


def _rest(until: float) -> None:
    _rest_until[:] = struct.pack("d", until)


def _error(path: ObjectPath, kind: type[PipelineError], why: str) -> PipelineError:
    verb = "write" if kind is StorageError else "read"
    return kind(f"Cannot {verb} {path}: {why}; what is finished is kept.", why=why)


def _silent_seconds(error: Exception) -> float:
    """Return for how long the store is not asked again: 0 where it answered."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError) and status_of(error) >= 500:
        headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
        wished = headers.get("retry-after", "")
        return max(REST_SECONDS, min(MAX_REST_SECONDS, float(wished if wished.isdecimal() else 0)))
    silent = (exceptions.HTTPClientError, exceptions.ConnectionError, TimeoutError)
    return REST_SECONDS if isinstance(error, silent) else 0.0


_SILENT = "the store does not answer: run the same command again when it does"
_FOREIGN = "what answers is no S3 server: correct AWS_ENDPOINT_URL or the proxy's variables"
# What the store finds wrong, by its code, and what to do about it.
_REGION = "the bucket is in another region: correct AWS_DEFAULT_REGION and AWS_ENDPOINT_URL"
_CODES = {
    "NoSuchBucket": "there is no such bucket: create it, or correct PIPELINE_DATA_DIR",
    "NoSuchKey": "there is no such object: run the same command again to have it made anew",
    "InvalidAccessKeyId": "the store does not know AWS_ACCESS_KEY_ID: correct it",
    "SignatureDoesNotMatch": "the store refuses the signature: correct AWS_SECRET_ACCESS_KEY",
    "RequestTimeTooSkewed": "the clock of this machine is wrong: set it",
    "ExpiredToken": "the AWS credentials have expired: renew them",
    "InvalidToken": "the store refuses AWS_SESSION_TOKEN: renew the credentials",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
}


def _reason(error: Exception) -> str | None:
    """Return what went wrong and what to do; None where the store is not to blame."""
    from botocore import exceptions, parsers

    if isinstance(error, exceptions.ClientError):
        code = str(error.response.get("Error", {}).get("Code"))
        if code in _CODES:
            return _CODES[code]
        if status_of(error) == 403:
            needed = "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket"
            return f"the store refuses access: allow {needed} on the bucket"
        # A refusal of HEAD has no code, and what is no code is not quoted.
        name = f" {code}" if re.fullmatch("[A-Za-z]{1,50}", code) else ""
        return f"the store answers {status_of(error)}{name}: run the same command again later"
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        names = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        return f"there are no AWS credentials: set {names}"
    if isinstance(error, parsers.ResponseParserError):
        return _FOREIGN
    if isinstance(error, exceptions.SSLError):
        return "TLS cannot be agreed on: correct AWS_ENDPOINT_URL, or set AWS_CA_BUNDLE"
    if isinstance(error, exceptions.ProxyConnectionError):
        return "the proxy does not answer: correct HTTPS_PROXY"
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError | TimeoutError):
        return _SILENT
    if isinstance(error, exceptions.BotoCoreError | OSError):
        return f"{str(error).rstrip('.')}: run the same command again later"
    return str(error) if isinstance(error, StoreFault) else None
