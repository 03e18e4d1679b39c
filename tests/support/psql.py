"""PostgreSQL's own client, from the wheel."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.postgres import Postgres


def load(server: Postgres, url: str, dump: Path) -> None:
    """Load a dump of SQL into a database."""
    address = url.replace("+psycopg2", "")
    command = [str(server.bin / "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", address]
    with dump.open("rb") as stream:
        subprocess.run(command, stdin=stream, stdout=subprocess.DEVNULL, check=True, timeout=60)
