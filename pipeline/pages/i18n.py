"""Translations of the pages, and how each language writes numbers, dates and durations."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline.genres import GENRE_NAMES

# Languages of the pages; the order is that of the names of a genre.
LANGUAGES = ("en", "ko")

# Shown where there is no value.
NO_VALUE = "–"

_FOLDER = Path(__file__).parent / "translations"
_MAX_UNKNOWN_VALUE = 40
_SIZES = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


class Message(NamedTuple):
    """A translated text: its form for one, and for any other number."""

    one: str
    other: str


@cache
def load_messages(language: str) -> dict[str, Message]:
    """Return the messages of a language by `section.key`, as its TOML file has them."""
    sections = tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))
    return {
        f"{section}.{key}": Message(**text) if isinstance(text, dict) else Message(text, text)
        for section, texts in sections.items()
        for key, text in texts.items()
    }


class Translator:
    """Write the texts, numbers and dates of a page in one language.

    Raises:
        ValueError: there is no translation into that language.
    """

    def __init__(self, language: str, list_names: Mapping[str, str] | None = None) -> None:
        self._column = LANGUAGES.index(language)
        self.language = language
        self._messages = load_messages(language)
        self._list_names = list_names or {}

    def __call__(self, key: str, **values: object) -> str:
        """Translate the message `section.key`; the value `n` chooses the form for one."""
        message = self._messages[key]
        text = message.one if values.get("n") in (1, "1") else message.other
        return text.format(**values) if values else text

    def has(self, section: str, value: object) -> bool:
        """Return whether a section has a message for a value."""
        return f"{section}.{value}" in self._messages

    def enum(
        self, section: str, value: object, default: str | None = None, **values: object
    ) -> str:
        """Translate one of the values of a section; an unknown value is returned as it is."""
        key = f"{section}.{value}"
        if key in self._messages:
            return self(key, **values)
        return str(value)[:_MAX_UNKNOWN_VALUE] if default is None else default

    def genre(self, genre: int) -> str:
        """Return the name of a genre; its number if TMDB has added it since."""
        names = GENRE_NAMES.get(genre)
        return names[self._column] if names else str(genre)

    def list_name(self, slug: str) -> str:
        """Return the name of a list: a translation, else its configured name, else its slug."""
        name = self._list_names.get(slug, slug)
        if self.language == "en":
            name = {korean: english for english, korean in GENRE_NAMES.values()}.get(name, name)
        return self.enum("lists", slug, default=name)

    def number(self, value: float | None, digits: int = 0) -> str:
        """Write 12,345.6."""
        return NO_VALUE if value is None else f"{value:,.{digits}f}"

    def amount(self, value: float | None) -> str:
        """Write a number with at most two decimals, and a large one with none."""
        digits = 0 if value is None or abs(value) >= 100 else 2
        text = self.number(value, digits)
        return text.rstrip("0").rstrip(".") if digits else text

    def percent(self, value: float | None, digits: int = 1) -> str:
        """Write a percentage from 0 to 100, without a fraction if that is zero."""
        if value is None:
            return NO_VALUE
        number = f"{value:.{digits}f}".removesuffix(".0")
        if number == "100" and value < 100:
            number = f"> {100 - 10**-digits:.{digits}f}"
        return self("formats.percent", number=number)

    def share(self, value: float | None, digits: int = 1) -> str:
        """Write a share from 0 to 1 as a percentage."""
        return self.percent(None if value is None else 100 * value, digits)

    def day(self, date: datetime.date) -> str:
        """Write 7 January 2024."""
        return self("formats.day", date=date, month=self.enum("months", date.month))

    def full_day(self, date: datetime.date) -> str:
        """Write Sunday 7 January 2024."""
        return self("formats.full_day", day=self.day(date), weekday=self.weekday(date))

    def short_day(self, date: datetime.date) -> str:
        """Write 7 Jan."""
        return self("formats.short_day", date=date, month=self.enum("months", date.month))

    def axis_day(self, date: datetime.date) -> str:
        """Write a date for the axis of a chart."""
        return self("formats.axis_day", date=date, month=self.enum("months", date.month))

    def numeric_day(self, date: datetime.date) -> str:
        """Write a date in digits, always of the same width."""
        return self("formats.numeric_day", date=date)

    def weekday(self, date: datetime.date) -> str:
        """Return the name of the day of the week."""
        return self.enum("weekdays", date.isoweekday())

    def weekdays(self) -> list[tuple[str, str]]:
        """Return the short and the long names of the seven days, Monday first."""
        return [(self.enum("weekdays_short", n), self.enum("weekdays", n)) for n in range(1, 8)]

    def week(self, date: datetime.date) -> str:
        """Write Week 1 of 2024."""
        year, week, _ = date.isocalendar()
        return self("formats.week", week=week, year=year)

    def instant(self, at: datetime.datetime | None) -> str:
        """Write an instant to the minute."""
        return f"{self.day(at.date())} {at:%H:%M} UTC" if at else NO_VALUE

    def clock(self, at: datetime.datetime | None) -> str:
        """Write the time of an instant to the second."""
        return f"{at:%H:%M:%S}" if at else NO_VALUE

    def seconds(self, seconds: float | None) -> str:
        """Write a duration: 0.4 s, 12 s, 3 min 5 s, 1 h 2 min."""
        if seconds is None:
            return NO_VALUE
        if seconds < 9.95:
            return self("formats.seconds", n=f"{seconds:.1f}")
        minutes, rest = divmod(round(seconds), 60)
        if minutes == 0:
            return self("formats.seconds", n=rest)
        if minutes < 60:
            return self("formats.minutes", n=minutes, rest=rest)
        return self("formats.hours", n=minutes // 60, rest=minutes % 60)

    def size(self, count: float | None) -> str:
        """Write a number of bytes: 812 B, 1.2 MB."""
        if count is None:
            return NO_VALUE
        for unit, name in _SIZES:
            if count >= unit:
                return f"{count / unit:,.1f} {name}"
        return f"{count:.0f} B"
