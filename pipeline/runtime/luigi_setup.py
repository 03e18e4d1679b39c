"""Prepare luigi for a run of ours: its configuration, and what happens at the events of our tasks.

The console scripts call both functions. Elsewhere (`python -m luigi`, `luigi.build` in a script,
spawned workers) the first of our tasks calls `install`, and luigi's configuration is its own.
"""

from __future__ import annotations

import functools
import os
import stat
from urllib.parse import quote

import luigi.configuration
from luigi.cmdline_parser import CmdlineParser

from pipeline import settings
from pipeline.runtime import journal, luigi_messages, luigi_private


def is_module_of_ours(name: str) -> bool:
    """Whether a module is this package or part of it."""
    return name == "pipeline" or name.startswith("pipeline.")


def configure() -> None:
    """Put our luigi.cfg in force below all others, and the password of luigid.

    Without our [retcode], a failed run would exit with 0. Runs of the schedule also retry failed
    tasks (unattended.cfg), whatever the file is that LUIGI_CONFIG_PATH names, which is read last.
    """
    paths, unattended = luigi_private.config_paths(), str(settings.unattended_config())
    if (ours := str(settings.REPOSITORY / "luigi.cfg")) not in paths:
        paths.insert(0, ours)
    if settings.started_by() and unattended not in paths:
        is_last_named = paths[-1] == str(settings.file_of_this_run("LUIGI_CONFIG_PATH"))
        paths.insert(len(paths) - is_last_named, unattended)
    luigi_private.set_config_paths(paths)
    luigi_private.allow_rpc_options()
    _log_in_to_luigid()


@functools.cache
def install() -> None:
    """Log and record the events of our tasks, and let nobody else change our files.

    Refuse a run of luigi's own command that would exit with 0 if it failed.
    """
    command, configuration = CmdlineParser.get_instance(), luigi.configuration.get_config()
    is_ours = command and is_module_of_ours(command.known_args.core_module or "")
    if is_ours and configuration.get("retcode", "task_failed", None) is None:
        raise SystemExit(
            "luigi's configuration has no [retcode], so a failed run would exit with 0: use the "
            "command `luigi` of this package, or set LUIGI_CONFIG_PATH to its luigi.cfg."
        )
    os.umask(os.umask(0o077) | stat.S_IWOTH)
    luigi_messages.install()
    journal.install()


def _log_in_to_luigid() -> None:
    """Add the password to luigid's address, if one is set. It stays in this process's memory."""
    password = settings.secret("PIPELINE_LUIGID_PASSWORD")
    configuration = luigi.configuration.get_config()
    scheme, _, rest = configuration.get("core", "scheduler_url", "").partition("://")
    if password is not None and rest and "@" not in rest:
        secret = quote(password.secret, safe="", errors="surrogateescape").replace("%", "%%")
        configuration.set("core", "scheduler_url", f"{scheme}://luigi:{secret}@{rest}")
