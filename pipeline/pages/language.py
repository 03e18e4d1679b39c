"""One language of a page: its words, and how it writes numbers, days and amounts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from pipeline.genres import GENRE_NAMES
from pipeline.pages import reading
from pipeline.pages.rule_words import RULE_WORDS
from pipeline.pages.words import WORDS

LANGUAGES = ("en", "ko")

NOTHING = "–"
"""Stands where there is no value."""

_WEEKDAYS = (
    ("Monday", "월요일"),
    ("Tuesday", "화요일"),
    ("Wednesday", "수요일"),
    ("Thursday", "목요일"),
    ("Friday", "금요일"),
    ("Saturday", "토요일"),
    ("Sunday", "일요일"),
)
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_SIZES = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


class Language:
    """English or Korean. Raises ValueError for any other code."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._column = LANGUAGES.index(code)

    def __call__(self, key: str, **values: object) -> str:
        """Say something; `n` picks the singular before the | where it is 1."""
        words = WORDS[key][self._column]
        one, bar, many = words.partition("|")
        if bar:
            words = one if values.get("n") in (1, "1") else many
        return words.format(**values) if values else words

    def among(self, prefix: str, value: object) -> str:
        """Say one of a set of known values; one that is not known is said as it stands."""
        key = f"{prefix}_{value}"
        return self(key) if key in WORDS else str(value)[:40]

    def genre(self, number: int) -> str:
        """Name a genre of TMDB's; its number where it is a new one."""
        names = GENRE_NAMES.get(number)
        return names[self._column] if names else str(number)

    def rule(self, rule: str, description: str) -> str:
        """Say what a rule demands."""
        return RULE_WORDS.get(rule, description) if self.code == "ko" else description

    def list_name(self, slug: str, names: Mapping[str, str] | None = None) -> str:
        """Name a list: popular and the like in our words, a genre in its own."""
        if f"list_{slug}" in WORDS:
            return self(f"list_{slug}")
        name = (names or {}).get(slug, slug)
        if self.code == "en":
            english = {korean: english for english, korean in GENRE_NAMES.values()}
            return english.get(name, name)
        return name

    def number(self, value: float | None, digits: int = 0) -> str:
        """Write 12,345.6."""
        return NOTHING if value is None else f"{value:,.{digits}f}"

    def percent(self, value: float | None, digits: int = 1) -> str:
        """Write a percentage that is given as one, 0 to 100; whole ones without a fraction."""
        if value is None:
            return NOTHING
        written = f"{value:.{digits}f}".removesuffix(".0")
        if written == "100" and value < 100:
            written = f"> {100 - 10**-digits:.{digits}f}"
        return written + ("%" if self.code == "ko" else " %")

    def share(self, value: float | None, digits: int = 1) -> str:
        """Write a share of 1 as a percentage."""
        return self.percent(None if value is None else 100 * value, digits)

    def day(self, date: datetime.date) -> str:
        """Write a day in full, without its weekday."""
        if self.code == "ko":
            return f"{date.year}년 {date.month}월 {date.day}일"
        return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"

    def full_day(self, date: datetime.date) -> str:
        """Write a day in full with its weekday."""
        parts = (self.day(date), self.weekday(date))
        return " ".join(parts if self.code == "ko" else reversed(parts))

    def short_day(self, date: datetime.date) -> str:
        """Write a day of a year that is known."""
        if self.code == "ko":
            return f"{date.month}월 {date.day}일"
        return f"{date.day} {_MONTHS[date.month - 1][:3]}"

    def numeric_day(self, date: datetime.date) -> str:
        """Write a day in figures, as wide as any other."""
        return f"{date:%Y.%m.%d}" if self.code == "ko" else date.isoformat()

    def weekday(self, date: datetime.date) -> str:
        """Name the day of the week."""
        return _WEEKDAYS[date.weekday()][self._column]

    def weekdays(self) -> list[tuple[str, str]]:
        """Return short and whole names of the seven days, Monday first."""
        letters = 1 if self.code == "ko" else 3
        return [(names[self._column][:letters], names[self._column]) for names in _WEEKDAYS]

    def instant(self, at: datetime.datetime | None) -> str:
        """Write an instant to the minute."""
        return f"{self.day(at.date())} {at:%H:%M} UTC" if at else NOTHING

    def clock(self, at: datetime.datetime | None) -> str:
        """Write the time of an instant to the second."""
        return f"{at:%H:%M:%S}" if at else NOTHING

    def seconds(self, seconds: float | None) -> str:
        """Write a duration: 0.4 s, 12 s, 3 min 5 s, 1 h 2 min."""
        if seconds is None:
            return NOTHING
        if seconds < 9.95:
            return self("seconds", n=f"{seconds:.1f}")
        minutes, rest = divmod(round(seconds), 60)
        if minutes == 0:
            return self("seconds", n=rest)
        if minutes < 60:
            return self("minutes", n=minutes, rest=rest)
        return self("hours", n=minutes // 60, rest=minutes % 60)

    def size(self, count: float | None) -> str:
        """Write a number of bytes: 812 B, 1.2 MB."""
        if count is None:
            return NOTHING
        for unit, name in _SIZES:
            if count >= unit:
                return f"{count / unit:,.1f} {name}"
        return f"{count:.0f} B"

    def figure(self, value: Any) -> str:
        """Write a figure that a rule found or allows: shares of 1 as a percentage."""
        if type(value) is float and 0 <= value <= 1:
            return self.share(value)
        return self.amount(reading.number(value))

    def amount(self, value: float | None) -> str:
        """Write a number with at most two decimals."""
        return NOTHING if value is None else f"{value:,.2f}".rstrip("0").rstrip(".")
