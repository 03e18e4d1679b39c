"""The files of a commit, read from the git repository."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path


class GitFailed(Exception):
    """Git could not answer; the message is its own."""


@contextlib.contextmanager
def checkout_of(commit: str, repository: Path) -> Iterator[Path]:
    """Give the files of a commit in a temporary folder, which is removed in the end.

    They are taken with `git archive`: a worktree would leave its entry in .git when killed.

    Raises:
        GitFailed: the commit is not known.
    """
    archive = _git(repository, "archive", "--format=tar", f"{commit}^{{commit}}")
    with tempfile.TemporaryDirectory(prefix="golden-commit-") as name:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(name, filter="data")
        yield Path(name)


def last_commit_of(path: Path, repository: Path) -> str:
    """Return the short name of the commit that last changed a file.

    Raises:
        GitFailed: no commit did.
    """
    found = _git(repository, "log", "-1", "--format=%h", "--", str(path)).decode().strip()
    if not found:
        raise GitFailed(f"{path} is in no commit: name the commit to compare with.")
    return found


def _git(repository: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, check=False
    )
    if done.returncode:
        raise GitFailed(done.stderr.decode(errors="replace").strip())
    return done.stdout
