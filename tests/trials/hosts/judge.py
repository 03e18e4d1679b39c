"""Whether a disturbed week is the undisturbed one, and whether the runs say how they ended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from golden.canonical import canonical

from pipeline.storage.object_path import ObjectPath
from pipeline.storage.objects import ObjectStorage
from trials.hosts.disturbances import KILLED, Case
from trials.hosts.hub import Hub
from trials.judging import about_what_it_says


class Document(NamedTuple):
    """A document without times and effort, and when it was written, to the second."""

    text: str
    written_at: datetime


Documents = Mapping[str, Document]


def documents_of(hub: Hub) -> Documents:
    """Return all documents of a case by their names below the data root."""
    root = hub.layout.root
    folders = {root, *hub.layout.published_folders}
    found: dict[str, Document] = {}
    for folder in map(ObjectPath, folders):
        for entry in ObjectStorage().entries(folder):
            path = folder / entry.name
            text = canonical(ObjectStorage().read(path).decode()).replace(
                f":{hub.tmdb.port}/", ":PORT/"
            )
            found[hub.layout.relative(path)] = Document(text, entry.modified_at)
    return found


def collections(hub: Hub) -> dict[str, list[datetime]]:
    """Return when the tasks of each document were done, on whichever host."""
    found: dict[str, list[datetime]] = {}
    for journal in hub.journals():
        for event in map(json.loads, journal.read_text().splitlines()):
            if event["event"] == "done":
                at = datetime.fromisoformat(event["at"])
                found.setdefault(event["file"], []).append(at)
    return found


def faults(case: Case, hub: Hub, found: Documents, undisturbed: Documents) -> Iterator[str]:
    """Yield what is wrong with a case: a sentence each."""
    yield from (f"{name} is missing" for name in undisturbed.keys() - found.keys())
    yield from (f"{name} is not of the week" for name in found.keys() - undisturbed.keys())
    for name in found.keys() & undisturbed.keys():
        if found[name].text != undisturbed[name].text:
            yield f"{name} differs from that of the undisturbed week"
    for name, done_at in collections(hub).items():
        if name in found and found[name].written_at > min(done_at) + timedelta(seconds=1):
            yield f"{name} was written again after it was done"
    if hub.tmdb.refusals:
        yield f"TMDB refused {hub.tmdb.refusals} requests"
    for number, run in enumerate(hub.runs, start=1):
        yield from (f"host {number}: {each}" for each in about_what_it_says(run.ended))
        if run.status in (0, KILLED if number == case.victim else 0):
            continue
        if number != case.victim:
            yield f"host {number} ended with {run.status}, though the week is complete"
        if not run.ended.errors:
            yield f"host {number} ended with {run.status} and no sentence"


def row(case: Case, hub: Hub, found: Documents, undisturbed: Documents) -> list[str]:
    """Return the row of the table."""
    whole = sum(found.get(name) is not None for name in undisturbed)
    ends = ", ".join("killed" if each.status == KILLED else str(each.status) for each in hub.runs)
    seconds = ", ".join(f"{each.seconds:.0f}" for each in hub.runs)
    repeated = Counter({name: len(times) - 1 for name, times in collections(hub).items()})
    figures = (hub.tmdb.count(), hub.tmdb.refusals, repeated.total())
    return [case.name, ends, seconds, f"{whole} of {len(undisturbed)}", *map(str, figures)]
