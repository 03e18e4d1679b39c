"""Looks for a secret in all its disguises: in files, archives, rows and command lines."""

from __future__ import annotations

import base64
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.backup_files import content_of
from support.postgres import Postgres

Places = Mapping[str, bytes]
"""Where something may stand, by a name that a person finds it by."""


def disguises(secret: str) -> dict[str, bytes]:
    """How a secret may be written: as it is, its parts, percent-encoded, hex, base64, backwards."""
    raw = secret.encode()
    forms = {f"part {number}": part.encode() for number, part in enumerate(secret.split("."))}
    forms |= {"as it is": raw, "backwards": raw[::-1], "hex": raw.hex().encode()}
    forms["percent"] = "".join(f"%{each:02X}" for each in raw).encode()
    forms["utf-16"] = secret.encode("utf-16-le")
    for offset in range(3):  # behind a text of any length, like the name before a password
        coded = base64.b64encode(b"x" * offset + raw).rstrip(b"=")
        forms[f"base64 {offset}"] = coded[(0, 2, 3)[offset] : len(coded) - 1]
    return forms


def found(secret: str, places: Places) -> list[str]:
    """The places that hold the secret in any disguise, with the disguise."""
    forms = [(name, form.lower()) for name, form in disguises(secret).items()]
    lowered = (
        (place, place.encode().lower(), content.lower()) for place, content in places.items()
    )
    return [
        f"{place}: {name}"
        for place, its_name, content in lowered
        for name, form in forms
        if form in its_name or form in content
    ]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below, by its whole path."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def members(archive: Path, server: Postgres, scratch: Path) -> dict[str, bytes]:
    """What is in a backup; the dump as the SQL that it would run."""
    with tarfile.open(archive) as tar:
        content = {f"{archive.name}/{each.name}": content_of(tar, each) for each in tar}
    dump = scratch / "history.dump"
    (name,) = (each for each in content if each.endswith("/history.dump"))
    dump.write_bytes(content[name])
    words = [str(server.bin / "pg_restore"), "--file=-", str(dump)]
    sql = subprocess.run(words, check=True, capture_output=True, timeout=60).stdout
    dump.unlink()
    return {**content, f"{name} as SQL": sql}


def rows(server: Postgres, database: str) -> dict[str, bytes]:
    """Every row of every table that the history's database holds."""
    listed = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    tables = [str(name) for (name,) in server.execute(listed, database=database)]
    return {
        f"table {table}, row {number}": str(text).encode()
        for table in tables
        for number, (text,) in enumerate(
            server.execute(f"SELECT t::text FROM {table} t", database=database)
        )
    }


class CommandLines(threading.Thread):
    """Reads the list of processes over and over, as any user of the machine can."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self.seen: dict[str, bytes] = {}

    def run(self) -> None:
        while not self._over.wait(0.03):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = path.read_bytes()
                except OSError:
                    continue
                self.seen[f"process {path.parent.name}: {words[:200]!r}"] = words

    @classmethod
    @contextmanager
    def watched(cls) -> Iterator[dict[str, bytes]]:
        """What is seen of all processes within the block."""
        watch = cls()
        watch.start()
        try:
            yield watch.seen
        finally:
            watch._over.set()
            watch.join()
