"""Files moved aside to be made again, and put back where that failed.

While a redo of a root task is in progress they lie in `superseded/TASK`, each below its own name.
What a killed redo leaves there is settled by whatever holds the lock of the root task next.
"""

import datetime
from collections.abc import Callable, Iterable

from pipeline import clock
from pipeline.errors import DocumentUnreadable, PipelineError
from pipeline.paths import Layout
from pipeline.storage import documents
from pipeline.storage.documents import storage_of


def move_aside(layout: Layout, task: str, files: Iterable[str]) -> None:
    """Move files of a root task that exist, by their names, into `superseded/TASK`."""
    for name in files:
        if documents.exists(path := layout.root / name):
            storage_of(path).move(path, layout.redo_folder(task) / name, layout.root)


def settle(layout: Layout, task: str, say: Callable[[str], None]) -> bool:
    """Put back what was moved aside, unless all of it was made again; return whether it was.

    `say` is called with the sentence on each file that is put back, and on what fails.

    The other files, earlier ones or those of the failed redo, are kept in `superseded/TIME`.
    """
    root, storage, at = layout.root, storage_of(layout.root), clock.now()
    aside = layout.redo_folder(task)
    try:
        names = [each.relative_to(aside) for each in storage.walk(aside)]
        missing = [name for name in names if not storage.exists(root / name)]
        while names and storage.is_folder(other := layout.superseded(at)):
            at += datetime.timedelta(seconds=1)
        # What is missing goes last: until it is back, a further call goes on with what is left.
        for name in sorted(names, key=missing.__contains__):
            if name not in missing:
                storage.move((root if missing else aside) / name, other / name, root)
            if missing:
                storage.move(aside / name, root / name, root)
                say(f"Put back, because the redo did not succeed: {name}")
        storage.remove_folder(aside)
        return not missing
    except DocumentUnreadable:  # by a store that does not answer: what is moved aside is not known
        raise
    except (PipelineError, OSError) as error:
        say(f"What a redo moved aside cannot be put back: {error}")
        return False
