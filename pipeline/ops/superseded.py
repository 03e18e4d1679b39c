"""Files moved aside to be made again, and put back where that failed.

A journal names the files before any is moved, and is removed once the run is done. What a killed
redo leaves is so put back by whatever holds the lock of its root task next.
"""

import datetime
from collections.abc import Iterable
from pathlib import Path

from pipeline import clock
from pipeline.documents import json_text
from pipeline.errors import NotPossible
from pipeline.paths import Layout
from pipeline.storage import documents, local


def move_aside(layout: Layout, task: str, files: Iterable[str], at: datetime.datetime) -> None:
    """Move files of a root task, named below the data root, into `superseded/`."""
    pairs = [(path, _free(layout, path, at)) for path in (layout.root / file for file in files)]
    moves = {layout.relative(path): layout.relative(aside) for path, aside in pairs}
    for name in (*moves, *moves.values()):
        _checked(layout, name)
    journal = layout.redo_journal(task)
    _checked(layout, layout.relative(journal))
    documents.storage_of(journal).replace(journal, [json_text.encode({"moves": moves})])
    for path, aside in pairs:
        _move(path, aside)


def put_back(layout: Layout, task: str) -> list[str]:
    """Put back what a redo that is not done has moved aside; return the files.

    What the failed run made in those places goes into `superseded/` as well.
    """
    journal, restored = layout.redo_journal(task), []
    if not journal.exists():
        return []
    moves = documents.read(journal).get("moves", {})
    for name, aside_name in moves.items():
        path, aside = _checked(layout, name), _checked(layout, aside_name)
        if not aside.exists():
            continue  # not moved yet, or put back already
        if path.exists():
            _move(path, _free(layout, path, clock.now()))
        _move(aside, path)
        restored.append(name)
    forget(layout, task)
    return restored


def forget(layout: Layout, task: str) -> None:
    """Remove the journal of a redo that is done; the files stay in `superseded/`."""
    layout.redo_journal(task).unlink(missing_ok=True)


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    for folder in (target.parent, path.parent):
        with local.opened(folder) as descriptor:
            local.sync(descriptor)


def _free(layout: Layout, path: Path, at: datetime.datetime) -> Path:
    """Return a path in `superseded/` that no file has yet."""
    while (aside := layout.superseded(path, at)).exists():
        at += datetime.timedelta(seconds=1)
    return aside


def _checked(layout: Layout, name: str) -> Path:
    """Return the path of a file below the data root; refuse any other and a symbolic link."""
    path = layout.root / name
    between = [each for each in (path, *path.parents) if each.is_relative_to(layout.root)][:-1]
    if not between or ".." in path.parts or any(each.is_symlink() for each in between):
        raise NotPossible(
            f"{path} is not a file of the data root itself: nothing is moved through a symbolic "
            "link; replace the link by the file or folder."
        )
    return path
