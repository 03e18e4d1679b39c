"""`tmdb-pipeline alert`."""

import click

from pipeline.errors import PipelineError
from pipeline.ops.alerts import send


@click.command("alert")
@click.option("--test", is_flag=True, required=True, help="Send a message of no importance.")
def command(test: bool) -> None:
    """Send a message to PIPELINE_ALERT_URL and say whether it arrived.

    Exit status 1 if it did not.
    """
    if problem := send.send_test():
        raise PipelineError(f"The message did not arrive: {problem}.")
    click.echo("The message was accepted by the service of PIPELINE_ALERT_URL.")
