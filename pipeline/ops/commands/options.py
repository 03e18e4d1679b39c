"""What several commands share: their options, and the one way from a document to the output."""

import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import click

from pipeline import identity
from pipeline.errors import NotPossible, PipelineError
from pipeline.ops.commands import tables
from pipeline.ops.runtimes.compose import Compose
from pipeline.ops.runtimes.host import Host
from pipeline.ops.runtimes.services import Document
from pipeline.sanitize import plain

Runtime = Compose | Host

runtime_option = click.option(
    "--runtime",
    type=click.Choice(["auto", "compose", "host"]),
    default="auto",
    show_default=True,
    help="The compose stack or plain processes of this host; auto: compose where it runs.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document instead.")


def _stop_when_stdin_closes() -> None:
    """End this process as Ctrl-C does once the other end of stdin is closed."""
    while os.read(0, 65_536):  # not by sys.stdin, which the end of this process would wait for
        continue
    os.kill(os.getpid(), signal.SIGINT)


def _watch_stdin(_: click.Context, __: click.Parameter, value: bool) -> None:
    if value:
        threading.Thread(target=_stop_when_stdin_closes, daemon=True).start()


def confirm(question: str, hint: str) -> None:
    """Ask on the terminal, and end the command unless the answer is yes.

    Raise NotPossible where there is no terminal; the hint says what to do then.
    """
    if not (sys.stdin and sys.stdin.isatty()):
        raise NotPossible(f"There is no terminal to ask on: {hint}")
    click.confirm(question, abort=True, err=True)


def choose_runtime(name: str) -> Runtime:
    """Return the runtime of that name; `auto` is compose where its services run here, else host."""
    absence = Compose.absence() if name == "auto" else None
    if absence:
        click.echo(f"{absence} This is the host; --runtime says which one is meant.", err=True)
    return Compose() if absence is None and name != "host" else Host()


def document_command(
    show: Callable[[Document], None],
    add_from_outside: Callable[[Document, Runtime], None] = lambda document, stack: None,
) -> Callable[[Callable[..., Document]], Callable[..., None]]:
    """Make a command of a function that builds a document for a runtime and the command's options.

    The document is built where settings, files and history are at hand: here, or by the same words
    in the stack's container. Its `notes` say what else to know, as of another identity than that of
    the data root. The exit status is 1 if the document has a `problem` or is not `ok`. `show`
    prints it for people, and `add_from_outside` adds what is not known inside a container.
    """

    def decorate(build: Callable[..., Document]) -> Callable[..., None]:
        @runtime_option
        @json_option
        @functools.wraps(build)
        def command(runtime: str, as_json: bool, **given: Any) -> None:
            context = click.get_current_context()
            here = choose_runtime(runtime)

            def built() -> Document:
                made = {"runtime": here.name, **build(here, **given)}
                made["notes"] = made.get("notes", [])
                with contextlib.suppress(PipelineError):  # the command reports unusable settings
                    made["notes"] += filter(None, [identity.warning()])
                return made

            if isinstance(here, Compose):
                document = here.ask(_words(context), built)
                add_from_outside(document, here)
            else:
                document = built()
            if as_json:
                tables.show_json(document)
            else:
                for note in document["notes"]:
                    click.echo(f"note: {plain(note)}", err=True)
                show(document)
            context.exit(1 if document.get("problem") or not document.get("ok", True) else 0)

        return command

    return decorate


def command_on_data(run: Callable[..., int]) -> Callable[..., None]:
    """Make a command of a function that changes the data root and returns the exit status.

    Where the runtime is the stack, the same words run in its container instead, which no signal
    reaches: Ctrl-C closes its stdin.
    """

    @runtime_option
    @click.option("--until-stdin-closes", is_flag=True, hidden=True, expose_value=False,
                  callback=_watch_stdin)  # fmt: skip
    @functools.wraps(run)
    def command(runtime: str, **given: Any) -> None:
        context, here = click.get_current_context(), choose_runtime(runtime)
        if isinstance(here, Compose):
            json_word = ["--json"] if given.get("as_json") else []
            context.exit(here.run_inside(*_words(context), *json_word))
        context.exit(run(**given))

    return command


def _words(context: click.Context) -> list[str]:
    """Return the words of a command, without `--runtime` and `--json`, for the container."""
    _, *words = context.command_path.split()
    for parameter in context.command.params:
        value = context.params.get(str(parameter.name))
        if not value or value == parameter.default or parameter.name in ("runtime", "as_json"):
            continue
        if parameter.nargs == -1:
            words += ["--", *value]
            continue
        words += [] if isinstance(parameter, click.Argument) else [parameter.opts[-1]]
        words += [] if value is True else [str(value)]
    return words
