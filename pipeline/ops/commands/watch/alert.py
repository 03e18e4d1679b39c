"""`tmdb-pipeline alert`."""

from __future__ import annotations

import sys

import click

from pipeline.ops.alerts import send


@click.command("alert")
@click.option("--test", is_flag=True, required=True, help="Send a message of no importance.")
def command(test: bool) -> None:
    """Send a message to PIPELINE_ALERT_URL and say whether it arrived.

    Exit status 1 if it did not.
    """
    problem = send.send_test()
    if problem:
        click.echo(f"tmdb-pipeline: The message did not arrive: {problem}.", err=True)
        sys.exit(1)
    click.echo("The message was accepted by the service of PIPELINE_ALERT_URL.")
