"""The place of the task history to back up: an address, or the compose stack.

A password reaches PostgreSQL's programs by their environment, never by their arguments, which every
user of the machine can list.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from pipeline.errors import SettingsError, StorageError
from pipeline.ops.backup.database import PROGRAMS, Database
from pipeline.ops.runtimes import docker
from pipeline.ops.runtimes.compose import Compose
from pipeline.ops.settings import history_url
from pipeline.tmdb.credential import Secret


def database_of(runtime: str) -> Database | None:
    """Return the database of the runtime of that name; None where no history is kept.

    `auto` is the address in PIPELINE_HISTORY_URL, or the compose stack that is set up here.

    Raises:
        StorageError: the programs to reach it are not installed, or the stack does not run.
        SettingsError: PIPELINE_HISTORY_URL cannot be understood.
    """
    url = history_url()
    if runtime == "compose":
        return _of_the_stack()
    if url:
        return _of_this_host(url)
    if runtime == "auto" and Compose.runs_here():
        return _of_the_stack()
    if runtime == "auto" and Compose.is_set_up_here():
        raise StorageError(
            "The compose stack of this folder does not run, or docker does not answer, so its task "
            "history is out of reach: `tmdb-pipeline start --runtime compose` starts it; "
            "--no-history leaves the history out."
        )
    return None


def _of_this_host(url: Secret) -> Database:
    """Return the database at an SQLAlchemy URL, reached by programs of this host.

    Raises:
        StorageError: the programs are not installed.
        SettingsError: the URL cannot be understood.
    """
    address, password = _without_password(url)
    given = {"PGPASSWORD": password} if password else {}
    # The one place here that reads the environment: what starts a program has to hand it on.
    environment = {"PGCONNECT_TIMEOUT": "10", **os.environ, **given, "LC_ALL": "C"}
    return Database((), {each: _program(each) for each in PROGRAMS}, address, environment)


def _of_the_stack() -> Database:
    """Return the database of the compose stack, reached by programs in its container.

    Raises:
        StorageError: there is no docker.
    """
    inside = (docker.executable(), "compose", "exec", "-T", "-e", "LC_ALL=C", "postgres")
    programs = {each: each for each in PROGRAMS}
    return Database(inside, programs, "postgresql://luigi@/luigi", None)


def _program(name: str) -> str:
    """Return the path of a program of PostgreSQL: the one on the PATH, or Debian's newest."""
    found = shutil.which(name)
    if found:
        return found
    debian = list(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if debian:
        return str(max(debian, key=lambda path: float(path.parts[-3])))
    raise StorageError(
        f"{name} is not on the PATH: install PostgreSQL's client programs (Debian: apt install "
        "postgresql-client), of the server's version or newer."
    )


def _without_password(url: Secret) -> tuple[str, str]:
    """Return the URL as PostgreSQL's programs take it, and the password that stood in it."""
    try:
        parts = urlsplit(url.secret)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise SettingsError(
            "PIPELINE_HISTORY_URL cannot be understood: write characters like @ : / [ in its "
            "password as %40 %3A %2F %5B.",
            variable="PIPELINE_HISTORY_URL",
        ) from None
    login, at, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    secret = query.pop("password", "") or unquote(password)
    further = f"?{urlencode(query)}" if query else ""
    return f"postgresql://{user}{at}{host}{parts.path}{further}", secret
