"""A command in this process leaves the process as it was."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import webbrowser
from pathlib import Path

import click
import luigi.configuration
import pytest
from support.commands import run_in_process

from pipeline.ops import cli
from pipeline.runtime import luigi_configuration


def state() -> dict[str, object]:
    """What a command could change."""
    os.umask(umask := os.umask(0o022))
    return {
        "umask": umask,
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "zone": time.tzname,
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "arguments": sys.argv,
        "handlers": [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)],
        "loggers": [(logging.getLogger(name).level, *logging.getLogger(name).handlers)
                    for name in ("", "luigi-interface")],
        "luigi": luigi.configuration.get_config(),
        "paths": list(luigi.configuration.LuigiConfigParser._config_paths),
        "browsers": (webbrowser._tryorder, webbrowser._browsers),  # type: ignore[attr-defined]
    }  # fmt: skip


@click.command()
def changing() -> None:
    """Change all of it, and fail."""
    os.environ["TZ"] = "Asia/Seoul"
    time.tzset()
    os.chdir("/")
    os.umask(0o077)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.getLogger().addHandler(logging.NullHandler())
    luigi.configuration.get_config().set("core", "scheduler_url", "http://elsewhere/")
    webbrowser.register("another", None, preferred=True)
    os.write(1, b"by a child\n")
    click.echo("by click")
    sys.exit(7)


def test_a_command_in_this_process_leaves_it_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cli.Commands, "get_command", lambda *_: changing)
    before = state()
    run = run_in_process("changing", env={"PATH": "/nowhere"}, cwd=tmp_path)
    assert (run.status, sorted(run.out.splitlines())) == (7, ["by a child", "by click"])
    assert state() == before


@pytest.mark.parametrize("port", [1, 2])
def test_a_command_reads_the_configuration_of_luigi_that_its_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    @click.command()
    def shows() -> None:
        click.echo(luigi_configuration.scheduler_url())

    monkeypatch.setattr(cli.Commands, "get_command", lambda *_: shows)
    named = tmp_path / "mine.cfg"
    named.write_text(f"[core]\nscheduler_url = http://127.0.0.1:{port}/\n")
    for variables, url in (({"LUIGI_CONFIG_PATH": str(named)}, port), ({}, 8082)):
        run = run_in_process("shows", env=variables, cwd=tmp_path)
        assert run.out == f"http://127.0.0.1:{url}/\n"
