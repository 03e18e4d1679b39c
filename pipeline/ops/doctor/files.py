"""The files: who may read and write what, what crashes left behind, what exit statuses mean."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops import luigi_configuration
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding
from pipeline.ops.doctor.machine import existing
from pipeline.paths import Layout

OLD_SECONDS = 3600
"""A temporary file of this age has no writer any more; the next run in its folder removes it."""


def settings_usable() -> Finding:
    """See whether the settings can be read at all; every other probe needs them."""
    try:
        settings.current()
    except PipelineError as error:
        fix = "Correct it first: nothing else can be looked at without the settings."
        return Finding("settings", PROBLEM, str(error), fix)
    return Finding("settings", OK, "all of them can be read; `tmdb-pipeline check` shows them")


def data_root() -> Finding:
    """See whether the data root can be written, or made."""
    root = settings.current().data_dir
    place = existing(root)
    if not os.access(place, os.W_OK | os.X_OK):
        fix = f"Give it to the user who runs the pipeline: chown {os.getuid()} {place}."
        return Finding("data root", PROBLEM, f"{place} cannot be written by this user", fix)
    return Finding("data root", OK, f"{root} {'is writable' if place == root else 'can be made'}")


def dotenv() -> Finding:
    """See that nobody else can read the secrets in `.env`."""
    path = Path(".env")
    if not path.is_file():
        return Finding(".env", OK, "there is none here")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        fix = f"chmod 600 {path.absolute()}"
        return Finding(".env", WARNING, f"others can read it (mode {mode:04o})", fix)
    return Finding(".env", OK, f"only its owner can read it (mode {mode:04o})")


def state_folder() -> Finding:
    """See that nobody else can enter the folder of luigid's state, which is a pickle."""
    folder = Layout(settings.current().data_dir).luigid_state.parent
    if not folder.is_dir():
        return Finding("state folder", OK, "not made yet: luigid has not been started here")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        found = f"others can enter {folder} (mode {mode:04o})"
        return Finding("state folder", PROBLEM, found, f"chmod 700 {folder}")
    return Finding("state folder", OK, f"only its owner can enter it (mode {mode:04o})")


def exit_statuses() -> Finding:
    """See that failed runs exit with a status of their own."""
    given = luigi_configuration.statuses()
    silent = [name for name, status in given.items() if status == 0]
    if silent:
        found = f"no exit status for {', '.join(silent)}: such a run would end with 0"
        fix = "Set them in [retcode] as the luigi.cfg of this pipeline does."
        return Finding("exit statuses", PROBLEM, found, fix)
    shown = ", ".join(f"{name} {status}" for name, status in given.items())
    return Finding("exit statuses", OK, shown)


def left_overs() -> Finding:
    """Look for temporary files that a crash left behind."""
    layout = Layout(settings.current().data_dir)
    old = [
        path
        for folder in layout.published_folders
        for path in folder.glob(".*.tmp")
        if _is_old(path)
    ]
    if old:
        found = f"{len(old)} temporary file(s) of a crash, the first {old[0]}"
        return Finding(
            "left-overs",
            WARNING,
            found,
            "The next run removes them.",
        )
    return Finding("left-overs", OK, "no temporary files of a crash")


def _is_old(path: Path) -> bool:
    try:
        return clock.now().timestamp() - path.stat().st_mtime > OLD_SECONDS
    except FileNotFoundError:
        return False
