"""The cases, played in the namespace of the hub: `__main__` starts this module there."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from support.object_store import start_store

from trials.hosts import judge
from trials.hosts.disturbances import CASES, play
from trials.hosts.hub import HOSTS, REQUESTS_PER_SECOND, make_hub
from trials.hosts.network import Network
from trials.record import tell

HEADER = ("what happened", "status of each host", "seconds of each", "documents whole",
          "requests", "refused", "done twice")  # fmt: skip


def main() -> int:
    """Play the cases; return 1 where anything is missing, wrong or unexplained."""
    parser = argparse.ArgumentParser(prog="trials.hosts")
    parser.add_argument("--network", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--only", type=int, help="play the case of this number, after the first")
    parser.add_argument("--keep", type=Path, help="keep the output of the runs in this folder")
    parser.add_argument("--write", action="store_true", help="into docs/reliability.md")
    options = parser.parse_args()
    if options.write and options.only is not None:
        parser.error("--write is for all cases")
    today = date.today()
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    rows: list[list[str]] = []
    wrong: list[str] = []
    undisturbed: judge.Documents = {}
    with tempfile.TemporaryDirectory(prefix="hosts-") as temporary:
        folder = options.keep or Path(temporary)
        (folder / "store").mkdir(parents=True)
        with start_store(folder / "store", "0.0.0.0") as store:
            os.environ.update(store.variables())
            for number, case in enumerate(CASES):
                if number and options.only not in (None, number):
                    continue
                (folder / f"case-{number}").mkdir()
                with make_hub(folder / f"case-{number}", Network(options.network), store,
                              sunday) as hub:  # fmt: skip
                    play(case, hub)
                    found = judge.documents_of(hub)
                    undisturbed = undisturbed or found
                    faults = [*judge.faults(case, hub, found, undisturbed)]
                    rows.append(judge.row(case, hub, found, undisturbed))
                print(*rows[-1], *faults, sep=" | ", file=sys.stderr, flush=True)
                wrong += [f"{case.name}: {each}" for each in faults]
    tell("hosts", HEADER, rows, _words(len(wrong)))
    print(*wrong, sep="\n", file=sys.stderr)
    return bool(wrong)


def _words(faults: int) -> list[str]:
    return [
        f"{HOSTS} hosts with `PIPELINE_HOSTS={HOSTS}`; the first week at 38 requests a second in "
        f"all, the others at {REQUESTS_PER_SECOND}.",
        "",
        f"**Missing, wrong or unexplained: {faults}.**",
    ]


if __name__ == "__main__":
    sys.exit(main())
