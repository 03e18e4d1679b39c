"""The bucket of the data root: whether it answers, what it allows, and what it promises."""

import contextlib
import email.utils
import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline import clock, settings
from pipeline.errors import StorageError
from pipeline.ops.doctor.examine import PROBLEM, WARNING, Finding, finding
from pipeline.storage import s3_client
from pipeline.storage.object_path import ObjectPath

# Seconds that a request waits for a byte, its attempts, and seconds for all probes of a bucket.
READ_SECONDS, ATTEMPTS, MAX_SECONDS = 3.0, 2, 15.0
# Seconds that the clocks may differ. S3 refuses every request from 15 minutes on.
MAX_SKEW_SECONDS, MAX_USABLE_SKEW_SECONDS = 60, 600


class _Store(NamedTuple):
    """The store, by a client that waits for a short time only; `root` is the data root."""

    client: Any
    root: ObjectPath

    @property
    def host(self) -> str:
        """The server's name and port."""
        return urlsplit(self.client.meta.endpoint_url).netloc.rpartition("@")[2]

    def list_one(self) -> Any:
        """List one object of the data root."""
        prefix = f"{self.root.key}/" if self.root.key else ""
        return self.client.list_objects_v2(Bucket=self.root.bucket, Prefix=prefix, MaxKeys=1)

    def new_object(self) -> dict[str, str]:
        """Return the name of an object that nothing else uses."""
        path = settings.current().layout.store_probe(secrets.token_hex(8))
        assert isinstance(path, ObjectPath)
        return {"Bucket": path.bucket, "Key": path.key}

    def remove(self, name: dict[str, str]) -> None:
        """Remove an object, whatever has failed before and fails now."""
        with contextlib.suppress(Exception):
            self.client.delete_object(**name)


def store() -> Finding:
    """See whether the store answers and accepts the credentials."""
    with _opened() as opened:
        _is_refused(opened.list_one)
        return finding(f"{opened.host} answers and accepts the credentials")


def store_clock() -> Finding:
    """Compare this machine's clock with the Date that the store sends, with a refusal as well."""
    with _opened() as opened:
        try:
            answer = opened.list_one()
        except Exception as error:
            if not s3_client.status_of(error):
                raise
            answer = error.response  # type: ignore[attr-defined]
        sent = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        apart = abs((clock.now() - email.utils.parsedate_to_datetime(sent)).total_seconds())
    except ValueError:
        return finding(f"{opened.host} sends no date")
    fix = "Switch time synchronisation on (timedatectl set-ntp true): a store refuses every "
    fix += "request of a clock that is 15 minutes off."
    state = PROBLEM if apart > MAX_USABLE_SKEW_SECONDS else WARNING
    found = f"{apart:.0f} s from {opened.host}"
    return finding(found, fix if apart > MAX_SKEW_SECONDS else "", state)


def permissions() -> Finding:
    """See whether objects can be listed, written, read and deleted; name what is not allowed."""
    with _opened() as opened:
        client, name = opened.client, opened.new_object()
        requests: dict[str, Callable[[], Any]] = {
            "s3:ListBucket": opened.list_one,
            "s3:PutObject": lambda: client.put_object(**name, Body=b"probe"),
            "s3:GetObject": lambda: client.get_object(**name)["Body"].close(),
            "s3:DeleteObject": lambda: client.delete_object(**name),
        }
        try:
            missing = {each: _is_refused(send) for each, send in requests.items()}
        except Exception:
            opened.remove(name)
            raise
        # Without it, or with a condition on it, S3 does not say that an object is absent.
        if not missing["s3:GetObject"]:
            missing["s3:ListBucket"] |= _is_refused(lambda: client.head_object(**name))
    if names := [each for each, is_missing in missing.items() if is_missing]:
        allow = f"Allow {', '.join(names)} on the bucket, as config/aws/iam-policy.json does."
        found = f"{opened.root}: the store refuses {', '.join(names)}"
        return finding(found, allow, PROBLEM)
    return finding(f"{opened.root} can be listed, written, read and deleted from")


def conditional_write() -> Finding:
    """See whether the store refuses to overwrite, by which the first of two publishers wins."""
    with _opened() as opened:
        name = opened.new_object()
        try:
            opened.client.put_object(**name, Body=b"first", IfNoneMatch="*")
            opened.client.put_object(**name, Body=b"second", IfNoneMatch="*")
        except Exception as error:
            if s3_client.status_of(error) not in (409, 412):
                raise
            return finding("a second write of the same object is refused")
        finally:
            opened.remove(name)
    found = "the store ignores `If-None-Match: *`: of two runs that publish the same document, the"
    fix = "Let one host at a time run the pipeline, or use a store that honours the condition."
    return finding(f"{found} last one wins", fix, PROBLEM)


PROBES = {
    "data root": permissions,
    "store": store,
    "store clock": store_clock,
    "conditional write": conditional_write,
}


@contextlib.contextmanager
def _opened() -> Iterator[_Store]:
    """Lend the store; an error within the block is one sentence."""
    root = settings.current().data_dir
    assert isinstance(root, ObjectPath)
    opened = _Store(s3_client.open_client(READ_SECONDS, ATTEMPTS), root)
    try:
        with s3_client.report(root, StorageError):
            yield opened
    except StorageError as error:
        raise StorageError(f"{opened.host}: {error.facts['why']}.") from None


def _is_refused(send: Callable[[], Any]) -> bool:
    """Whether a request is refused for lack of a permission; other errors are raised.

    A refusal of HEAD has no body, and so no code. That an object is absent is no error.
    """
    try:
        send()
    except Exception as error:
        response = getattr(error, "response", None) or {}
        if response.get("Error", {}).get("Code") in ("AccessDenied", "403"):
            return True
        if s3_client.status_of(error) != 404 or "NoSuchBucket" in str(error):
            raise
    return False
