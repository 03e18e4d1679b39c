"""The page of a day shows the lists that it is given, known to the translations or not."""

from __future__ import annotations

import re

import pytest
import support.page_documents as documents
from support.page_documents import DAY

from pipeline.pages.daily import daily_page


def page_with_a_third_list(language: str) -> str:
    lists = {name: documents.collection(name, DAY) for name in ("popular", "trending")}
    lists["now_playing"] = documents.collection("trending", DAY)
    return daily_page(
        DAY, lists, documents.summary(DAY), {}, language, {"now_playing": "Now <playing>"}
    )


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_list_that_was_added_has_its_heading_its_table_and_its_count(language: str) -> None:
    html = page_with_a_third_list(language)
    assert '<a href="#now_playing_movies">Now &lt;playing&gt;</a>' in html
    section = html.split('<section id="now_playing_movies"', 1)[1].split("</section>", 1)[0]
    movies = len(documents.films("trending", DAY))
    assert len(re.findall("<tr", section)) == movies + 1
    assert f"Now &lt;playing&gt; {movies}" in html


def test_the_number_of_movies_counts_all_lists() -> None:
    movies = len(documents.films("popular", DAY)) + 2 * len(documents.films("trending", DAY))
    assert f'<dt>Movies</dt><dd><span class="value">{movies}</span>' in (
        page_with_a_third_list("en")
    )


def test_a_day_without_any_list_has_a_page() -> None:
    html = daily_page(DAY, {}, documents.summary(DAY), {}, "en")
    assert html.rstrip().endswith("</html>")
