"""`tmdb-pipeline start`, `stop`, `restart` and `logs`: what the runtime itself does."""

import click

from pipeline.errors import NotPossible
from pipeline.ops.commands.options import choose_runtime, runtime_option


@click.command("start")
@runtime_option
def start(runtime: str) -> None:
    """Start luigid in the background of this host, or the compose stack, unless it runs already.

    `--runtime compose` starts the stack of the working folder for the first time.
    """
    click.echo(choose_runtime(runtime).start())


@click.command("stop")
@runtime_option
def stop(runtime: str) -> None:
    """Stop the luigid that `start` started, or take the compose stack down; data is kept."""
    click.echo(choose_runtime(runtime).stop())


@click.command("restart")
@runtime_option
def restart(runtime: str) -> None:
    """Stop and start again, so that changed settings take effect."""
    here = choose_runtime(runtime)
    click.echo(here.stop())
    click.echo(here.start())


def _run_id(text: str) -> str:
    """Return what may be the ID of a run, which begins with a time; a task's name may not."""
    if text[:1].isdecimal():
        return text
    raise NotPossible(f"There is no run {text[:60]!r}: `tmdb-pipeline runs` lists the runs.")


@click.command("logs")
@click.argument("what", default="run", metavar="[luigid|run|TASK]")
@click.option(
    "--run", "run_id", type=_run_id, metavar="ID", help="The log of that run, see `runs`."
)
@click.option("-n", "lines", type=click.IntRange(min=0), default=50, show_default=True,
              help="How many of the last lines.")  # fmt: skip
@click.option("--follow", "-f", is_flag=True, help="Go on with what is added, until Ctrl-C.")
@runtime_option
def logs(what: str, run_id: str | None, lines: int, follow: bool, runtime: str) -> None:
    """Show the end of the newest run's log, of a task's newest run, or of luigid's log."""
    choose_runtime(runtime).show_logs(run_id or what, lines, follow=follow)
