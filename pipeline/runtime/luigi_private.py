"""The private names of luigi that this package relies on.

A test looks for each of them, and fails with the name of one that a new version of luigi lacks.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import luigi.configuration
import luigi.interface
from luigi.cmdline_parser import CmdlineParser

NAMES = (
    "luigi.configuration.LuigiConfigParser._config_paths",
    "luigi.configuration.LuigiConfigParser.reload",
    "luigi.interface.core.ignore_unconsumed",
    "luigi.cmdline_parser.CmdlineParser._build_parser",
    "luigi.cmdline_parser.CmdlineParser.known_args",
    "luigi.cmdline_parser.CmdlineParser.__init__",
)
"""Used in this module, and in no other."""

NAMES_IN_OPS = (
    "luigi.rpc.RemoteScheduler._get_retryer",
    "luigi.rpc.RemoteScheduler._rpc_retry_attempts",
    "luigi.rpc.RemoteScheduler._rpc_retry_wait",
)
"""Used in `pipeline.ops.scheduler_choice`. Those of `pipeline.ops.scheduler` are not listed yet."""

_READ_BY_LUIGI = {"rpc_connect_timeout", "rpc_retry_attempts", "rpc_retry_wait", "rpc_log_retries"}


def config_paths() -> list[str]:
    """Return the configuration files that luigi looks for, those that take precedence last."""
    return [str(path) for path in luigi.configuration.LuigiConfigParser._config_paths]


def set_config_paths(paths: list[str]) -> None:
    """Have luigi read these files. Its public `add_config_path` can only add one at the end."""
    luigi.configuration.LuigiConfigParser._config_paths = paths
    luigi.configuration.LuigiConfigParser.reload()


def allow_rpc_options() -> None:
    """Stop luigi's warning about options of [core] that it reads itself."""
    luigi.interface.core.ignore_unconsumed |= _READ_BY_LUIGI


def root_task_of(words: Sequence[str]) -> str:
    """Return the name of the task in a command line, also if there is no such task."""
    known, _ = CmdlineParser._build_parser().parse_known_args(list(words))
    return str(known.root_task)


def parse_commands_once() -> None:
    """Cache the parsed command line.

    A run parses it three times with a parser of a hundred options. This saves 30 ms of the
    200 ms CPU time of a finished run: 15 %.
    """
    parse = CmdlineParser.__init__
    parsed: dict[tuple[str, ...], argparse.Namespace] = {}

    def parse_once(parser: CmdlineParser, words: list[str]) -> None:
        if tuple(words) not in parsed:
            parse(parser, words)
            parsed[tuple(words)] = parser.known_args
        parser.known_args = parsed[tuple(words)]

    CmdlineParser.__init__ = parse_once
