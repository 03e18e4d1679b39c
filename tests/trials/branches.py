"""Tells which share of the lower layers' statements, and of their branches, the tests take.

`make coverage` runs the tests before. coverage's own bound mixes both into one figure, in which
many plain statements make up for branches that nobody takes; here each has to reach it alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping

from support.repository import REPOSITORY

LEAST = 95.0
"""Percent."""


def main() -> int:
    """Tell both shares; 1 where one is too small."""
    asked = [sys.executable, "-m", "coverage", "json", "--quiet", "--fail-under=0", "-o", "-"]
    told = subprocess.run(asked, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    shares = dict(taken(json.loads(told.stdout)["totals"]))
    for kind, share in shares.items():
        print(f"{share:.1f} % of all {kind} taken")
    return min(shares.values()) < LEAST


def taken(totals: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """Return the share in percent of each kind."""
    yield "statements", 100 * totals["covered_lines"] / totals["num_statements"]
    yield "branches", 100 * totals["covered_branches"] / totals["num_branches"]


if __name__ == "__main__":
    sys.exit(main())
