"""`tmdb-pipeline doctor`."""

from __future__ import annotations

import dataclasses
import sys

import click

from pipeline.ops.commands import tables
from pipeline.ops.commands.options import json_option, runtime_option
from pipeline.ops.doctor import backups, files, machine, services, tmdb
from pipeline.ops.doctor.examine import OK, PROBLEM, Finding, Probe, examined
from pipeline.ops.runtimes.choose import choose_runtime
from pipeline.ops.runtimes.runtime import Document, Runtime

PROBES: dict[str, Probe] = {
    "key": tmdb.key,
    "host": tmdb.host,
    "clock": machine.clock_and_zone,
    "disk": machine.disk,
    "memory": machine.memory,
    "luigid": services.luigid,
    "postgres": services.postgres,
    "cron": services.cron,
    "data root": files.data_root,
    "backups": backups.backups,
    ".env": files.dotenv,
    "state folder": files.state_folder,
    "exit statuses": files.exit_statuses,
    "left-overs": files.left_overs,
}
"""Every probe by the name of its finding, in the order in which they are shown."""

_OLDER_IMAGE = (
    "The image of the container is of an older version: `docker compose build`, then "
    "`tmdb-pipeline start --runtime compose`; doctor says more then."
)
"""The fix of a finding without one: findings of 0.1.0 named the field otherwise."""


@click.command("doctor")
@runtime_option
@json_option
def command(runtime: str, as_json: bool) -> None:
    """Look for problems with key, network, machine, services and files.

    Every finding that is not ok says how to fix it. Exit status 1 if there is a problem.
    """
    here = choose_runtime(runtime)
    document = here.ask(["doctor"], lambda: build(here.name))
    if here.name == "compose":
        _look_from_outside(document, here)
    tables.show_json(document) if as_json else show(document)
    sys.exit(0 if document["ok"] else 1)


def build(runtime: str) -> Document:
    """Return the findings as plain data."""
    settings_found = files.settings_usable()
    others = [] if settings_found.state == PROBLEM else examined(PROBES)
    findings = [dataclasses.asdict(each) for each in (settings_found, *others)]
    return {"runtime": runtime, "ok": _is_well(findings), "findings": findings, "notes": []}


def show(document: Document) -> None:
    """Print the findings, and below them how to fix each problem."""
    findings = document["findings"]
    rows = [[each["probe"], each["state"], each["found"]] for each in findings]
    tables.show_table("What was looked at", ["probe", "state", "found"], rows)
    ailing = [each for each in findings if each["state"] != OK]
    if ailing:
        click.secho("\nHow to fix it", bold=True)
    for each in ailing:
        click.echo(f"{each['probe']}: {each['fix']}")
    tables.show_notes(document["notes"])


def _look_from_outside(document: Document, runtime: Runtime) -> None:
    """Replace what a container cannot know: its own state, and `.env` of this host."""
    cron = next(each for each in runtime.services() if each.service == "cron")
    fix = "" if cron.state == "up" else "`tmdb-pipeline start --runtime compose` starts it."
    state = OK if cron.state == "up" else PROBLEM
    outside = (Finding("cron", state, f"container: {cron.detail}", fix), files.dotenv())
    by_name = {each.probe: dataclasses.asdict(each) for each in outside}
    inside = document["findings"]
    document["findings"] = [by_name.get(each["probe"]) or _complete(each) for each in inside]
    document["ok"] = _is_well(document["findings"])


def _complete(finding: Document) -> Document:
    """Return a finding of the container with the fields of this version."""
    probe, state, found = finding["probe"], finding["state"], finding["found"]
    fix = finding.get("fix", "" if state == OK else _OLDER_IMAGE)
    return dataclasses.asdict(Finding(probe, state, found, fix))


def _is_well(findings: list[Document]) -> bool:
    return not any(each["state"] == PROBLEM for each in findings)
