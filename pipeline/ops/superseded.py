"""Files moved aside to be made again, and put back where that failed.

While a redo of a root task is in progress they lie in `superseded/TASK`, each below its own name.
What a killed redo leaves there is settled by whatever holds the lock of the root task next.
"""

import datetime
import shutil
from collections.abc import Iterable
from pathlib import Path

from pipeline import clock
from pipeline.errors import NotPossible, PipelineError
from pipeline.ops.schedule.job_process import say
from pipeline.paths import Layout


def move_aside(layout: Layout, task: str, files: Iterable[str]) -> None:
    """Move files of a root task that exist, by their names, into `superseded/TASK`."""
    for name in files:
        if (layout.root / name).exists():
            _move(layout, layout.root / name, layout.redo_folder(task) / name)


def settle(layout: Layout, task: str) -> bool:
    """Put back what was moved aside, unless all of it was made again; return whether it was.

    The other files, earlier ones or those of the failed redo, are kept in `superseded/TIME`.
    """
    aside, at = layout.redo_folder(task), clock.now()
    try:
        names = [each.relative_to(aside) for each in aside.rglob("*") if not each.is_dir()]
        missing = [name for name in names if not (layout.root / name).exists()]
        while (other := layout.superseded(at)).exists():
            at += datetime.timedelta(seconds=1)
        if names and not missing:
            aside.rename(other)
            return True
        # What is missing goes last: until it is back, a further call goes on with what is left.
        for name in sorted(names, key=missing.__contains__):
            if name not in missing:
                _move(layout, layout.root / name, other / name)
            _move(layout, aside / name, layout.root / name)
            say(f"Put back, because the redo did not succeed: {name}")
        shutil.rmtree(aside, ignore_errors=True)
        return not names
    except (PipelineError, OSError) as error:
        say(f"What a redo moved aside cannot be put back: {error}")
        return False


def _move(layout: Layout, path: Path, target: Path) -> None:
    for each in (path, target):
        if each.resolve() != layout.root.resolve() / each.relative_to(layout.root):
            raise NotPossible(
                f"{each} is not a file of the data root itself: nothing is moved through a "
                "symbolic link; replace the link by the file or folder."
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
