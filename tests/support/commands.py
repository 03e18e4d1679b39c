"""The `tmdb-pipeline` command in this process, by click's own runner.

For commands that start no daemon and wait for no signal: those are tests of real processes. What a
command changes in its process is restored after each call: environment, time zone, configuration
of luigi, signal handlers, levels and handlers of loggers, umask, and the browsers Python knows.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import click
import luigi.configuration
import pytest
from click.testing import CliRunner
from luigi.task_register import Register
from support.luigi_runs import Run
from support.operate import Operate
from support.settings_cache import clear_settings_cache
from support.zygote import current_umask

from pipeline.ops import cli

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOGGERS = ("", "luigi", "luigi-interface", "luigi.scheduler", "tornado.access", "tornado.general")

# Where luigi looks before the environment names another file, as in a new interpreter.
_USUAL_PATHS = ["/etc/luigi/client.cfg", "/etc/luigi/luigi.cfg", "client.cfg", "luigi.cfg"]


@pytest.fixture
def command(operator_environment: dict[str, str], clean_environment: Path) -> Operate:
    """Run `tmdb-pipeline WORDS` in this process, as `operate` runs it in another one."""

    def run(
        *words: str,
        cwd: Path = clean_environment,
        on_a_terminal: bool = False,
        **changes: str | None,
    ) -> Run:
        variables = {**operator_environment, **changes}
        return run_in_process(*words, env=variables, cwd=cwd, on_a_terminal=on_a_terminal)

    return run


def run_in_process(
    *words: str, env: Mapping[str, str | None], cwd: Path, on_a_terminal: bool = False
) -> Run:
    """Run `tmdb-pipeline WORDS` with exactly these variables; one of None is removed."""
    exactly = {**dict.fromkeys(os.environ), **env}
    with contextlib.chdir(cwd), _restored_process():
        runner = CliRunner(env=exactly, catch_exceptions=False, capture="fd")
        result = runner.invoke(_Script("tmdb-pipeline"), words, color=on_a_terminal)
    return Run(result.exit_code, result.stdout, result.stderr)


class _Script(click.Command):
    """The console script as a command that CliRunner can invoke: its own errors and statuses."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] = (), prog_name: str | None = None, **_: Any
    ) -> None:
        time.tzset()
        with mock.patch.object(sys, "argv", [str(prog_name), *args]), _luigi_configuration():
            cli.main()


@contextlib.contextmanager
def _luigi_configuration() -> Iterator[None]:
    """Have luigi read its configuration as it does when it is imported in this environment."""
    parser = luigi.configuration.LuigiConfigParser
    with (
        mock.patch.object(parser, "_instance", None),
        mock.patch.object(parser, "_config_paths", list(_USUAL_PATHS)),
    ):
        if named := os.environ.get("LUIGI_CONFIG_PATH"):
            luigi.configuration.add_config_path(named)
        yield


@contextlib.contextmanager
def _restored_process() -> Iterator[None]:
    """Restore what a command changes in its process and does not need to restore itself."""
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    umask = current_umask()
    Register.clear_instance_cache()
    clear_settings_cache()
    with (
        contextlib.ExitStack() as ending,
        mock.patch.dict(os.environ),
        mock.patch.multiple(webbrowser, **_browsers()),
    ):
        ending.callback(time.tzset)  # once the environment is restored
        try:
            yield
        finally:
            Register.clear_instance_cache()
            clear_settings_cache()
            os.umask(umask)
            for logger, level, attached in levels:
                logger.setLevel(level)
                logger.handlers[:] = attached
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _browsers() -> dict[str, Any]:
    """Copy what `webbrowser` knows: it looks for the browsers of PATH and BROWSER only once."""
    names = ("_tryorder", "_browsers", "_os_preferred_browser")
    return {name: copy.copy(getattr(webbrowser, name)) for name in names}
