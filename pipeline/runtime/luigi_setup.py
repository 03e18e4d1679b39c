"""Prepare luigi for a run of ours: its configuration, and what happens at the events of our tasks.

`import pipeline` does none of this. The console scripts `luigi` and `tmdb-pipeline` call
`configure` and `install`. In all other processes (`python -m luigi`, `luigi.build` in a script,
spawned workers) the first of our tasks calls `install`; the configuration is then what luigi
itself finds, in the working folder or by LUIGI_CONFIG_PATH.
"""

from __future__ import annotations

import functools
import os
import stat
import sys
from urllib.parse import quote

import luigi.configuration

from pipeline import settings
from pipeline.runtime import journal, luigi_messages, luigi_private
from pipeline.runtime.command_line import is_module_of_ours, module_in


def configure() -> None:
    """Put our luigi.cfg in force below all others, and the password of luigid.

    Without our [retcode], a failed run would exit with 0. Runs of the schedule also retry failed
    tasks (unattended.cfg), whatever the file is that LUIGI_CONFIG_PATH names, which is read last.
    """
    paths = luigi_private.config_paths()
    ours, unattended = str(settings.REPOSITORY / "luigi.cfg"), str(settings.unattended_config())
    wanted = paths if ours in paths else [ours, *paths]
    if settings.started_by() and unattended not in wanted:
        named = settings.luigi_config_path()
        last = len(wanted) - 1 if named and wanted[-1] == str(named) else len(wanted)
        wanted = [*wanted[:last], unattended, *wanted[last:]]
    if wanted != paths:
        luigi_private.set_config_paths(wanted)
    luigi_private.allow_rpc_options()
    _log_in_to_luigid()


@functools.cache
def install() -> None:
    """Log and record the events of our tasks, and let nobody else change our files.

    Raises:
        SystemExit: this is luigi's own command, and the run would exit with 0 if it failed.
    """
    _refuse_silent_failures()
    os.umask(os.umask(0o077) | stat.S_IWOTH)
    luigi_messages.install()
    journal.install()


def _refuse_silent_failures() -> None:
    status = luigi.configuration.get_config().get("retcode", "task_failed", None)
    if is_module_of_ours(module_in(sys.argv[1:])) and status is None:
        raise SystemExit(
            "luigi's configuration has no [retcode], so a failed run would exit with 0: use the "
            "command `luigi` of this package, or set LUIGI_CONFIG_PATH to its luigi.cfg."
        )


def _log_in_to_luigid() -> None:
    """Add the password to luigid's address, if one is set. It stays in this process's memory."""
    password = settings.luigid_password()
    configuration = luigi.configuration.get_config()
    url = configuration.get("core", "scheduler_url", "")
    if password is None or not url or "@" in url:
        return
    scheme, _, rest = url.partition("://")
    secret = quote(password.secret, safe="", errors="surrogateescape")
    secret = secret.replace("%", "%%")  # configparser replaces %% by %
    configuration.set("core", "scheduler_url", f"{scheme}://luigi:{secret}@{rest}")
