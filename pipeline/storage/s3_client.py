"""The client of an S3 server: bounded waits, retries, and each error as one sentence.

It is botocore's, imported with the first request. A process that luigi forks makes a client of its
own: two that share a connection read each other's documents.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pipeline import clock
from pipeline.errors import PipelineError, SettingsError, StorageError
from pipeline.storage.object_path import ObjectPath

# Bounds of one request: seconds to connect, seconds without a byte, attempts.
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 15, 4
# Seconds in which a store that did not answer is not asked again: luigi asks for each of a dozen
# documents whether it exists before it runs the first task.
REST_SECONDS = 60.0

T = TypeVar("T")

_clients: dict[int, Any] = {}  # process -> its client
_lock = threading.Lock()
_silent_until: dict[str, tuple[float, str]] = {}  # bucket -> when it is asked again, and why not


def forget_clients() -> None:
    """Forget clients and silent stores, as after a change of the AWS variables."""
    _clients.clear()
    _silent_until.clear()


def client() -> Any:
    """Return this process's client; SettingsError where botocore is missing or unconfigured."""
    with _lock:
        if os.getpid() not in _clients:
            try:
                from botocore.config import Config
                from botocore.exceptions import BotoCoreError
                from botocore.session import get_session
            except ImportError:
                raise SettingsError(
                    "PIPELINE_DATA_DIR is a bucket, which needs botocore: install the package with "
                    "its extra `s3`, as in `pip install 'tmdb-pipeline[s3]'`."
                ) from None
            config = Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                # Servers that only resemble S3 refuse the checksum that ends a body by default.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
            try:
                session = get_session()
                region = session.get_config_variable("region") or "us-east-1"
                made = session.create_client("s3", region_name=region, config=config)
            except (BotoCoreError, ValueError) as error:
                raise SettingsError(
                    f"The AWS settings are unusable: {error}; correct the AWS_ variables or the "
                    "profile."
                ) from None
            _clients.clear()  # a forked process has its parent's, whose connections are not its own
            _clients[os.getpid()] = made
        return _clients[os.getpid()]


def call(operation: str, path: ObjectPath, **options: Any) -> Any:
    """Send a request, which botocore retries after faults of the network and 5xx answers."""
    return getattr(client(), operation)(Bucket=path.bucket, Key=path.key, **options)


def retry(request: Callable[[], T], is_transient: Callable[[BaseException], bool]) -> T:
    """Send a request again after faults that botocore does not retry."""
    import tenacity

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_transient),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_random_exponential(0.2, max=5),
        reraise=True,
    )(request)


def status_of(error: BaseException) -> int:
    """Return the status of an answer that is an error; 0 where there was none."""
    response = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


@contextlib.contextmanager
def report(path: ObjectPath, kind: type[PipelineError]) -> Iterator[None]:
    """Report an error of the store in one sentence; ask no silent store for a minute."""
    bucket = path.bucket
    until, why = _silent_until.get(bucket, (0.0, ""))
    if clock.monotonic() < until:
        raise _error(path, kind, why)
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:
        why, is_silent = _reason(error)
        if is_silent:
            _silent_until[bucket] = clock.monotonic() + REST_SECONDS, why
        raise _error(path, kind, why) from None


def _error(path: ObjectPath, kind: type[PipelineError], why: str) -> PipelineError:
    verb = "write" if kind is StorageError else "read"
    return kind(f"Cannot {verb} {path}: {why}; what is finished is kept.")


def _reason(error: Exception) -> tuple[str, bool]:
    """Return what went wrong and what to do, and whether the store did not answer at all."""
    from botocore import exceptions

    again = "run the same command again when it does"
    if isinstance(error, exceptions.ClientError):
        code = str(error.response.get("Error", {}).get("Code"))
        status = status_of(error)
        known: dict[str, str] = {
            "NoSuchBucket": "there is no such bucket: create it, or correct PIPELINE_DATA_DIR",
            "NoSuchKey": "there is no such object: run the same command again to have it made anew",
            "InvalidAccessKeyId": "the store does not know AWS_ACCESS_KEY_ID: correct it",
            "SignatureDoesNotMatch": "the store refuses the signature: correct "
            "AWS_SECRET_ACCESS_KEY",
            "RequestTimeTooSkewed": "the clock of this machine is wrong: set it",
            "ExpiredToken": "the AWS credentials have expired: renew them",
        }
        if code in known:
            return known[code], False
        if status == 403:
            needed = "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket"
            return f"the store refuses access: allow {needed} on the bucket", False
        return f"the store answers {status} {code}: {again}", status >= 500
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        names = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        return f"there are no AWS credentials: set {names}", False
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return f"the store does not answer: {again}", True
    return f"{str(error).rstrip('.')}: {again}", False
