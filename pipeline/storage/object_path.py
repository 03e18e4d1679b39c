"""The paths of objects, which are made and compared like those of files."""

from __future__ import annotations

from pathlib import PosixPath
from typing import NoReturn

SCHEME = "s3://"


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

    def as_uri(self) -> str:
        """Return the address, as for a file."""
        return str(self)

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self.parts[1]

    @property
    def key(self) -> str:
        """The object's name in the bucket."""
        return "/".join(self.parts[2:])
