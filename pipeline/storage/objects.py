"""Documents as objects of an S3 bucket: conditional PUTs, whole reads, listings by prefix.

The client is botocore's, imported with the first object that is used. A process that luigi forks
makes a client of its own: two that share a connection read each other's documents.
"""

from __future__ import annotations

import base64
import contextlib
import fnmatch
import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PosixPath
from typing import Any, NamedTuple, NoReturn, TypeVar

from pipeline import clock
from pipeline.errors import DocumentUnreadable, PipelineError, SettingsError, StorageError
from pipeline.storage import ABSENT

SCHEME = "s3://"
MAX_BYTES = 256 << 20  # of a document, as on a disk
# Bounds of one request: seconds to connect, seconds without a byte, attempts, seconds of a body.
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS, BODY_SECONDS = 5, 15, 4, 60.0
# Seconds in which a store that did not answer is not asked again: luigi asks for each of a dozen
# documents whether it exists before it runs the first task.
REST_SECONDS = 60.0
LISTING_SECONDS = (
    2.0  # in which the state of documents is not listed again: the index page asks for hundreds
)


T = TypeVar("T")


class ObjectPath(PosixPath):
    """The path of an object, shown as `s3://bucket/key`; using it as a file is a TypeError."""

    def __str__(self) -> str:
        """Return the address that S3's tools accept."""
        is_whole = self.parts[:1] == ("s3:",)  # and not relative to another one
        return SCHEME + "/".join(self.parts[1:]) if is_whole else super().__str__()

    def __fspath__(self) -> NoReturn:
        """Refuse to be a file of this machine, which would be a folder called `s3:`."""
        raise TypeError(f"{self} is an object of a bucket and no file of this machine.")

    def absolute(self) -> ObjectPath:
        """Return the same path: it depends on no working directory."""
        return self

    def resolve(self, strict: bool = False) -> ObjectPath:
        """Return the same path: there are no links in a bucket."""
        return self

    def exists(self, **_: bool) -> bool:
        """Return whether there is such an object."""
        return ObjectStorage().exists(self)

    def glob(self, pattern: str, **_: bool | None) -> Iterator[ObjectPath]:  # type: ignore[override]
        """Yield the objects of this folder whose names match, by a listing."""
        names = ObjectStorage().list(self)
        return (self / name for name in names if fnmatch.fnmatchcase(name, pattern))

    def as_uri(self) -> str:
        """Return the address, as for a file."""
        return str(self)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the object."""
        ObjectStorage().remove(self)

    def read_bytes(self) -> bytes:
        """Return the object's content."""
        return ObjectStorage().read(self)

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self.parts[1]

    @property
    def key(self) -> str:
        """The object's name in the bucket."""
        return "/".join(self.parts[2:])


class Entry(NamedTuple):
    """An object as its bucket lists it."""

    name: str
    size: int
    modified_at: Any  # datetime


class ObjectStorage:
    """`Storage` in a bucket of S3, or of a server that speaks its protocol."""

    def read(self, path: Path, most: int = MAX_BYTES) -> bytes:
        """Return a document's bytes; a document of more bytes than `most` is refused."""
        return _get(_object(path), most)

    def read_end(self, path: Path, most: int) -> bytes:
        """Return the last bytes of a document, at most so many."""
        return _get(_object(path), most, Range=f"bytes=-{most}")

    def publish(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document unless it exists: of several publishers, the first one wins."""
        with _spooled(content) as body, _reported(path, StorageError), contextlib.suppress(_Exists):
            _put(_object(path), body, IfNoneMatch="*")

    def replace(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document, also where an earlier one exists."""
        with _spooled(content) as body, _reported(path, StorageError):
            _put(_object(path), body)

    def exists(self, path: Path) -> bool:
        """Whether a document exists."""
        with _reported(path, DocumentUnreadable):
            try:
                _call("head_object", _object(path))
            except Exception as error:
                if _status(error) != 404:
                    raise
                return False
            return True

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names in a folder; none if there is no folder."""
        return [each.name for each in self.entries(folder)]

    def stamps(self, paths: Sequence[Path]) -> Sequence[str]:
        """Return size and time of change of each document, ABSENT where there is none.

        Each folder is listed once, and within two seconds not again.
        """
        folders = {path.parent for path in paths}
        known = {folder / name: stamp for folder in folders for name, stamp in self._listed(folder)}
        return [known.get(path, ABSENT) for path in paths]

    def _listed(self, folder: Path) -> Sequence[tuple[str, str]]:
        until, found = _listings.get(folder, (0.0, []))
        if clock.monotonic() >= until:
            entries = self.entries(folder)
            found = [(each.name, f"{each.size} {each.modified_at}") for each in entries]
            _listings[folder] = clock.monotonic() + LISTING_SECONDS, found
        return found

    def entries(self, folder: Path) -> Sequence[Entry]:
        """Return what a folder holds, but for folders below it, in a request for each 1,000."""
        path = _object(folder)
        prefix = f"{path.key}/" if path.key else ""
        with _reported(folder, DocumentUnreadable):
            listing = _client().get_paginator("list_objects_v2")
            pages = listing.paginate(Bucket=path.bucket, Prefix=prefix, Delimiter="/")
            objects = [each for page in pages for each in page.get("Contents", ())]
        names = [each["Key"].removeprefix(prefix) for each in objects]
        entries = zip(names, objects, strict=True)
        return [Entry(n, each["Size"], each["LastModified"]) for n, each in entries if n]

    def remove(self, path: Path) -> None:
        """Remove a document; one that is gone already is no error."""
        with _reported(path, StorageError):
            _call("delete_object", _object(path))


class _Exists(Exception):
    """The bucket has an object of that name already."""


_clients: dict[int, Any] = {}  # process -> its client
_lock = threading.Lock()
_listings: dict[Path, tuple[float, list[tuple[str, str]]]] = {}  # until when, and stamps
_silent_until: dict[str, tuple[float, str]] = {}  # bucket -> when it is asked again, and why not


def forget_clients() -> None:
    """Forget clients and silent stores, as after a change of the AWS variables."""
    _clients.clear()
    _listings.clear()
    _silent_until.clear()


def _object(path: Path) -> ObjectPath:
    if not isinstance(path, ObjectPath):
        raise TypeError(f"{path} is no object of a bucket.")
    return path


def _client() -> Any:
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
            region = os.environ.get("AWS_REGION") or None  # botocore knows AWS_DEFAULT_REGION only
            try:
                session = get_session()
                region = session.get_config_variable("region") or region or "us-east-1"
                made = session.create_client("s3", region_name=region, config=config)
            except (BotoCoreError, ValueError) as error:
                raise SettingsError(
                    f"The AWS settings are unusable: {error}; correct the AWS_ variables or the "
                    "profile."
                ) from None
            _clients.clear()  # a forked process has its parent's, whose connections are not its own
            _clients[os.getpid()] = made
        return _clients[os.getpid()]


def _call(operation: str, path: ObjectPath, **options: Any) -> Any:
    """Send a request, which botocore retries after faults of the network and 5xx answers."""
    return getattr(_client(), operation)(Bucket=path.bucket, Key=path.key, **options)


def _get(path: ObjectPath, most: int = MAX_BYTES, **options: str) -> bytes:
    """Return the body of an object; one that is cut is requested again, as botocore does not."""

    def request() -> bytes:
        try:
            answer = _call("get_object", path, **options)
        except Exception as error:
            if _status(error) == 416:  # there is no last byte of an empty object
                return b""
            raise
        with contextlib.closing(answer["Body"]) as body:
            return _read_whole(body, answer["ContentLength"], most)

    with _reported(path, DocumentUnreadable):
        return _retried(request, _is_cut)


def _read_whole(body: Any, length: int, most: int) -> bytes:
    if length > most:
        raise ValueError(f"it has {length:,} bytes, more than {most:,}")
    pieces, until = [], clock.monotonic() + BODY_SECONDS
    while piece := body.read(1 << 20):
        pieces.append(piece)
        if clock.monotonic() > until:
            raise TimeoutError(f"it was not complete after {BODY_SECONDS:.0f} s")
    return b"".join(pieces)  # botocore itself compares its length with the one that was promised


def _put(path: ObjectPath, body: Any, **condition: str) -> None:
    """Write an object by one request; another write at the same moment (409) is waited for."""
    _listings.pop(path.parent, None)
    digest = hashlib.md5(usedforsecurity=False)
    while piece := body.read(1 << 20):
        digest.update(piece)
    checksum = base64.b64encode(digest.digest()).decode()

    def request() -> None:
        body.seek(0)
        _call("put_object", path, Body=body, ContentMD5=checksum, **condition)

    try:
        _retried(request, lambda error: _status(error) == 409)
    except Exception as error:
        if condition and _status(error) == 412:
            raise _Exists from None
        raise


def _retried(request: Callable[[], T], is_transient: Callable[[BaseException], bool]) -> T:
    """Send a request again after faults that botocore does not retry."""
    import tenacity

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_transient),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_random_exponential(0.2, max=5),
        reraise=True,
    )(request)


def _is_cut(error: BaseException) -> bool:
    from botocore import exceptions

    kinds = (exceptions.IncompleteReadError, exceptions.ResponseStreamingError)
    return isinstance(error, kinds)


def _status(error: BaseException) -> int:
    """Return the status of an answer that is an error; 0 where there was none."""
    response = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


@contextlib.contextmanager
def _spooled(content: Iterable[bytes]) -> Iterator[Any]:
    """Lend a document as a stream that can be sent again; a large one lies on the disk."""
    import tempfile

    with tempfile.SpooledTemporaryFile(8 << 20) as stream:
        stream.writelines(content)
        stream.seek(0)
        yield stream


@contextlib.contextmanager
def _reported(path: Path, kind: type[PipelineError]) -> Iterator[None]:
    """Report an error of the store in one sentence; ask no silent store for a minute."""
    bucket = _object(path).bucket
    until, why = _silent_until.get(bucket, (0.0, ""))
    if clock.monotonic() < until:
        raise _error(path, kind, why)
    try:
        yield
    except (PipelineError, _Exists):
        raise
    except Exception as error:
        why, is_silent = _reason(error)
        if is_silent:
            _silent_until[bucket] = clock.monotonic() + REST_SECONDS, why
        raise _error(path, kind, why) from None


def _error(path: Path, kind: type[PipelineError], why: str) -> PipelineError:
    verb = "write" if kind is StorageError else "read"
    return kind(f"Cannot {verb} {path}: {why}; what is finished is kept.")


def _reason(error: Exception) -> tuple[str, bool]:
    """Return what went wrong and what to do, and whether the store did not answer at all."""
    from botocore import exceptions

    again = "run the same command again when it does"
    if isinstance(error, exceptions.ClientError):
        code = str(error.response.get("Error", {}).get("Code"))
        status = _status(error)
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
