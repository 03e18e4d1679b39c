"""The `tmdb-pipeline` command. A broken subcommand breaks no other: it is imported when used."""

import contextlib
import pkgutil
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

COMMANDS = {
    **{name: f"services.control:{name}" for name in ("start", "stop", "restart", "logs")},
    "luigid": "services.luigid:command",
    "run": "run.run:command",
    "trigger": "run.run:trigger",
    **{name: f"run.{name}:command" for name in ("backfill", "redo", "check")},
    **{name: f"run.pause:{name}" for name in ("pause", "resume", "acknowledge")},
    **{
        name: f"watch.{name}:command"
        for name in ("status", "runs", "explain", "show", "stats", "open", "doctor", "watch")
    },
    "alert": "watch.watch:alert",
    **{name: f"data.{name}:command" for name in ("backup", "restore", "prune", "query")},
}
"""Subcommand -> the module and name of its click command below `pipeline.ops.commands`."""


class Commands(click.Group):
    """A group that imports a command when it is used, and shows its errors as one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, without importing anything."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and return the command; None for an unknown name."""
        entry = COMMANDS.get(cmd_name)
        return pkgutil.resolve_name(f"pipeline.ops.commands.{entry}") if entry else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by their folders, with the whole first sentence of each."""
        width = max(map(len, COMMANDS))
        with formatter.section("Commands"):
            for folder in ("run", "watch", "data", "services"):
                with formatter.section(folder.title()):
                    formatter.write_dl([
                        (name.ljust(width), each.get_short_help_str(200))
                        for name, entry in COMMANDS.items()
                        if entry.startswith(folder) and (each := self.get_command(ctx, name))
                    ])  # fmt: skip

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that a user can fix is one sentence and exit status 1."""
        from pipeline.runtime.luigi_messages import sentence_of

        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as error:
            sentence = sentence_of(error)
            shown = settings.redacted(sentence) if sentence else _unexpected(error, **ctx.params)
            click.echo(f"tmdb-pipeline: {shown}", err=True)
            ctx.exit(1 if sentence else 70)


@click.group(
    cls=Commands,
    commands=dict.fromkeys(COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="tmdb-pipeline", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.option("--no-color", is_flag=True, help="No colours, as with NO_COLOR in the environment; "
              "there are none either where the output is not a terminal.")  # fmt: skip
@click.pass_context
def group(context: click.Context, debug: bool, no_color: bool) -> None:
    """Operate the collection of TMDB's movie lists: start it, watch it, repair it."""
    if no_color or settings.run_variable("NO_COLOR"):
        context.color = False
    reading = ("status", "runs", "explain", "show", "check", "doctor", "logs", "open", "query")
    if context.invoked_subcommand in reading:
        with contextlib.suppress(PipelineError, OSError):  # the command itself reports these
            if found := read_demo_data():
                read = f"No key is set and {found[0]} holds no data: this is about {found[1]}."
                click.echo(plain(read), err=True)


def main() -> None:
    """Put our configuration of luigi in force, as the `luigi` command does, and run the command."""
    stdio.prepare()
    import_luigi()
    import pipeline.tasks.registry  # noqa: F401
    from pipeline.runtime import luigi_setup

    luigi_setup.configure()
    luigi_setup.install()
    group(prog_name="tmdb-pipeline")


def _unexpected(error: Exception, *, debug: bool, **_: object) -> str:
    report = settings.redacted("".join(traceback.format_exception(error)))
    if debug:
        return f"unexpected error.\n{report}"
    what = f"an unexpected {type(error).__name__}, a fault of this program"
    try:
        path = Layout(settings.current().data_dir).run_log(clock.now(), "tmdb-pipeline")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report, encoding="utf-8", errors="backslashreplace")
    except (OSError, PipelineError):
        return f"{what}: run `tmdb-pipeline --debug ...` to see where."
    return f"{what}: its traceback is in {path}; please report it."


if __name__ == "__main__":
    main()
