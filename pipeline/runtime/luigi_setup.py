"""Prepare luigi for a run of ours: its configuration, and what happens at the events of our tasks.

The console scripts call `configure` and `install`. Elsewhere (`luigi.build` in a script, spawned
workers) the first of our tasks calls `install`, and luigi's configuration is its own.
"""

import functools
import os
import stat
import sys
from urllib.parse import quote

import luigi.configuration
import luigi.interface
import luigi.worker
from luigi.cmdline_parser import CmdlineParser
from luigi.configuration import LuigiConfigParser

from pipeline import settings
from pipeline.runtime import journal
from pipeline.runtime.logs import LUIGI_LOGGER
from pipeline.runtime.luigi_messages import MessageFilter

# The private names of luigi that we rely on. A test fails with the name of one that a new version
# lacks. They are used in this module only; `pipeline.ops.luigid.private` has those of `ops/`.
PRIVATE_NAMES = (
    "luigi.configuration.LuigiConfigParser._config_paths",
    "luigi.configuration.LuigiConfigParser.reload",
    "luigi.interface.core.ignore_unconsumed",
    "luigi.cmdline_parser.CmdlineParser._build_parser",
    "luigi.worker.TaskStatusReporter._worker_id",
)


def is_module_of_ours(name: str) -> bool:
    """Whether a module is this package or part of it."""
    return name == "pipeline" or name.startswith("pipeline.")


def retries_tasks() -> bool:
    """Whether config/unattended.cfg is in force: it makes luigi retry failed tasks."""
    return bool(luigi.worker.worker().keep_alive)


def worker_of(task: luigi.Task) -> str:
    """Return the name of the luigi worker that runs a task, which no other run has, or nothing.

    Luigi lends the task a method of its reporter, in forked and in spawned processes alike.
    """
    reporter = getattr(task.set_status_message, "__self__", None)
    return str(getattr(reporter, "_worker_id", ""))


def config_paths() -> list[str]:
    """Return the configuration files that luigi looks for, those that take precedence last."""
    return [str(path) for path in LuigiConfigParser._config_paths]


def configure() -> None:
    """Put our luigi.cfg in force below all others, and the password of luigid.

    Without our [retcode], a failed run would exit with 0. Runs of the schedule also retry failed
    tasks (unattended.cfg), whatever the file is that LUIGI_CONFIG_PATH names, which is read last.
    """
    paths, unattended = config_paths(), str(settings.unattended_config())
    if (ours := str(settings.REPOSITORY / "luigi.cfg")) not in paths:
        paths.insert(0, ours)
    if settings.run_variable(settings.STARTED_BY) and unattended not in paths:
        is_last_named = paths[-1] == settings.run_variable("LUIGI_CONFIG_PATH")
        paths.insert(len(paths) - is_last_named, unattended)
    LuigiConfigParser._config_paths = paths  # the public add_config_path only adds one at the end
    LuigiConfigParser.reload()
    # Options that luigi reads itself, and would warn of.
    read = {"rpc_connect_timeout", "rpc_retry_attempts", "rpc_retry_wait", "rpc_log_retries"}
    luigi.interface.core.ignore_unconsumed |= read
    _log_in_to_luigid()


def _log_in_to_luigid() -> None:
    """Put the password into the address of luigid, if there is one."""
    password = settings.secret("PIPELINE_LUIGID_PASSWORD")
    configuration = luigi.configuration.get_config()
    scheme, _, rest = configuration.get("core", "scheduler_url", "").partition("://")
    if password is not None and rest and "@" not in rest:  # stays in this process's memory
        secret = quote(password.secret, safe="", errors="surrogateescape").replace("%", "%%")
        configuration.set("core", "scheduler_url", f"{scheme}://luigi:{secret}@{rest}")


@functools.cache
def install() -> None:
    """Log and record the events of our tasks, and let nobody else change our files.

    Refuse a run of luigi's own command that would exit with 0 if it failed.
    """
    command, configuration = CmdlineParser.get_instance(), luigi.configuration.get_config()
    is_ours = command and is_module_of_ours(command.known_args.core_module or "")
    if is_ours and configuration.get("retcode", "task_failed", None) is None:
        sys.exit("no [retcode], so a failed run would exit with 0: use tmdb-pipeline's `luigi`.")
    os.umask(os.umask(0o077) | stat.S_IWOTH)
    LUIGI_LOGGER.addFilter(MessageFilter())
    journal.install()


def cache_parsers() -> None:
    """Build each of nine parsers of the command line once: saves 15 % CPU time of a no-op run."""
    CmdlineParser._build_parser = staticmethod(functools.cache(CmdlineParser._build_parser))
