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


def test_help_names_every_command_and_what_it_is_for(operate: Operate) -> None:
    done = operate("--help")
    listed = done.out.partition("Commands:")[2].splitlines()
    assert done.status == 0
    assert set(cli.COMMANDS) <= {line.split()[0] for line in listed if line}
    headings = [line.strip(" :") for line in listed if line.endswith(":")]
    assert headings == ["Run", "Watch", "Data", "Services"]
    assert "check        Check the configuration, and show the graph of TASK" in done.out


def test_a_command_needs_none_of_the_others() -> None:
    code = (
        "import sys; sys.argv = ['tmdb-pipeline', 'stop', '--help']\n"
        "from pipeline.ops import cli\n"
        "try: cli.main()\n"
        "except SystemExit as ending: assert not ending.code, ending.code\n"
        "bad = [m for m in sys.modules if m.startswith('pipeline.ops.commands.watch.')]\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ("status", 0, "Nothing was missed."),
        ("check", 0, "The configuration is usable."),
        ("status --grid", 0, "Weeks begin on Monday."),
        ("runs", 0, "No such run is recorded."),
        ("runs show 1", 1, "tmdb-pipeline: There is no run '1' in the record"),
        ("show daily", 1, "tmdb-pipeline: There is no daily document of "),
        ("stats", 0, "Nothing ran in the last 30 days."),
        ("doctor", 0, "none was used yet, runs use the local scheduler"),
        ("logs", 1, "tmdb-pipeline: There is no log of run in "),
        ("open", 1, "tmdb-pipeline: There is no index of the pages yet: "),
        ("watch", 0, "Nothing is overdue."),
        ("alert --test", 1, "tmdb-pipeline: The message did not arrive: "),
        ("backup", 0, "read back and found whole."),
        ("restore none.tar.gz --yes", 1, "tmdb-pipeline: "),
        ("trigger Nothing", 1, "tmdb-pipeline: There is no task 'Nothing': "),
        ("run Nothing", 1, "tmdb-pipeline: There is no task 'Nothing': "),
        ("backfill daily --from 2024-01-06 --to 2024-01-05", 0, "DailySummary: 0 missing from "),
        ("pause daily", 0, "DailySummary: Paused until `tmdb-pipeline resume daily`."),
        ("resume daily", 0, "DailySummary was not paused."),
        ("acknowledge 2024-01-05 weekly", 1, "No weekly document of 2024-01-05 is missed: "),
        ("stop", 0, "luigid was not running."),
    ],
)
def test_every_command_is_one_of_the_installed_script(
    operate: Operate, words: str, status: int, sentence: str
) -> None:
    """Those that start luigid are in test_host.py."""
    run = operate(*words.split())
    assert run.status == status, run.output
    assert sentence in " ".join(run.output.split())
    assert "Traceback" not in run.output


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


def test_there_are_colours_on_a_terminal(
    operator_environment: dict[str, str], clean_environment: Path
) -> None:
    assert "\x1b[" in on_a_terminal(operator_environment, clean_environment, "check")


def test_a_shell_completes_commands_and_options(operate: Operate) -> None:
    def complete(*words: str) -> list[str]:
        line = " ".join(("tmdb-pipeline", *words))
        variables = {"COMP_WORDS": line, "COMP_CWORD": str(len(words))}
        done = operate(_TMDB_PIPELINE_COMPLETE="bash_complete", **variables)
        return done.out.splitlines()

    assert {"plain,status", "plain,start"} <= set(complete("sta"))
    assert complete("status", "--js") == ["plain,--json"]
    for shell in ("bash", "zsh", "fish"):
        script = operate(_TMDB_PIPELINE_COMPLETE=f"{shell}_source")
        assert script.status == 0
        assert "_TMDB_PIPELINE_COMPLETE" in script.out
