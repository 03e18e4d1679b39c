"""Folders of a disk: walked, made, and gone through without following a link."""

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.errors import NotPossible
from pipeline.storage import Skip


def walk_folder(folder: Path, names: Collection[str], skip: Skip | None) -> Iterator[Path]:
    """Yield the files below a folder, or below those of its folders, without temporaries."""

    def fail(error: OSError) -> None:
        path = Path(error.filename)
        if isinstance(error, FileNotFoundError) and not os.path.lexists(path):
            return
        if skip is None:
            raise error
        skip(path, "cannot be read: correct its owner or permissions.")

    for parent, folders, files in os.walk(folder, onerror=fail):
        if names and Path(parent) == folder:
            folders[:] = [name for name in folders if name in names]
            files.clear()
        for path in (Path(parent, name) for name in (*folders, *files)):
            if path.is_symlink():
                if skip:
                    skip(path, "is a symbolic link: left alone.")
            elif path.name in files and not path.name.startswith("."):
                yield path


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it that are missing, `mode` being that of the last one."""
    for each in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        each.mkdir(mode=mode if each == folder else 0o777, exist_ok=True)
        adopt(each)


def adopt(path: Path) -> None:
    """Give what root wrote to the owner of its folder, who could not replace or remove it else."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def opened_below(root: Path, folder: Path) -> Iterator[int]:
    """Lend the descriptor of a folder below a root, opened name by name, none of them a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    with contextlib.ExitStack() as stack:
        descriptor = os.open(root, flags)
        stack.callback(os.close, descriptor)
        for name in folder.relative_to(root).parts:
            descriptor = os.open(name, flags | os.O_NOFOLLOW, dir_fd=descriptor)
            stack.callback(os.close, descriptor)
        yield descriptor


def refuse_links(root: Path, *paths: Path) -> None:
    """Raise NotPossible for a path below a root to which a link leads."""
    for each in paths:
        if each.resolve() != root.resolve() / each.relative_to(root):
            raise NotPossible(
                f"{each} is not a file of the data root itself: nothing is moved through a "
                "symbolic link; replace the link by the file or folder."
            )
