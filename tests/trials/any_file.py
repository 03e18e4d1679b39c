"""Any file in the place of one that the commands read: tried with what is there, changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from trials.children import Ended
from trials.inputs import any_content
from trials.workspaces import TODAY, YESTERDAY, Workspace, Workspaces

_STATE = {
    "data/state/luigid.pid": b'{"pid": 1, "started": "x 1"}',
    "data/state/history-spool.jsonl": b'{"at": "2024-01-07T00:00:00+00:00", "params": {}}\n',
    f"data/state/alerts/{TODAY:%Y%m%d}_failed-DailySummary": b"sent\n",
    "data/logs/luigid.log": b"2024-01-07 00:00:00 INFO: x\n",
    "index.html": b"<html></html>",
}
"""Files that are not there after a run, and yet are read."""

_DAY = ("--date", str(TODAY), "--local-scheduler")

COMMANDS: tuple[tuple[str, ...], ...] = (
    *(
        ("luigi", task, *_DAY)
        for task in ("DailySummary", "WeeklyConsolidation", "IndexPage", "DailyPage", "WeeklyPage")
    ),
    *(("operate", *words.split()) for words in ("status", "status daily", "doctor", "check")),
    *(("operate", *words.split()) for words in ("watch", "open", "open daily", "open weekly")),
    *(("operate", *words.split()) for words in ("logs", "logs luigid", "logs daily", "stats")),
    ("operate", "backup", "--to", "backups"),
)


class FileCase(NamedTuple):
    """Write this content to this file, or put a thing of another kind there; then a command."""

    file: str
    content: bytes
    kind: str
    to_do: tuple[str, ...]
    command: tuple[str, ...]


@st.composite
def file_cases(draw: st.DrawFn, workspaces: Workspaces) -> FileCase:
    """Any file of a workspace, with any content."""
    known = {**workspaces.files, **_STATE}
    names = [name for name in known if not name.startswith("config/") and "." in name]
    file = draw(st.sampled_from(sorted(names)))
    genuine = [known[file], *(known[name] for name in names if Path(name).suffix == ".json")]
    content = draw(any_content([known[file]]) | any_content([known[file]]) | any_content(genuine))
    made_of = [name for name in _made_of(file, workspaces) if draw(st.integers(0, 3))]
    return FileCase(
        file=file,
        content=content,
        kind=draw(st.sampled_from((*["file"] * 12, "folder", "pipe", "loop", "zero", "gone"))),
        to_do=tuple(made_of),
        command=_command(draw, file),
    )


def _command(draw: st.DrawFn, file: str) -> tuple[str, ...]:
    if file.startswith("backups/"):
        flags = [each for each in ("--overwrite", "--no-history") if draw(st.booleans())]
        return ("operate", "restore", file, "--yes", *flags)
    runs = COMMANDS[:5]
    return draw(st.sampled_from(runs) | st.sampled_from(runs) | st.sampled_from(COMMANDS))


def _made_of(file: str, workspaces: Workspaces) -> list[str]:
    """Today's documents and pages that are made of others, but for the file itself."""
    made = ("daily_summary", "validation_report", "consolidated", "reports/", "weekly_validation")
    day = f"{TODAY:%Y%m%d}"
    return [
        name
        for name in workspaces.files
        if any(each in name for each in made) and (day in name or "index" in name) and name != file
    ]


def file_outcome(workspaces: Workspaces, case: FileCase) -> str:
    """Run the case in a workspace of its own; return right or refused.

    Raises:
        AssertionError: neither.
    """
    with workspaces.done() as workspace:
        for name in case.to_do:
            (workspace.folder / name).unlink(missing_ok=True)
        _put(workspace.folder / case.file, case)
        # Luigi reads luigi.cfg when it is imported, which a fork has behind it.
        start = run_alone if case.file == "luigi.cfg" else run
        ended = start(workspace, case.command)
        outcome = ended.judged()
        if case.command[0] == "luigi" and ended.status == 0:
            _see_documents(workspace, case.file)
    return outcome


def run(workspace: Workspace, command: tuple[str, ...], **variables: str) -> Ended:
    """Run a command of the cases in a fork."""
    start = {"luigi": workspace.luigi, "operate": workspace.operate}[command[0]]
    return start(*command[1:], **variables)


def run_alone(workspace: Workspace, command: tuple[str, ...], **variables: str) -> Ended:
    """Run a command of the cases in a process of its own."""
    ours, *words = command
    name = {"luigi": ("luigi", "--module", "pipeline"), "operate": ("tmdb-pipeline",)}[ours]
    return workspace.spawn(*name, *words, **variables)


def _put(path: Path, case: FileCase) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if case.kind == "file":
        path.write_bytes(case.content)
    elif case.kind == "folder":
        path.mkdir()
    elif case.kind == "pipe":
        os.mkfifo(path)
    elif case.kind == "loop":
        path.symlink_to(path.name)
    elif case.kind == "zero":
        path.symlink_to("/dev/zero")


def _see_documents(workspace: Workspace, given: str) -> None:
    """See that all of today that is there, but for what was given, is JSON."""
    for path in workspace.data.rglob(f"*{TODAY:%Y%m%d}.json"):
        if path.relative_to(workspace.folder).as_posix() != given:
            assert isinstance(json.loads(path.read_bytes()), dict), path


__all__ = ["COMMANDS", "YESTERDAY", "FileCase", "file_cases", "file_outcome", "run", "run_alone"]
