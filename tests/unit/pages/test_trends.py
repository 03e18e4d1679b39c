"""The page of trends as text."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from support import page_documents

from pipeline.pages.i18n import Translator
from pipeline.pages.links import Around
from pipeline.pages.trends import Gain, Trends, trends_page

DAY = datetime.date(2024, 1, 7)
ONE = datetime.timedelta(days=1)
HOSTILE = '<img src=x onerror="alert(1)">\u202e'
NOTHING = Trends({}, {}, {}, [], {}, {})

Ranks = dict[datetime.date, int]


def days(number: int, *, before: int = 0) -> list[datetime.date]:
    """Return so many days, the last one so many before the page's."""
    return [DAY - (before + back) * ONE for back in reversed(range(number))]


def line(*ranks: int, before: int = 0) -> Ranks:
    return dict(zip(days(len(ranks), before=before), ranks, strict=True))


def of_ranks(ranks: dict[int, Ranks]) -> Trends:
    return NOTHING._replace(titles={movie: f"Movie {movie}" for movie in ranks}, ranks=ranks)


def draw(trends: Trends, language: str = "en", *, demo: bool = True, **options: Any) -> str:
    return trends_page(DAY, trends, language, demo=demo, **options)


def section(html: str, name: str) -> str:
    return html.split(f'<section id="{name}"', 1)[1].split("</section>", 1)[0]


def figures(html: str, name: str) -> list[str]:
    return re.findall("<figure.*?</figure>", section(html, name), re.DOTALL)


def captions(html: str, name: str) -> list[str]:
    return re.findall("<figcaption>(.*?)</figcaption>", section(html, name))


def heights(figure: str) -> list[float]:
    """Return the distances from the top of the points of the line."""
    (drawn,) = re.findall('class="series" d="(.*?)"', figure)
    return [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", drawn)]


def ticks(figure: str) -> list[tuple[str, str]]:
    """Return the height and the text of each tick of the axis."""
    return re.findall(r'y="([\d.]+)" text-anchor="end">(.*?)<', figure)


def test_the_movies_that_moved_the_farthest_come_first_and_are_twelve() -> None:
    ranks = {movie: line(*[50] * 6, 50 - movie) for movie in range(1, 21)}
    ranks[99] = line(*[2] * 6, 1)  # as far as from 50 to 25
    html = draw(of_ranks(ranks))
    expected = [f"Movie {movie}" for movie in (99, *range(20, 9, -1))]
    assert captions(html, "rank_lines") == expected
    assert "Best rank 1, lowest 2, last 1; listed on 7 of 7 collected days." in html


def test_a_movie_that_passed_through_the_list_has_no_line_once_there_are_more_days() -> None:
    ranks = {1: line(*[9] * 8), 2: line(90, 3)}
    assert captions(draw(of_ranks(ranks)), "rank_lines") == ["Movie 1"]
    few = {1: line(9, 8), 2: line(90, 3)}
    assert captions(draw(of_ranks(few)), "rank_lines") == ["Movie 2", "Movie 1"]


def test_rank_1_is_on_top_and_all_lines_have_one_scale() -> None:
    html = draw(of_ranks({1: line(*[100] * 6, 1), 2: line(*[4] * 6, 5)}))
    climber, other = figures(html, "rank_lines")
    assert heights(climber) == sorted(heights(climber), reverse=True)
    assert ticks(climber) == ticks(other)
    assert [text for _, text in ticks(climber)] == ["1", "3", "10", "30", "100"]
    (top, *_) = re.findall(r'class="guide" d="M44 ([\d.]+)', climber)
    assert heights(climber)[-1] == float(top)


def test_a_day_without_a_rank_is_a_gap_in_the_line_and_no_row_of_its_table() -> None:
    ranks = line(5, 4, 3, 3, 2, 2, 1, before=1) | {DAY: 9}
    del ranks[DAY - 3 * ONE]
    (figure,) = figures(draw(of_ranks({1: ranks})), "rank_lines")
    assert re.findall('class="series" d="(.*?)"', figure)[0].count("M") == 2
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td>', figure)
    assert len(rows) == len(ranks)
    assert rows[-1] == ("7 January 2024", "9")
    assert "4 January 2024" not in figure


def test_genres_have_one_axis_and_a_day_without_one_of_them_is_zero_not_a_gap() -> None:
    known = days(9)
    shares = {18: dict.fromkeys(known, 0.55), 28: {known[0]: 0.125}}
    del shares[18][known[4]]
    html = draw(NOTHING._replace(shares=shares, day_scores=dict.fromkeys(known, 99.0)))
    drama, action = figures(html, "genre_shares")
    assert captions(html, "genre_shares") == ["Drama", "Action"]
    assert ticks(drama) == ticks(action)
    assert "8 of 9 days: from 0% to 12.5%, the last one 0%." in action
    assert '<tr><th scope="row">3 January 2024</th><td>missing</td></tr>' in action


def test_votes_gained_are_a_table_with_bars_the_most_first() -> None:
    gains = [Gain(movie, f"Movie {movie}", 1000, 10 * movie) for movie in range(1, 26)]
    table = section(draw(NOTHING._replace(gains=gains)), "votes_gained")
    assert re.findall("<bdi>(.*?)</bdi>", table) == [f"Movie {n}" for n in range(25, 5, -1)]
    assert re.findall("width:(.*?)%", table)[:2] == ["100.0", "96.0"]
    assert '<td class="number">1,000</td><td class="number">250</td>' in table


def test_a_title_links_to_tmdb_and_never_becomes_markup() -> None:
    ranks = {1: line(*range(1, 9))}
    hostile = of_ranks(ranks)._replace(titles={1: HOSTILE}, gains=[Gain(1, HOSTILE, 9, 8)])
    html = draw(hostile, demo=False)
    assert "<img" not in html
    assert "\u202e" not in html
    assert '<a href="https://www.themoviedb.org/movie/1"' in section(html, "votes_gained")
    untitled = draw(of_ranks(ranks)._replace(titles={1: None}))
    assert captions(untitled, "rank_lines") == [Translator("en")("movies.untitled")]


def test_quality_is_drawn_by_day_and_by_week_whatever_its_weekday() -> None:
    weeks = {DAY: 99.0, DAY - 8 * ONE: 97.0, DAY - 21 * ONE: 98.5}
    html = draw(NOTHING._replace(day_scores=dict.fromkeys(days(22), 95.0), week_scores=weeks))
    assert captions(html, "scores") == ["Quality score of each day", "Quality score of each week"]
    assert "22 of 22 days: always 95.0." in html
    assert "3 of 4 weeks: from 97.0 to 99.0, the last one 99.0." in html
    assert "1 week without data is left open." in html


@pytest.mark.parametrize("language", ["ko", "en"])
def test_popularity_is_never_compared(language: str) -> None:
    html = draw(page_documents.trends(DAY), language)
    assert Translator(language)("movies.popularity") not in re.sub("<style.*?</style>", "", html)


def test_nothing_loaded_is_said_in_each_section() -> None:
    assert draw(NOTHING).count("No data yet.") == 5


def test_the_page_leads_to_the_one_before_and_to_its_week() -> None:
    html = draw(NOTHING, around=Around(previous=DAY - 7 * ONE, week=DAY))
    assert 'rel="prev" href="../trends/trends_52_20231231.html"' in html
    assert 'rel="up" href="../weekly/weekly_1_20240107.html"' in html


def test_a_page_of_ninety_days_is_less_than_a_megabyte() -> None:
    known = days(91)
    ranks = {movie: dict.fromkeys(known, 1000) for movie in range(40)}
    shares = {genre: dict.fromkeys(known, 0.123) for genre in range(30)}
    trends = of_ranks(ranks)._replace(shares=shares, day_scores=dict.fromkeys(known, 99.9))
    assert len(draw(trends, "ko").encode()) < 1_000_000
