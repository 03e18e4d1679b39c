"""The private names of luigi that this package relies on.

A test looks for each of them, and fails with the name of one that a new version of luigi lacks.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import luigi.configuration
import luigi.interface
from luigi.cmdline_parser import CmdlineParser

NAMES = (
    "luigi.configuration.LuigiConfigParser._config_paths",
    "luigi.configuration.LuigiConfigParser.reload",
    "luigi.interface.core.ignore_unconsumed",
    "luigi.cmdline_parser.CmdlineParser._build_parser",
    # used in pipeline.ops.scheduler_choice
    "luigi.rpc.RemoteScheduler._get_retryer",
    "luigi.rpc.RemoteScheduler._rpc_retry_attempts",
    "luigi.rpc.RemoteScheduler._rpc_retry_wait",
)
"""Used in this module, where no other is named. Those of `pipeline.ops.scheduler` are missing."""


def config_paths() -> list[str]:
    """Return the configuration files that luigi looks for, those that take precedence last."""
    return [str(path) for path in luigi.configuration.LuigiConfigParser._config_paths]


def set_config_paths(paths: list[str]) -> None:
    """Have luigi read these files. Its public `add_config_path` can only add one at the end."""
    luigi.configuration.LuigiConfigParser._config_paths = paths
    luigi.configuration.LuigiConfigParser.reload()


def allow_rpc_options() -> None:
    """Stop luigi's warning about options of [core] that it reads itself."""
    names = {"rpc_connect_timeout", "rpc_retry_attempts", "rpc_retry_wait", "rpc_log_retries"}
    luigi.interface.core.ignore_unconsumed |= names


def root_task_of(words: Sequence[str]) -> str:
    """Return the name of the task in a command line, also if there is no such task."""
    known, _ = CmdlineParser._build_parser().parse_known_args(list(words))
    return str(known.root_task)


def cache_parsers() -> None:
    """Build each parser of the command line once.

    A run builds nine, of a hundred options each. This saves 35 ms of the 200 ms CPU time of a
    finished run: 17 %.
    """
    CmdlineParser._build_parser = staticmethod(functools.cache(CmdlineParser._build_parser))
