"""`tmdb-pipeline doctor`."""

import contextlib

import click

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.ops import configuration
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.doctor import backups, machine, network, object_store, oldest_list, workers
from pipeline.ops.doctor.examine import (
    MAX_SECONDS,
    OK,
    PROBLEM,
    Probe,
    examined,
    finding,
    finding_of,
)
from pipeline.ops.runtimes import services
from pipeline.ops.runtimes.services import Document
from pipeline.storage import probe
from pipeline.storage.object_path import ObjectPath

PROBES: dict[str, Probe] = {
    "key": network.key,
    "host": network.host,
    "clock": network.clock_and_zone,
    "disk": machine.disk,
    "memory": machine.memory,
    "luigid": workers.luigid,
    "postgres": lambda: finding_of(services.postgres()),
    "cron": lambda: finding_of(services.cron()),
    "data root": machine.data_root,
    "backups": backups.backups,
    "retention": oldest_list.oldest_list,
    ".env": machine.dotenv,
}
"""The probes of every data root by the names of their findings, in the order of the table."""


def probes() -> dict[str, Probe]:
    """Return the probes of these settings: those of a work folder and of a bucket as well."""
    found, current = dict(PROBES), settings.current()
    if current.work_dir:
        found["work folder"] = machine.work_folder
    if isinstance(current.data_dir, ObjectPath):
        found |= object_store.PROBES
    return found


def show(document: Document) -> None:
    """Print the findings, and below them how to fix each problem."""
    findings = document["findings"]
    tables.show_table("What was looked at", "probe, state, found", findings)
    if to_fix := [f"{each['probe']}: {each['fix']}" for each in findings if each["state"] != OK]:
        click.secho("\nHow to fix it", bold=True)
        click.echo("\n".join(map(tables.wrap, to_fix)))


def _look_from_outside(document: Document, stack: Runtime) -> None:
    """Replace what a container cannot know: its own state, and `.env` of this host."""
    cron = next(each for each in stack.services() if each.service == "cron")
    fix = "" if cron.state == "up" else "`tmdb-pipeline start --runtime compose` starts it."
    container = finding(f"container: {cron.detail}", fix, PROBLEM)
    outside = {"cron": container, ".env": machine.dotenv()}
    for each in document["findings"]:
        if each["probe"] in outside:
            each.update(outside[each["probe"]]._asdict())
        each.setdefault("fix", "Build the image anew, which is of an older version.")
    document["ok"] = all(each["state"] != PROBLEM for each in document["findings"])


@click.command("doctor")
@document_command(show, _look_from_outside)
def command(runtime: Runtime) -> Document:
    """Look for problems with key, network, machine, services and files.

    Every finding that is not ok says how to fix it. Exit status 1 if there is a problem.
    """
    found = {"settings": finding("usable; `tmdb-pipeline check` shows them")}
    if problems := configuration.problems():
        found["settings"] = finding(" ".join(problems), "Do what the sentence says.", PROBLEM)
    with contextlib.suppress(PipelineError):  # nothing else can be looked at without the settings
        is_bucket = isinstance(settings.current().data_dir, ObjectPath)
        seconds = probe.MAX_SECONDS if is_bucket else MAX_SECONDS
        found |= examined(probes(), seconds)
    findings = [{"probe": name, **each._asdict()} for name, each in found.items()]
    return {"ok": all(each.state != PROBLEM for each in found.values()), "findings": findings}
