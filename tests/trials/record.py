"""Where a trial's counts go: printed, and into its block of docs/reliability.md."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Sequence

from support.repository import REPOSITORY

PAGE = REPOSITORY / "docs" / "reliability.md"

sys.path.append(str(REPOSITORY / "benchmarks"))
from report import circumstances, replace_block, table  # noqa: E402


def tell(
    name: str, header: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[str] = ()
) -> None:
    """Print a trial's table and words; with `--write`, put them into the page as well.

    The block is called after the trial, as its command is: `make name`.
    """
    lines = [
        circumstances(f"make {name}"),
        "",
        *table(header, rows),
        *(["", *words] if words else []),
    ]
    print("\n".join(lines))
    if "--write" in sys.argv:
        with PAGE.open("rb") as page:
            fcntl.flock(page, fcntl.LOCK_EX)  # two trials may end at a time
            replace_block(name, lines, PAGE)
