"""What is away for hours or days: the machine, TMDB or luigid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from support.fake_tmdb import html_ok, reset, status

from trials.year import nights
from trials.year.host import Host
from trials.year.plan import LUIGID_DOWN, OFF_FOR_DAYS, OFF_FOR_HOURS, TMDB_DOWN, Spell

_SOON = timedelta(hours=6)


class Outages:
    """Switches off and on what the spells say, on one machine."""

    def __init__(self, host: Host, spells: Sequence[Spell]) -> None:
        self.spells = list(spells)
        self.are_suspended = False
        """Whether the spells do not count: while the clock is wrong, their times mean nothing."""
        self.is_tmdb_down = False
        self._host = host
        self._off_since: datetime | None = None

    @property
    def is_off(self) -> bool:
        """Whether the machine is off."""
        return self._off_since is not None

    def follow(self, at: datetime, chance: Random) -> datetime | None:
        """Bring everything into its state at that moment.

        Returns:
            Since when the machine was off, if it was switched on just now.
        """
        is_off = self._lasts(OFF_FOR_HOURS, at) or self._lasts(OFF_FOR_DAYS, at)
        off_since, self._off_since = self._off_since, (self._off_since or at) if is_off else None
        if is_off and off_since is None:
            self._switch_off(at, chance)
        elif off_since is not None and not is_off:
            self._switch_on(at)
        self._follow_tmdb(self._lasts(TMDB_DOWN, at), chance)
        if not is_off and self._host.postgres is not None:
            self._follow_luigid(at, self._lasts(LUIGID_DOWN, at), chance)
        return off_since if not is_off else None

    def ends_soon(self, at: datetime) -> bool:
        """Whether an outage that lasts at that moment ends in the hours after it."""
        return any(spell.covers(at) and not spell.covers(at + _SOON) for spell in self.spells)

    def has_recovered(self, at: datetime) -> None:
        """Note that the outage of that moment has ended early."""
        self.is_tmdb_down = False
        self.spells = [spell for spell in self.spells if not spell.covers(at)]

    def _lasts(self, name: str, at: datetime) -> bool:
        return not self.are_suspended and any(
            spell.name == name and spell.covers(at) for spell in self.spells
        )

    def _switch_off(self, at: datetime, chance: Random) -> None:
        self._host.pass_until(at)
        if self._host.luigid is not None:
            self._host.end_luigid(hard=chance.random() < 0.5)
        if self._host.postgres is not None:
            self._host.postgres.stop()

    def _switch_on(self, at: datetime) -> None:
        self._host.pass_until(at)
        if self._host.postgres is not None:
            self._host.postgres.start()

    def _follow_tmdb(self, is_down: bool, chance: Random) -> None:
        if is_down and not self.is_tmdb_down:
            fault = chance.choice([status(503), reset(), html_ok()])
            self._host.tmdb.fail(fault, times=None)
        elif self.is_tmdb_down and not is_down:
            nights.recover(self._host)
        self.is_tmdb_down = is_down

    def _follow_luigid(self, at: datetime, is_away: bool, chance: Random) -> None:
        if is_away and self._host.luigid is not None:
            self._host.pass_until(at)
            self._host.end_luigid(hard=chance.random() < 0.5)
        elif not is_away and self._host.luigid is None:
            self._host.pass_until(at)
            self._host.start_luigid()
