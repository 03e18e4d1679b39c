"""The files: who may read and write what."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pipeline import settings
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding
from pipeline.ops.doctor.machine import existing


def data_root() -> Finding:
    """See whether the data root can be written, or made."""
    root = settings.current().data_dir
    place = existing(root)
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(PROBLEM, f"{place} cannot be written by this user", adopt(place))
    return Finding(OK, f"{root} {'is writable' if place == root else 'can be made'}")


def adopt(folder: Path) -> str:
    """Return how to give a folder to this user."""
    return f"Give it to the user who runs the pipeline: chown -R {os.geteuid()} {folder}."


def dotenv() -> Finding:
    """See that nobody else can read the secrets in `.env`."""
    path = Path(".env")
    if not path.is_file():
        return Finding(OK, "there is none here")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(
            WARNING, f"others can read it (mode {mode:04o})", f"chmod 600 {path.absolute()}"
        )
    return Finding(OK, f"only its owner can read it (mode {mode:04o})")
