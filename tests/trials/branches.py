"""Report which share of the lower layers' statements, and of their branches, the tests take.

`make coverage` runs the tests before. coverage's own bound mixes both into one figure, in which
many plain statements make up for branches that nobody takes; here each has to reach it alone.
Which modules count follows from their layers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping

from support.layers import lower_layers
from support.repository import REPOSITORY

LEAST = 95.0
"""Percent."""

FILES = "--include=" + ",".join(lower_layers().values())


def main() -> int:
    """Print what no test takes and both shares; return 1 where one is too small."""
    print(coverage("report"))
    shares = dict(taken(json.loads(coverage("json", "--quiet", "-o", "-"))["totals"]))
    for kind, share in shares.items():
        print(f"{share:.1f} % of all {kind} taken")
    return min(shares.values()) < LEAST


def coverage(*arguments: str) -> str:
    """Have coverage report on the modules that count."""
    command = [sys.executable, "-m", "coverage", *arguments, FILES]
    run = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return run.stdout


def taken(totals: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """Return the share in percent of each kind."""
    yield "statements", 100 * totals["covered_lines"] / totals["num_statements"]
    yield "branches", 100 * totals["covered_branches"] / totals["num_branches"]


if __name__ == "__main__":
    sys.exit(main())
