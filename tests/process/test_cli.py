"""The command itself: its help, its faults, its colours."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from support.operate import WORDS, Operate

from pipeline.ops import cli


def test_help_names_every_command_and_needs_none_of_them(operate: Operate) -> None:
    run = operate("--help")
    listed = [line.split()[0] for line in run.out.partition("Commands:")[2].splitlines() if line]
    assert run.status == 0
    assert set(cli.COMMANDS) <= set(listed)
    code = (
        "import sys; sys.argv = ['tmdb-pipeline', '--help']\n"
        "from pipeline.ops import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "bad = [m for m in sys.modules if m.startswith('pipeline.ops.commands.')]\n"
        "assert not bad, bad\n"
        "assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("section", "option", "value"), [("scheduler", "retry_count", "x"), ("resources", "tmdb", "x")]
)
def test_an_option_that_luigid_cannot_use_is_one_sentence(
    operate: Operate, tmp_path: Path, section: str, option: str, value: str
) -> None:
    mine = tmp_path / "wrong.cfg"
    mine.write_text(f"[{section}]\n{option} = {value}\n", encoding="utf-8")
    run = operate("luigid", "--port", "0", LUIGI_CONFIG_PATH=str(mine))
    assert run.status == 1
    assert run.err.startswith("tmdb-pipeline: ")
    assert f"[{section}] of luigi.cfg" in run.err
    assert run.err.count("\n") == 1


def on_a_terminal(environment: dict[str, str], cwd: Path, *words: str) -> str:
    """What the command prints where its output is a terminal."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [*WORDS, *words], env=environment, cwd=cwd, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    pieces = []
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so where the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(ours)
    process.wait(30)
    return b"".join(pieces).decode()


def test_there_are_colours_on_a_terminal_only_and_not_where_they_are_unwanted(
    operator_environment: dict[str, str], clean_environment: Path, operate: Operate
) -> None:
    assert "\x1b[" not in operate("check").out
    words, cwd = ("check",), clean_environment
    assert "\x1b[" in on_a_terminal(operator_environment, cwd, *words)
    for unwanted in ({"NO_COLOR": "1"}, {"NO_COLOR": "no matter what"}):
        assert "\x1b[" not in on_a_terminal(operator_environment | unwanted, cwd, *words)
    assert "\x1b[" not in on_a_terminal(operator_environment, cwd, "--no-color", *words)
    assert "\x1b[" in on_a_terminal(operator_environment | {"NO_COLOR": ""}, cwd, *words)
