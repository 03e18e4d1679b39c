"""The pages as text: what they show, and what never gets through."""

from __future__ import annotations

import datetime
import functools
import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
import support.page_documents as documents
from support.page_documents import DAY, NAMES, led_to

from pipeline.documents.due_times import DueTime
from pipeline.pages.daily import daily_page
from pipeline.pages.i18n import Translator
from pipeline.pages.index import Shown, index_page
from pipeline.pages.movies import read_ranks
from pipeline.pages.render import script_hash
from pipeline.pages.trends import trends_page
from pipeline.pages.weekly import weekly_page
from pipeline.terms import NOTICE

LANGUAGES = ("ko", "en")
_DAY = datetime.timedelta(days=1)
ALLOWED_HOSTS = {"www.themoviedb.org", "image.tmdb.org", "www.w3.org"}
VOID = {"meta", "link", "br", "img", "input", "hr", "wbr", "col", "source"}

HOSTILE = (
    "<script>document.title='stolen'</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "</title></style></script><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }} {% raw x %} ${7*7}",
    "\x1b[31mred\x1b[0m \x00 \x9f",
    "\u202egnp.exe \u2066x\u2069",
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
    "\ud83c",
    "한" * 5000,
    "Z" + "\u0301" * 500,
)


class Page(HTMLParser):
    """A page's elements, its text, and whether every element is closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def day_page(language: str = "en", missing: tuple[int, ...] = (), **changes: Any) -> str:
    lists = {
        name: changes.pop(name, documents.collection(name, DAY)) for name in ("popular", "trending")
    }
    given: dict[str, Any] = {
        "lists": lists,
        "summary": documents.summary(DAY, yesterday=1 not in missing),
        "history": documents.past(DAY, missing=missing),
        **changes,
    }
    return daily_page(DAY, language=language, **given)


def week_page(language: str = "en", compared: bool = True, **changes: Any) -> str:
    before = DAY - 7 * _DAY
    given: dict[str, Any] = {
        "consolidated": documents.week(DAY),
        "report": documents.weekly_report(DAY),
        "previous": (before, documents.weekly_report(before)) if compared else None,
        "list_names": NAMES,
        **changes,
    }
    return weekly_page(DAY, language=language, **given)


def index(
    days: int = 70, language: str = "en", missing: tuple[int, ...] = (), pages: int = 70
) -> str:
    dates = [DAY - back * _DAY for back in range(days) if back not in missing]
    summaries = {date: {**documents.summary(DAY), "verdict": "pass"} for date in dates}
    weeks = {
        DAY - 7 * back * _DAY: {"verdict": "warn", "total_unique_movies": 1700 + back}
        for back in range(10)
        if back != 3
    }
    there = [f"daily/daily_{date:%Y%m%d}.html" for date in dates[:pages]]
    there += [f"weekly/weekly_{d.isocalendar().week}_{d:%Y%m%d}.html" for d in weeks]
    return index_page(DAY, summaries, weeks, there, language)


PAGES: dict[str, Callable[[str], str]] = {
    "daily": day_page,
    "weekly": week_page,
    "index": lambda language: index(5, language),
    "trends": lambda language: trends_page(DAY, documents.trends(DAY), language, demo=True),
}
"""Each page of whole documents, by its language."""


@functools.cache
def html_of(name: str, language: str = "en") -> str:
    """A page of whole documents: rendered once, since most tests only read it."""
    return PAGES[name](language)


@functools.cache
def page_of(name: str, language: str = "en") -> Page:
    """The same page, parsed once; not to be changed."""
    return Page(html_of(name, language))


# --- All of them ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_one_well_formed_file_that_loads_nothing(name: str, language: str) -> None:
    html = html_of(name, language)
    page = page_of(name, language)
    assert page.open == []
    assert page.crossed == []
    assert page.all("html") == [{"lang": language}]
    assert not page.all("img")
    assert not page.all("iframe")
    assert all(link.get("rel") == "icon" for link in page.all("link"))
    assert len(page.all("script")) == 1
    assert "src" not in page.all("script")[0]
    hosts = set(re.findall(r"https?://([\w.-]+)", html))
    assert hosts <= ALLOWED_HOSTS
    assert len(html.encode()) < 1_000_000


@pytest.mark.parametrize("name", PAGES)
def test_a_page_allows_its_one_script_and_tmdbs_images_only(name: str) -> None:
    (policy,) = (
        str(meta["content"])
        for meta in page_of(name).all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'{script_hash()}'"
    assert rules["img-src"] == "https://image.tmdb.org data:"
    assert rules["base-uri"] == rules["form-action"] == "'none'"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_walked_by_heading_label_and_keyboard(name: str) -> None:
    page = page_of(name, "ko")
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    steps = itertools.pairwise(levels)
    assert all(after <= before + 1 for before, after in steps)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(cell.get("scope") for cell in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = [str(link["href"])[1:] for link in page.all("a") if str(link["href"])[0] == "#"]
    assert set(targets) <= set(ids)
    for region in page.elements:
        if region[1].get("role") == "region":
            assert region[1].get("tabindex") == "0"
            assert region[1].get("aria-label")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_tmdbs_notice_and_says_what_it_was_made_from(name: str, language: str) -> None:
    text = page_of(name, language).text
    assert NOTICE in text
    assert "7 January 2024" in text or "2024년 1월 7일" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_the_same_documents_give_the_same_bytes(name: str, language: str) -> None:
    assert PAGES[name](language) == html_of(name, language)


def test_a_chart_has_a_summary_and_its_numbers_as_a_table() -> None:
    for html, charts in ((html_of("daily"), 3), (day_page("ko"), 3)):
        figures = re.findall(r"<figure.*?</figure>", html, flags=re.DOTALL)
        drawn = [figure for figure in figures if "<svg" in figure]
        assert len(drawn) == charts
        for figure in drawn:
            page = Page(figure)
            assert page.all("figcaption")
            assert any(each.get("role") == "img" for _, each in page.elements)
            assert any(each.get("aria-label") for _, each in page.elements)
            assert page.all("table")
            assert page.all("details")


# --- Texts of others --------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_of_a_movie_becomes_part_of_the_markup(hostile: str) -> None:
    def spoilt(name: str) -> dict[str, Any]:
        document = documents.collection(name, DAY, source="tmdb")
        strange = {
            "title": hostile, "original_title": hostile, "overview": hostile,
            "poster_path": hostile, "release_date": hostile, "original_language": hostile,
        }  # fmt: skip
        return {**document, "movies": [{**each, **strange} for each in document["movies"][:10]]}

    summary = documents.summary(DAY, "tmdb")
    summary["changes"]["popular"]["new"] = [{"id": 1, "title": hostile, "rank": 1}]
    summary["quality_summary"]["checks"][0].update(
        success=False, evidence=[{"list": hostile, "film": 1, "title": hostile, "found": hostile}]
    )
    plain = page_of("daily")
    page = Page(day_page(popular=spoilt("popular"), trending=spoilt("trending"), summary=summary))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements} | {"bdi"}
    assert len(page.all("script")) == 1
    attributes = {name for _, each in page.elements for name in each}
    assert not {name for name in attributes if name.startswith("on")}
    assert page.crossed == []
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.text)
    posters = {each["data-poster"] for _, each in page.elements if "data-poster" in each}
    assert not posters


@pytest.mark.parametrize("value", [None, 5, -1e300, True, [], {}, ["<b>"], {"a": 1}, "", "9" * 400])
def test_any_value_in_any_field_makes_a_page(value: Any) -> None:
    document = documents.collection("popular", DAY)
    film = document["movies"][0]
    movies = [{**film, "id": place, key: value} for place, key in enumerate(film)]
    movies += [{"id": 99}, dict.fromkeys(film, value) | {"id": 100}]
    strange = {**document, "movies": movies}
    assert Page(day_page(popular=strange)).crossed == []
    week = documents.week(DAY)
    found = {"found_in": [{"list": "action", "rank": 1}]}
    spoilt = {**week, "movies": [{**each, **found} for each in movies] + week["movies"][:50]}
    assert Page(week_page(consolidated=spoilt)).crossed == []


@pytest.mark.parametrize("key", ["verdict", "checks", "drift", "profiles", "source"])
@pytest.mark.parametrize("value", [None, "x", 5, [None], {"a": None}])
def test_reports_of_other_versions_make_a_page(key: str, value: Any) -> None:
    report = {**documents.daily_report(DAY), key: value}
    summary = {**documents.summary(DAY), "quality_summary": report}
    past = {DAY - _DAY: report}
    few = documents.collected(list(documents.films("popular", DAY)[:5]), DAY)
    week = documents.week(DAY)
    few_of_week = {**week, "movies": week["movies"][:5]}
    day = day_page(popular=few, trending=few, summary=summary, history=past)
    assert Page(day).crossed == []
    previous = DAY - _DAY, report
    assert Page(week_page(consolidated=few_of_week, report=report, previous=previous)).crossed == []


# --- Languages --------------------------------------------------------------------------------


def test_a_korean_page_speaks_korean() -> None:
    text = page_of("daily", "ko").text
    assert "2024년 1월 7일" in text
    assert "films stay from day to day" not in text
    assert Translator("ko").enum("failures", "overlap") in text
    assert Translator("ko").enum("rules", "title") in text


# --- The day ----------------------------------------------------------------------------------


def rows_of(html: str, anchor: str) -> list[str]:
    section = html.split(f'id="{anchor}_movies"', 1)[1].split("</section>", 1)[0]
    body = section.split("<tbody", 1)[1].split("</tbody>", 1)[0]
    return [Page(f"<table>{row}</table>").text for row in re.findall("<tr.*?</tr>", body, re.S)]


def test_every_movie_has_a_row_in_the_order_of_the_ranks() -> None:
    html = html_of("daily")
    for name, size in (("popular", 100), ("trending", 20)):
        films = documents.films(name, DAY)
        rows = rows_of(html, name)
        assert len(rows) == len(films) <= size
        for rank, (film, row) in enumerate(zip(films, rows, strict=True), start=1):
            assert row.startswith(f"{rank} ")
            assert film["title"] in row


def test_a_changed_rank_is_shown_by_sign_number_and_word() -> None:
    rows = rows_of(html_of("daily"), "popular")
    now = read_ranks(documents.daily_report(DAY), "popular") or {}
    before = read_ranks(documents.daily_report(DAY - _DAY), "popular") or {}
    checked = 0
    for film, row in zip(documents.films("popular", DAY), rows, strict=True):
        moved = before.get(film["id"], 0) - now[film["id"]]
        if film["id"] in before and moved:
            checked += 1
            sign = "▲" if moved > 0 else "▼"
            assert re.search(rf"{sign}\s*{abs(moved)}\b", row), row
    assert checked > 20
    assert any("new" in row for row in rows)


def test_without_yesterday_nothing_is_called_new_and_the_page_says_why() -> None:
    alone = day_page(missing=(1,))
    without = rows_of(alone, "popular")
    assert all(" missing " in row for row in without)
    assert not any(" missing " in row for row in rows_of(html_of("daily"), "popular"))
    assert "6 January 2024" in Page(alone).text


def test_a_missing_day_is_a_gap_in_the_line() -> None:
    def strokes(html: str) -> int:
        figures = re.findall(r"<figure.*?</figure>", html, re.S)
        chart = next(figure for figure in figures if "Quality score" in figure)
        (line,) = re.findall(r'<path class="series" d="([^"]+)"', chart)
        return int(line.count("M"))

    whole, gaps = html_of("daily"), day_page(missing=(10, 11, 20))
    assert (strokes(whole), strokes(gaps)) == (1, 3)
    assert "30 of 30 days" in Page(whole).text
    assert "27 of 30 days" in Page(gaps).text
    assert "3 days without data are left open" in Page(gaps).text


def test_the_run_is_shown_task_by_task() -> None:
    text = page_of("daily").text
    for task in ("PopularMovies", "TrendingMovies", "ValidationReport", "DailySummary"):
        assert task in text


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "21% of its movies were there before, at least 30% expected"),
        ("ko", "이전에도 있던 영화 21%, 기준 30% 이상"),
    ],
)
def test_a_failed_check_says_what_is_wrong_in_numbers(language: str, sentence: str) -> None:
    text = page_of("daily", language).text
    assert Translator(language).enum("failures", "overlap") in text
    assert sentence in text
    assert "films stay from day to day" not in text


@pytest.mark.parametrize(
    ("checks", "headline"),
    [
        ([], ("checks.no_checks", {})),
        ([documents.check("title", "warn", "")] * 2, ("checks.all_passed", {"n": 2})),
    ],
)
def test_a_day_without_a_failed_check_says_so(
    checks: list[dict[str, Any]], headline: tuple[str, dict[str, int]]
) -> None:
    report = {**documents.daily_report(DAY), "checks": checks}
    summary = {**documents.summary(DAY), "quality_summary": report}
    key, given = headline
    assert Translator("en")(key, **given) in Page(day_page(summary=summary)).text


def test_a_changed_field_is_named_with_its_list() -> None:
    checks = [documents.check("fields", "info", "", finding="popular")]
    report = {**documents.daily_report(DAY), "checks": checks}
    text = Page(day_page(summary={**documents.summary(DAY), "quality_summary": report})).text
    assert "Popular new field softcore" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_space_stands_before_the_comma_of_a_list_of_movies(language: str) -> None:
    broken = documents.collection("popular", DAY)["movies"][:3]
    checks = [documents.check("poster_missing", "warn", "", broken=broken)]
    report = {**documents.daily_report(DAY), "checks": checks}
    html = day_page(language, summary={**documents.summary(DAY), "quality_summary": report})
    evidence = re.search('<ul class="evidence">.+?</ul>', html, re.S)
    assert evidence
    text = re.sub("<[^>]+>", "", evidence[0])
    assert text.count(", ") >= 2
    assert re.findall(r"\s,", text) == []


def test_lateness_is_said_once() -> None:
    late = [{"list": "trending", "found": 2, "finding": "collected 2 day(s) after its date"}]
    checks = [{"id": "list_late", "success": False, "severity": "info", "evidence": late}]
    report = {**documents.daily_report(DAY), "checks": checks}
    summary = {**documents.summary(DAY), "quality_summary": report, "late_by_days": 2}
    text = Page(day_page(summary=summary)).text
    assert text.count("2 days after its date") == 1
    assert Page(day_page(summary={**summary, "late_by_days": 0})).text.count("2 days after") == 1


def test_an_odd_value_that_was_found_is_shown_as_it_is_written() -> None:
    nested: list[Any] = []
    for _ in range(10_000):
        nested = [nested]
    films = [{"film": number, "title": "x"} for number in (1, 2)]
    evidence = [{**films[0], "found": [1, None]}, {**films[1], "found": nested}]
    check = {**documents.check("poster_missing", "warn", ""), "success": False}
    report = {**documents.daily_report(DAY), "checks": [{**check, "evidence": evidence}]}
    text = Page(day_page(summary={**documents.summary(DAY), "quality_summary": report})).text
    assert "[1, None]" in text


def test_posters_are_requested_for_real_movies_only() -> None:
    real = day_page(popular=documents.collection("popular", DAY, "tmdb"),
                    trending=documents.collection("trending", DAY, "tmdb"),
                    summary=documents.summary(DAY, "tmdb"))  # fmt: skip
    with_poster = [film for film in documents.films("popular", DAY) if film["poster_path"]]
    assert real.count("data-poster=") >= len(with_poster) > 50
    assert "https://www.themoviedb.org/movie/" in real
    assert "data-poster=" not in html_of("daily").split("<script>", 1)[0].split("</style>", 1)[1]
    assert "https://www.themoviedb.org/movie/" not in html_of("daily")


# --- The week ---------------------------------------------------------------------------------


def test_the_week_compares_its_lists() -> None:
    korean = page_of("weekly", "ko").text
    for name in NAMES.values():
        assert name in korean
    text = page_of("weekly").text
    assert f"{len(documents.week(DAY)['movies']):,}" in text


def test_a_first_week_has_nothing_to_compare_with_and_says_so() -> None:
    alone, compared = Page(week_page(compared=False)), page_of("weekly")
    assert "▲" in compared.text
    assert "▲" not in alone.text


@pytest.mark.parametrize("mark", [{"adult": True}, {"softcore": True}, {"adult": "yes"}])
def test_no_page_shows_the_poster_of_an_explicit_movie(
    mark: dict[str, Any],
) -> None:
    real = {"id": 7, "title": "A film", "poster_path": "/shown.jpg", "adult": False}
    marked = {**real, "id": 8, "poster_path": "/hidden.jpg", **mark}
    collection = documents.collected([real, marked], DAY, "tmdb")
    found = {"found_in": [{"list": "top_rated", "rank": 1}]}
    week = {**documents.week(DAY), "movies": [{**real, **found}, {**marked, **found}]}
    info = {**week["consolidation_info"], "source": "tmdb"}
    for page in (
        day_page(popular=collection, trending=collection, summary=documents.summary(DAY, "tmdb")),
        week_page(consolidated={**week, "consolidation_info": info}),
    ):
        assert "/shown.jpg" in page
        assert "/hidden.jpg" not in page


# --- The index --------------------------------------------------------------------------------


def test_the_index_leads_to_every_page_that_is_there_and_to_no_other() -> None:
    html = index(pages=50, missing=(4, 5))
    links = {str(link["href"]) for link in Page(html).all("a") if ".html" in str(link["href"])}
    assert len([link for link in links if link.startswith("daily/")]) == 50


def test_a_day_without_its_page_still_shows_its_verdict() -> None:
    html = index(3, pages=1)
    cells = re.findall(r'<span class="day (\w+)">', html)
    assert cells.count("pass") == 2


def test_missing_days_and_weeks_are_shown_as_missing() -> None:
    html = index(60, missing=(4, 5))
    assert html.count('<span class="day missing">') == 2
    assert Page(html).text.count("missing") >= 3


def test_older_pages_than_the_calendar_are_led_to_below_it() -> None:
    html = index(70)
    old = DAY - 65 * _DAY
    assert f"daily/daily_{old:%Y%m%d}.html" in led_to(html)


def test_older_weeks_are_led_to_by_their_names() -> None:
    week = DAY - 400 * _DAY
    address = f"weekly/weekly_{week.isocalendar().week}_{week:%Y%m%d}.html"
    html = index_page(DAY, {}, {}, [address], "en", older_weeks=[week])
    assert led_to(html) == {address}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_index_of_nothing_says_so(language: str) -> None:
    html = index_page(DAY, {}, {}, [], language)
    page, t = Page(html), Translator(language)
    assert page.crossed == []
    assert page.all("h1")
    assert t("index.no_day") in page.text
    assert "data-newest=" not in html.split("<script>")[0]


@pytest.mark.parametrize(("language", "name"), [("en", "Day of 8 January 2024"), ("ko", "일간")])
def test_the_index_has_the_due_times_where_a_schedule_has_noted_them(
    language: str, name: str
) -> None:
    at = datetime.datetime(2024, 1, 7, 2, tzinfo=datetime.UTC)
    due = [DueTime("DailySummary", DAY + number * _DAY, at + number * _DAY) for number in (1, 2)]
    days = {DAY: documents.summary(DAY)}
    html = index_page(DAY, days, {}, [], language, shown=Shown(due=due))
    page = Page(html)
    times = [values["datetime"] for tag, values in page.elements if "datetime" in values]
    assert [each for each in times if each and "T" in each] == [
        "2024-01-08T02:00:00+00:00",
        "2024-01-09T02:00:00+00:00",
    ]
    assert name in " ".join(page.words)
    assert page.crossed == []
    assert 'id="due"' not in index_page(DAY, days, {}, [], language)
