"""Requests that show what a store does: for `doctor`, by a client that waits for a short time."""

import contextlib
import datetime
import email.utils
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import StorageError
from pipeline.storage import s3_client
from pipeline.storage.object_path import ObjectPath

# Seconds that a request waits for a byte, its attempts, and seconds for all probes of a bucket.
READ_SECONDS, ATTEMPTS, MAX_SECONDS = 3.0, 2, 15.0


class StoreProbe:
    """Probes of a bucket; `path` is the object that they write and remove."""

    def __init__(self, root: ObjectPath, path: ObjectPath) -> None:
        self._client = s3_client.open_client(READ_SECONDS, ATTEMPTS)
        self._root, self._name = root, {"Bucket": path.bucket, "Key": path.key}

    @property
    def host(self) -> str:
        """The server's name and port."""
        url: str = self._client.meta.endpoint_url
        return urlsplit(url).netloc.rpartition("@")[2]

    @contextlib.contextmanager
    def report(self) -> Iterator[None]:
        """Make one sentence of an error within the block."""
        try:
            with s3_client.report(self._root, StorageError):
                yield
        except StorageError as error:
            raise StorageError(f"{self.host}: {error.facts['why']}.") from None

    def accepts(self) -> None:
        """Raise what the store has against the credentials, but for a missing permission."""
        _is_refused(self._list_one)

    def sent_at(self) -> datetime.datetime | None:
        """Return the Date of the store's answer, also of a refusal; None where it has none."""
        try:
            answer = self._list_one()
        except Exception as error:
            if not s3_client.status_of(error):
                raise
            answer = error.response  # type: ignore[attr-defined]
        try:
            sent = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
            return email.utils.parsedate_to_datetime(sent)
        except ValueError:
            return None

    def missing_permissions(self) -> list[str]:
        """Return the actions of a policy that are not allowed."""
        requests: dict[str, Callable[[], Any]] = {
            "s3:ListBucket": self._list_one,
            "s3:PutObject": lambda: self._client.put_object(**self._name, Body=b"probe"),
            "s3:GetObject": lambda: self._client.get_object(**self._name)["Body"].close(),
            "s3:DeleteObject": lambda: self._client.delete_object(**self._name),
        }
        try:
            missing = {each: _is_refused(send) for each, send in requests.items()}
        except Exception:
            self._remove()
            raise
        # Without it, or with a condition on it, S3 does not say that an object is absent.
        if not missing["s3:GetObject"]:
            missing["s3:ListBucket"] |= _is_refused(lambda: self._client.head_object(**self._name))
        return [each for each, is_missing in missing.items() if is_missing]

    def overwrites(self) -> bool:
        """Whether the store ignores the condition by which the first of two publishers wins."""
        try:
            self._client.put_object(**self._name, Body=b"first", IfNoneMatch="*")
            self._client.put_object(**self._name, Body=b"second", IfNoneMatch="*")
        except Exception as error:
            if s3_client.status_of(error) not in (409, 412):
                raise
            return False
        finally:
            self._remove()
        return True

    def _list_one(self) -> Any:
        prefix = f"{self._root.key}/" if self._root.key else ""
        return self._client.list_objects_v2(Bucket=self._root.bucket, Prefix=prefix, MaxKeys=1)

    def _remove(self) -> None:
        """Remove the object, whatever has failed before and fails now."""
        with contextlib.suppress(Exception):
            self._client.delete_object(**self._name)


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
