"""What a schema does not find in the files of `config/kubernetes`: names, times and commands."""

from __future__ import annotations

import datetime
import os
import re
import shlex
import subprocess
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cronsim
import yaml

from pipeline.ops.settings import VARIABLES

Document = dict[str, Any]
OF_LIBRARIES = re.compile(r"TZ|AWS_[A-Z_]+|HTTPS?_PROXY|NO_PROXY|PGPASSWORD|REQUESTS_CA_BUNDLE")
# Where a run writes: temporary files, and what stays on the machine; the rest is read-only.
TEMPORARY, WORK_DIR = "/tmp", "PIPELINE_WORK_DIR"
# Any moment: what is due first after it is tried.
_FROM = datetime.datetime(2026, 11, 29, 1, tzinfo=datetime.UTC)


def read(texts: dict[str, str]) -> list[Document]:
    """Return the documents of all files."""
    return [each for text in texts.values() for each in yaml.safe_load_all(text)]


def mistakes(documents: list[Document], crontab: str, folder: Path) -> Iterator[str]:
    """Yield a sentence for each mistake; programs of the test's own lie in the folder."""
    declared = {(each["kind"], each["metadata"]["name"]): each for each in documents}
    variables: dict[str, str] = {}
    for (kind, _), document in declared.items():
        if kind != "CronJob":
            variables |= document.get("data") or document["stringData"]
    for name in variables:
        if name not in VARIABLES and not OF_LIBRARIES.fullmatch(name):
            yield f"nothing reads the setting {name}"
    for document in documents:
        if document["kind"] == "CronJob":
            yield from _mistakes_of_job(document, declared, variables, crontab, folder)


def _mistakes_of_job(
    document: Document, declared: dict[tuple[str, str], Document], variables: dict[str, str],
    crontab: str, folder: Path,
) -> Iterator[str]:  # fmt: skip
    spec = document["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    for reference in _references(pod, container):
        if reference not in declared:
            yield f"nobody declares {' '.join(reference)}"
    yield from _mistakes_of_volumes(pod, container, variables)
    if pod["restartPolicy"] not in ("Never", "OnFailure"):
        yield "a Job has no restartPolicy of that name"
    if spec["concurrencyPolicy"] not in ("Allow", "Forbid", "Replace"):
        yield "there is no concurrencyPolicy of that name"
    zone = spec["timeZone"]
    if zone not in zoneinfo.available_timezones():
        yield f"{zone} is no time zone"
        return
    if variables["TZ"] != zone:
        yield "TZ is another zone than timeZone"
    try:
        times = cronsim.CronSim(spec["schedule"], _FROM.astimezone(zoneinfo.ZoneInfo(zone)))
    except cronsim.CronSimError:
        yield f"{spec['schedule']} is no schedule"
        return
    yield from _mistakes_of_command(document, next(times), crontab, folder)


def _references(pod: Document, container: Document) -> Iterator[tuple[str, str]]:
    kinds = {"configMapRef": "ConfigMap", "secretRef": "Secret"}
    for source in container["envFrom"]:
        yield from ((kinds[key], value["name"]) for key, value in source.items())
    for volume in pod["volumes"]:
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]


def _mistakes_of_volumes(
    pod: Document, container: Document, variables: dict[str, str]
) -> Iterator[str]:
    volumes = {each["name"] for each in pod["volumes"]}
    mounted = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    for name in volumes ^ set(mounted.values()):
        yield f"the volume {name} is declared or mounted, and not both"
    for path in (TEMPORARY, variables[WORK_DIR]):
        if path not in mounted:
            yield f"{path} is on no volume, and so read-only"


def _mistakes_of_command(
    document: Document, due: datetime.datetime, crontab: str, folder: Path
) -> Iterator[str]:
    """Compare schedule and command with the crontab, for a Job by schedule and for one by hand."""
    lines = re.findall(r"^((?:\S+ +){5})(tmdb-scheduled .*)$", crontab, re.M)
    scheduled = {" ".join(when.split()): shlex.split(command)[1:] for when, command in lines}
    if document["spec"]["schedule"] not in scheduled:
        yield "the crontab has no such time"
        return
    words = scheduled[document["spec"]["schedule"]]
    name = document["metadata"]["name"]
    minutes = int(due.timestamp()) // 60
    for job, expected in (
        (f"{name}-{minutes}", [*words, "--date", due.date().isoformat()]),
        (f"{name}-by-hand", words),
    ):
        run = run_container(document, {"JOB_NAME": job, "TZ": str(due.tzinfo)}, folder)
        if run != expected:
            yield f"{job} runs {run}, not {expected}"


def run_container(document: Document, variables: dict[str, str], folder: Path) -> list[str]:
    """Run the container's command with a stub of `tmdb-scheduled`; return what it was given."""
    program = folder / "tmdb-scheduled"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    (container,) = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    command = [*container["command"], *container["args"]]
    env = {**variables, "PATH": f"{folder}:{os.defpath}"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else [done.stderr]
