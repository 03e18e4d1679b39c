"""A week's page: its lists side by side, how they overlap, and what moved since the week before."""

from __future__ import annotations

import datetime
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.pages import charts
from pipeline.pages.document import page
from pipeline.pages.figures import Figure, chart
from pipeline.pages.films import Name, Row, name_of, ranks_in, rating_of, rows_of, vote_count
from pipeline.pages.language import NOTHING, Language
from pipeline.pages.reading import Document, mapping, number, objects, text_of, whole
from pipeline.pages.verdict import findings, sign_of, verdict_of

TOP_RATED = "top_rated"

_BY_GENRE, _BY_RATING = "장르별", "평점별"
_TOP = 20
_MOST_MOVES = 12
_MOST_LISTS = 40
_MOST_FILES = 60
_FEWEST_TO_COMPARE = 2

Earlier = tuple[datetime.date, Document]


class Entry(NamedTuple):
    """A film that rose, fell or came, with how far and where."""

    name: Name
    kind: str
    places: int
    where: str


class Side(NamedTuple):
    """One list in figures, as the table shows it."""

    name: str
    films: int
    only_here: int
    cells: tuple[str, ...]


class Lists:
    """The week's lists, taken apart again: films and ranks of each, in the order of the report."""

    def __init__(self, consolidated: Document, report: Document) -> None:
        self.films = objects(consolidated.get("movies"))
        self._found_in = [_places(film) for film in self.films]
        known = [slug for slug in mapping(report.get("profiles")) if isinstance(slug, str)]
        seen = [slug for places in self._found_in for slug in places]
        self.slugs = list(dict.fromkeys([*known, *seen]))[:_MOST_LISTS]

    def of(self, slug: str) -> list[Document]:
        """Return a list's films in its order."""
        here = [
            (places[slug], film)
            for film, places in zip(self.films, self._found_in, strict=True)
            if slug in places
        ]
        return [film for _, film in sorted(here, key=lambda each: each[0])]

    def only(self, slug: str) -> int:
        """Count the films that stand in this list and no other."""
        return sum(1 for places in self._found_in if set(places) == {slug})

    def shared(self, slug: str, other: str) -> int:
        """Count the films that stand in both lists."""
        return sum(1 for places in self._found_in if slug in places and other in places)

    def ranks(self) -> Iterable[tuple[Document, str, int]]:
        """Return every film with each list it stands in and its rank there."""
        for film, places in zip(self.films, self._found_in, strict=True):
            for slug, rank in places.items():
                yield film, slug, rank

    def counts(self) -> Counter[int]:
        """Count the films by the number of lists they stand in."""
        return Counter(len(places) for places in self._found_in if places)


def weekly_page(
    date: datetime.date,
    consolidated: Document,
    report: Document,
    earlier: Earlier | None,
    language: str,
    names: Mapping[str, str],
) -> str:
    """Return the week as a page.

    Args:
        date: the day of the collection.
        consolidated: the week's films, each once.
        report: what the rules found in its lists.
        earlier: the day and the report of the newest week before, or None.
        language: of the page, "ko" or "en".
        names: word of a list in file names -> its name for people.
    """
    say = Language(language)
    info = mapping(consolidated.get("consolidation_info"))
    demo = info.get("source") == "demo"
    lists = Lists(consolidated, report)
    found = findings(say, report, demo=demo, names=names)
    verdict = verdict_of(info) if "verdict" in info else found.verdict
    late = whole(info.get("late_by_days")) or 0
    year, week, _ = date.isocalendar()
    heading = say("week_heading", week=week, year=year)
    return page(
        "weekly.html",
        say,
        f"{heading} · {say('weekly_report')}",
        demo=demo,
        home="../index.html",
        made_from=say(
            "made_from_week", day=say.day(date), source=say.among("source", info.get("source"))
        ),
        files=[text_of(each) for each in _files(info)],
        sections=[
            (each, say(each))
            for each in ("glance", "quality", "lists", "overlap", "top20", "moves", "scatter")
        ],
        date=date,
        heading=heading,
        verdict=verdict,
        sign=sign_of(verdict),
        late=say("late", n=late) if late > 0 else "",
        figures=_figures(say, lists, info, report, earlier),
        found=found,
        sides=[_side(say, lists, slug, names) for slug in lists.slugs],
        sides_chart=_sides_chart(say, lists, names),
        heads=[say.list_name(slug, names) for slug in lists.slugs],
        overlap=_overlap(say, lists, names),
        compared=_compared(say, earlier),
        top=_top(say, lists, earlier, demo),
        move_heads=[(say("change"), say("week_change"))],
        moves=_moves(say, lists, earlier, names, demo),
        scatter=_scatter(say, lists.films),
        found_in=_found_in(say, lists),
    )


def _places(film: Document) -> dict[str, int]:
    places: dict[str, int] = {}
    for each in objects(film.get("found_in")):
        slug, rank = each.get("list"), whole(each.get("rank"))
        if isinstance(slug, str) and slug and rank is not None:
            places[text_of(slug, 40)] = rank
    return places


def _files(info: Document) -> list[object]:
    files = info.get("sources_processed")
    return files[:_MOST_FILES] if isinstance(files, list) else []


def _compared(say: Language, earlier: Earlier | None) -> str:
    if earlier is None:
        return say("no_earlier_week")
    return say("compared_with", day=say.day(earlier[0]))


def _figures(
    say: Language, lists: Lists, info: Document, report: Document, earlier: Earlier | None
) -> list[Figure]:
    counts = lists.counts()
    total = len(lists.films)
    several = sum(counts.values()) - counts[1]
    by_category = mapping(info.get("by_category"))
    new = len(_new(lists, earlier)) if earlier else None
    score = number(report.get("overall_quality_score"))
    return [
        Figure(say("unique_films"), say.number(total), say("in_lists", n=len(lists.slugs))),
        Figure(
            say("by_genre"),
            say.number(number(by_category.get(_BY_GENRE))),
            f"{say('by_rating')} {say.number(number(by_category.get(_BY_RATING)))}",
        ),
        Figure(
            say("in_one_list"),
            say.number(counts[1]),
            say.share(counts[1] / total if total else None, 0),
        ),
        Figure(
            say("in_several"),
            say.number(several),
            say.share(several / total if total else None, 0),
        ),
        Figure(
            say("new_this_week"),
            say.number(new),
            say("since_week", day=say.short_day(earlier[0])) if earlier else "",
        ),
        Figure(say("quality_score"), say.number(score, 1), say("of_100")),
        Figure(
            say("validation_rate"),
            say.percent(number(report.get("validation_rate"))),
            say(
                "valid_of",
                passed=say.number(number(report.get("total_movies_passed"))),
                total=say.number(number(report.get("total_movies_validated"))),
            ),
        ),
        Figure(
            say("numbers_differ"),
            say.number(number(info.get("numbers_differ"))),
            say("numbers_differ_note"),
        ),
    ]


def _side(say: Language, lists: Lists, slug: str, names: Mapping[str, str]) -> Side:
    films = lists.of(slug)
    ratings = [each for film in films if vote_count(film) and (each := rating_of(film)) is not None]
    popularity = [each for film in films if (each := number(film.get("popularity"))) is not None]
    votes: list[float] = [vote_count(film) for film in films]
    only = lists.only(slug)
    return Side(
        say.list_name(slug, names),
        len(films),
        only,
        (
            say.number(len(films)),
            f"{say.number(only)} ({say.share(only / len(films) if films else None, 0)})",
            say.number(_median(ratings), 1),
            say.number(_median(votes)),
            say.number(_median(popularity), 1),
        ),
    )


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _sides_chart(say: Language, lists: Lists, names: Mapping[str, str]) -> str:
    sides = [_side(say, lists, slug, names) for slug in lists.slugs]
    own = max(sides, key=lambda side: side.only_here, default=None)
    parts = (say("only_here"), say("elsewhere"))
    return chart(
        say,
        say("chart_lists"),
        say("chart_lists_says", name=own.name, n=own.only_here) if own else "",
        charts.stacked_bars(
            [side.name for side in sides],
            [
                (parts[0], [side.only_here for side in sides]),
                (parts[1], [side.films - side.only_here for side in sides]),
            ],
        )
        if sides
        else "",
        (say("list"), *parts),
        [
            (side.name, say.number(side.only_here), say.number(side.films - side.only_here))
            for side in sides
        ],
        parts=parts,
    )


def _overlap(
    say: Language, lists: Lists, names: Mapping[str, str]
) -> list[tuple[str, list[tuple[str, float] | None]]]:
    sizes = Counter(slug for _, slug, _ in lists.ranks())
    return [
        (
            say.list_name(slug, names),
            [
                None if slug == other else _share(say, lists.shared(slug, other), sizes[slug])
                for other in lists.slugs
            ],
        )
        for slug in lists.slugs
    ]


def _share(say: Language, shared: int, size: int) -> tuple[str, float]:
    percent = 100 * shared / size if size else 0.0
    return say.percent(percent, 0), round(percent, 1)


def _top(say: Language, lists: Lists, earlier: Earlier | None, demo: bool) -> list[Row]:
    before = ranks_in(earlier[1], TOP_RATED) if earlier else None
    return rows_of(say, lists.of(TOP_RATED)[:_TOP], [before], demo=demo)


def _moves(
    say: Language,
    lists: Lists,
    earlier: Earlier | None,
    names: Mapping[str, str],
    demo: bool,
) -> list[tuple[str, str, list[Entry]]]:
    if earlier is None:
        return []
    changes = _changes(lists, earlier)
    risen = sorted((each for each in changes if each[0] > 0), key=lambda each: -each[0])
    fallen = sorted((each for each in changes if each[0] < 0), key=lambda each: each[0])

    def entries(moved: list[tuple[int, Document, str, int, int]]) -> list[Entry]:
        return [
            Entry(
                name_of(say, film, demo=demo),
                "up" if places > 0 else "down",
                abs(places),
                f"{say.list_name(slug, names)} {say('rank_from_to', before=before, rank=rank)}",
            )
            for places, film, slug, before, rank in moved[:_MOST_MOVES]
        ]

    came = [
        Entry(
            name_of(say, film, demo=demo),
            "new",
            0,
            f"{say.list_name(slug, names)} {say('rank_n', n=rank)}",
        )
        for film, slug, rank in _new(lists, earlier)[:_MOST_MOVES]
    ]
    return [
        (say("rising"), say("rising_note"), entries(risen)),
        (say("falling"), say("falling_note"), entries(fallen)),
        (say("new_this_week"), say("new_note"), came),
    ]


def _changes(lists: Lists, earlier: Earlier) -> list[tuple[int, Document, str, int, int]]:
    """Return each film's largest change in any one list: places, film, list, ranks then and now."""
    before = {slug: ranks_in(earlier[1], slug) or {} for slug in lists.slugs}
    largest: dict[int, tuple[int, Document, str, int, int]] = {}
    for film, slug, rank in lists.ranks():
        number_ = whole(film.get("id"))
        then = before.get(slug, {}).get(number_) if number_ is not None else None
        if number_ is None or then is None:
            continue
        change = (then - rank, film, slug, then, rank)
        if number_ not in largest or abs(change[0]) > abs(largest[number_][0]):
            largest[number_] = change
    return list(largest.values())


def _new(lists: Lists, earlier: Earlier) -> list[tuple[Document, str, int]]:
    """Return the films that stood in no list of the earlier week, each with its best rank.

    Only lists that the earlier week had count: a genre just added to the plan brings no news.
    """
    before = {slug: ranks for slug in lists.slugs if (ranks := ranks_in(earlier[1], slug))}
    known = {film for ranks in before.values() for film in ranks}
    best: dict[int, tuple[Document, str, int]] = {}
    for film, slug, rank in lists.ranks():
        number_ = whole(film.get("id"))
        if number_ is None or number_ in known or slug not in before:
            continue
        if number_ not in best or rank < best[number_][2]:
            best[number_] = (film, slug, rank)
    return sorted(best.values(), key=lambda each: each[2])


def _scatter(say: Language, films: list[Document]) -> str:
    points = [
        (votes, rating)
        for film in films
        if (votes := vote_count(film)) and (rating := rating_of(film)) is not None
    ]
    if len(points) < _FEWEST_TO_COMPARE:
        return chart(say, say("chart_scatter"), "", "", (), ())
    longest = math.ceil(math.log10(max(max(votes for votes, _ in points), 10)))
    rows = []
    for power in range(longest + 1):
        ratings = [rating for votes, rating in points if int(math.log10(votes)) == power]
        if ratings:
            low, high = say.number(10**power), say.number(10 ** (power + 1) - 1)
            rows.append(
                (
                    say("votes_range", low=low, high=high),
                    say.number(len(ratings)),
                    say.number(min(ratings), 1),
                    say.number(_median(ratings), 1),
                    say.number(max(ratings), 1),
                )
            )
    without = len(films) - len(points)
    return chart(
        say,
        say("chart_scatter"),
        say(
            "chart_scatter_says",
            n=say.number(len(points)),
            votes=say.number(_median([votes for votes, _ in points])),
            rating=say.number(_median([rating for _, rating in points]), 1),
        ),
        charts.scatter(
            ((math.log10(votes), rating) for votes, rating in points),
            [(power, say.number(10**power)) for power in range(longest + 1)],
            (math.floor(min(rating for _, rating in points)), 10),
        ),
        (
            say("votes_from"),
            say("films"),
            say("lowest_rating"),
            say("median_rating"),
            say("highest_rating"),
        ),
        rows,
        note=say("chart_scatter_note", n=say.number(without)),
    )


def _found_in(say: Language, lists: Lists) -> str:
    counts = lists.counts()
    total = sum(counts.values())
    rows = [(say("lists_n", n=lists_), float(counts[lists_])) for lists_ in sorted(counts)]
    return chart(
        say,
        say("found_in"),
        say(
            "found_in_says",
            share=say.share(counts[1] / total if total else None, 0),
            most=max(counts, default=NOTHING),
        ),
        charts.bars(rows, say.number) if rows else "",
        (say("number_of_lists"), say("films")),
        [(name, say.number(count)) for name, count in rows],
    )
