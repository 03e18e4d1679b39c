"""The `tmdb-pipeline` command: one subcommand a module below `pipeline.ops.commands`.

Each module exposes a click command named `command` and is imported when it is asked for, so that
one that cannot be imported takes nothing else with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
import traceback
from typing import Any

import click

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.luigi_cli import import_luigi
from pipeline.ops.settings import read_demo_data
from pipeline.paths import Layout
from pipeline.runtime import stdio
from pipeline.sanitize import plain
from pipeline.version import VERSION

SECTIONS = {
    "services": {
        "start": "Start luigid, or the compose stack.",
        "stop": "Stop what `start` started.",
        "restart": "Stop and start again.",
        "luigid": "Run the hardened luigid in the foreground.",
    },
    "run": {
        "trigger": "Run a task now, as the schedule would.",
        "check": "The configuration, and the graph with what is done and what is missing.",
    },
    "watch": {
        "status": "What runs, what ran last, what comes next, what was missed.",
        "stats": "Runs, failures and durations of each task, from the run record.",
        "logs": "Show the log of a run or of luigid.",
        "open": "Open the pages of the day and the week in the browser.",
        "doctor": "Look for problems, and say how to fix them.",
        "watch": "Alert where a root task is overdue or a run was killed.",
        "alert": "Send a test message to PIPELINE_ALERT_URL.",
    },
    "data": {
        "backup": "Save the task history and the metadata in one file.",
        "restore": "Bring a backup back.",
    },
}
"""Folder of `pipeline.ops.commands` -> its subcommands, each with its line of the help."""

FOLDERS = {name: folder for folder, names in SECTIONS.items() for name in names}

READING = {"status", "check", "doctor", "logs", "open"}
"""Commands that only read the data root."""

EXIT_PROBLEM = 1
EXIT_UNEXPECTED = 70


class AnyText(click.types.BoolParamType):
    """True for any text but the empty one, which is how NO_COLOR is meant (no-color.org)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bool:
        """Return whether there is a text at all."""
        return bool(value)


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, without importing anything."""
        return list(FOLDERS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and return the command; None for an unknown name."""
        if cmd_name not in FOLDERS:
            return None
        module = f"pipeline.ops.commands.{FOLDERS[cmd_name]}.{cmd_name}"
        found: click.Command = importlib.import_module(module).command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from their lines here, so that `--help` imports none of them."""
        for folder, lines in SECTIONS.items():
            with formatter.section(folder.capitalize()):
                formatter.write_dl(list(lines.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="tmdb-pipeline", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.option(
    "--no-color",
    is_flag=True,
    type=AnyText(),
    envvar="NO_COLOR",
    show_envvar=True,
    help="No colours; there are none either where the output is not a terminal.",
)
@click.pass_context
def group(context: click.Context, debug: bool, no_color: bool) -> None:
    """Operate the collection of TMDB's movie lists: start it, watch it, repair it."""
    if no_color:
        context.color = False
    if context.invoked_subcommand in READING:
        _find_data()


def main() -> None:
    """Run the command; an error that a user can fix is one sentence and exit status 1."""
    stdio.prepare()
    _prepare_luigi()
    from pipeline.runtime.luigi_messages import sentence_of

    try:
        group(prog_name="tmdb-pipeline", standalone_mode=True)
    except Exception as error:
        if sentence := sentence_of(error):
            click.echo(f"tmdb-pipeline: {settings.redacted(sentence)}", err=True)
            sys.exit(EXIT_PROBLEM)
        click.echo(f"tmdb-pipeline: {_unexpected(error)}", err=True)
        sys.exit(EXIT_UNEXPECTED)


def _prepare_luigi() -> None:
    """Import luigi and the tasks, and put our configuration in force, as the `luigi` command."""
    import_luigi()
    import pipeline.tasks.registry  # noqa: F401
    from pipeline.runtime import luigi_setup

    gc.freeze()
    luigi_setup.configure()
    luigi_setup.install()


def _find_data() -> None:
    """Look where the embedded catalogue's files are, where there are no others, and say so."""
    with contextlib.suppress(PipelineError, OSError):  # the command itself reports these
        if found := read_demo_data():
            empty, demo = found
            click.echo(
                plain(f"No key is set and {empty} holds no data: this is about {demo}."), err=True
            )


def _unexpected(error: Exception) -> str:
    """Return the sentence for an error nobody foresaw, and leave its traceback in a file."""
    story = settings.redacted("".join(traceback.format_exception(error)))
    if "--debug" in sys.argv:
        return f"unexpected error.\n{story}"
    what = f"an unexpected {type(error).__name__}, a fault of this program"
    try:
        path = Layout(settings.current().data_dir).run_log(clock.now(), "tmdb-pipeline")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(story, encoding="utf-8", errors="backslashreplace")
    except (OSError, PipelineError):
        return f"{what}: run `tmdb-pipeline --debug ...` to see where."
    return f"{what}: its traceback is in {path}; please report it."


if __name__ == "__main__":
    main()
