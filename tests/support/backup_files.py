"""Files that look like backups and are none, each with the fault that a person would suspect."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

REPORT = "metadata/quality_reports/validation_report_20240107.json"

Header = Callable[[tarfile.TarInfo], None]


def content_of(archive: tarfile.TarFile, member: tarfile.TarInfo | str) -> bytes:
    """Return the bytes of a member that is a regular file."""
    stream = archive.extractfile(member)
    assert stream is not None, f"{member} is no regular file"
    return stream.read()


def manifest(held: Mapping[str, bytes], **changes: Any) -> bytes:
    """What such a backup says of itself, with changes for an attack."""
    rows = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in held.items()
    }
    document = {
        "kind": "tmdb-pipeline backup",
        "schema": 1,
        "version": "0.1.0",
        "created_at": "2024-01-07T00:00:00+00:00",
        "history_source": None,
        "members": rows,
        **changes,
    }
    return json.dumps(document).encode()


def packed(entries: Sequence[tuple[str, bytes, Header | None]], form: int) -> bytes:
    """A gzipped tar of these members in this order."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz", format=form, compresslevel=1) as tar:
        for name, content, change in entries:
            header = tarfile.TarInfo(name)
            header.size = len(content)
            if change:
                change(header)
            tar.addfile(header, io.BytesIO(content))
    return raw.getvalue()


def backup(
    members: Mapping[str, bytes],
    *,
    said: bytes | None = None,
    change: Header | None = None,
    form: int = tarfile.USTAR_FORMAT,
) -> bytes:
    """A backup of these members; `said` replaces its manifest, `change` alters their headers."""
    first = ("manifest.json", manifest(members) if said is None else said, None)
    return packed([first, *((name, content, change) for name, content in members.items())], form)


def _link(kind: bytes) -> Header:
    def change(header: tarfile.TarInfo) -> None:
        header.type, header.linkname, header.size = kind, "/etc/passwd", 0

    return change


def _named(name: str) -> bytes:
    return backup({name: b"{}"})


def _manifest_last() -> bytes:
    said = manifest({REPORT: b"{}"})
    return packed([(REPORT, b"{}", None), ("manifest.json", said, None)], tarfile.USTAR_FORMAT)


def _said(**changes: Any) -> bytes:
    return backup({REPORT: b"{}"}, said=manifest({REPORT: b"{}"}, **changes))


_SUM = hashlib.sha256(b"{}").hexdigest()

FAULTY: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "plain text": lambda: b"-- PostgreSQL database dump\n",
    "gzipped text": lambda: gzip.compress(b"hello"),
    "a tar of somebody else": lambda: packed([("README", b"hi", None)], tarfile.USTAR_FORMAT),
    "an empty tar": lambda: packed([], tarfile.USTAR_FORMAT),
    "the manifest last": _manifest_last,
    "no manifest of ours": lambda: _said(kind="something else"),
    "a later make-up": lambda: _said(schema=2),
    "no JSON": lambda: backup({REPORT: b"{}"}, said=b"{"),
    "JSON without end": lambda: backup({REPORT: b"{}"}, said=b"[" * 100_000),
    "no object": lambda: backup({REPORT: b"{}"}, said=b"[]"),
    "members of no shape": lambda: _said(members=[REPORT]),
    "a size that is a text": lambda: _said(members={REPORT: {"size": "2", "sha256": _SUM}}),
    "a checksum that is none": lambda: _said(members={REPORT: {"size": 2, "sha256": "?"}}),
    "a wrong checksum": lambda: _said(members={REPORT: {"size": 2, "sha256": "0" * 64}}),
    "a member too many": lambda: backup({REPORT: b"{}"}, said=manifest({})),
    "a member missing": lambda: backup({}, said=manifest({REPORT: b"{}"})),
    "up and out": lambda: _named("metadata/../../escaped"),
    "out by the root": lambda: _named("/tmp/escaped"),
    "another place": lambda: _named("pipeline/settings.py"),
    "another configuration": lambda: _named("config/crontab"),
    "a symbolic link": lambda: backup({REPORT: b""}, change=_link(tarfile.SYMTYPE)),
    "a hard link": lambda: backup({REPORT: b""}, change=_link(tarfile.LNKTYPE)),
    "a device": lambda: backup({REPORT: b""}, change=_link(tarfile.CHRTYPE)),
    "a pipe": lambda: backup({REPORT: b""}, change=_link(tarfile.FIFOTYPE)),
    "a folder": lambda: backup({REPORT: b""}, change=_link(tarfile.DIRTYPE)),
    "something after its end": lambda: _named(REPORT) + b"PK\x03\x04",
}
"""What is wrong -> the file."""
