"""The command of the golden documents; see `golden/__init__.py`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from support.repository import REPOSITORY

from golden.commits import GitFailed, checkout_of, last_commit_of
from golden.comparison import (
    ADVICE,
    CHECKSUMS,
    checksums_of,
    differences,
    read_checksums,
    unified_diff,
    write_checksums,
)
from golden.documents import NoDocuments, documents_of

EQUAL, DIFFERENT, TROUBLE = 0, 1, 2
"""Exit statuses, as those of diff."""


def check() -> int:
    """Compare the documents of the working tree with the checksums."""
    lines = differences(read_checksums(), checksums_of(documents_of(REPOSITORY)))
    for line in lines:
        print(line)
    if lines:
        print(ADVICE)
    return DIFFERENT if lines else EQUAL


def write() -> int:
    """Update the checksums, and name the documents that changed."""
    found = checksums_of(documents_of(REPOSITORY))
    recorded = read_checksums() if CHECKSUMS.is_file() else {}
    write_checksums(found)
    print("\n".join(differences(recorded, found)) or "Nothing changed.")
    return EQUAL


def diff(first: str | None, second: str | None, repository: Path = REPOSITORY) -> int:
    """Print the diff of the documents of two commits.

    Args:
        first: the first commit; by default the one that last changed the checksums.
        second: the second commit; by default the working tree.
        repository: the git repository.
    """
    first = first or last_commit_of(CHECKSUMS, repository)
    with contextlib.ExitStack() as checkouts:
        before = checkouts.enter_context(checkout_of(first, repository))
        after = checkouts.enter_context(checkout_of(second, repository)) if second else repository
        names = (first, second or "working-tree")
        lines = list(unified_diff(documents_of(before), documents_of(after), names))
    sys.stdout.writelines(lines)
    return DIFFERENT if lines else EQUAL


def main() -> int:
    """Run the command with this process's arguments."""
    parser = argparse.ArgumentParser(prog="golden", description="Compare the golden documents.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="compare the documents with the checksums")
    commands.add_parser("write", help="update the checksums after an intended change")
    two = commands.add_parser("diff", help="show the diff of the documents of two commits")
    two.add_argument(
        "first", metavar="COMMIT", nargs="?", help="default: the last change of the checksums"
    )
    two.add_argument("second", metavar="COMMIT2", nargs="?", help="default: the working tree")
    options = parser.parse_args()
    try:
        if options.command == "diff":
            return diff(options.first, options.second)
        return check() if options.command == "check" else write()
    except (GitFailed, NoDocuments) as error:
        print(f"golden: {error}", file=sys.stderr)
        return TROUBLE


if __name__ == "__main__":
    sys.exit(main())
