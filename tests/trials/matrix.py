"""The product: kind of fault x page x how often x job. Generated, so that none is left out."""

from __future__ import annotations

import itertools
import zlib
from typing import NamedTuple

from trials.kinds import KINDS, Cure, Kind
from trials.lists import LISTS, FilmsOf
from trials.outages import OUTAGES

PAGES = {"first": 1, "middle": 2, "last": 3}
TIMES = {"once": 1, "twice": 2, "always": None}
EVERYWHERE = "everywhere"
FAILS_AT_ONCE = (Cure.NOTHING, Cure.KEY, Cure.WAY, Cure.TIME)
STOPS_THE_RUN = (Cure.KEY, Cure.WAY, Cure.TIME)


class Combination(NamedTuple):
    """One element of the product; its label is the argument that repeats it alone."""

    name: str
    position: str
    times: str
    job: str

    @property
    def label(self) -> str:
        return "/".join(self)

    @property
    def kind(self) -> Kind | None:
        """The kind; None where the whole server is away."""
        return KINDS.get(self.name)

    @property
    def group(self) -> str:
        """The row of the table that it counts in."""
        return self.kind.group if self.kind else OUTAGES[self.name].group

    @property
    def films(self) -> FilmsOf:
        """The list that is hit: each of the job in turn, and always the same for a label."""
        lists = LISTS[self.job]
        return lists[zlib.crc32(self.label.encode()) % len(lists)]

    @property
    def completes(self) -> bool:
        """Whether the run has to be complete in spite of it."""
        if self.kind is None or self.kind.cure in FAILS_AT_ONCE:
            return False
        return self.kind.cure is Cure.NEEDLESS or self.times != "always"

    @property
    def spares_others(self) -> bool:
        """Whether all other lists have to be there in spite of it."""
        return self.kind is not None and self.kind.passes and self.kind.cure not in STOPS_THE_RUN


def product() -> list[Combination]:
    """Every combination there is; what cannot pass is always there, and an outage everywhere."""
    with_fault = [Combination(*each) for each in itertools.product(KINDS, PAGES, TIMES, LISTS)]
    return [
        *(each for each in with_fault if each.times == "always" or KINDS[each.name].passes),
        *(Combination(name, EVERYWHERE, "always", job) for name in OUTAGES for job in LISTS),
    ]


def labelled(label: str) -> Combination:
    """Return the combination of that label. Raises SystemExit where there is none."""
    for each in product():
        if each.label == label:
            return each
    raise SystemExit(f"There is no combination {label!r}; write KIND/PAGE/TIMES/JOB.")
