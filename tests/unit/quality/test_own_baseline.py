"""A list is measured by its own history, and by a fixed limit in its first days only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from support.quality_days.day import SLUGS, failed_checks
from support.report_sequences import (
    ENGLISH,
    SUNDAY,
    WEEK,
    Movie,
    changed,
    sentence,
    verdicts,
    weeks,
)

from pipeline.quality.rules import thresholds_from
from pipeline.quality.snapshot import history_of

JAPANESE = "若い医師が生まれ育った町へ帰り、古い家で母の手紙を見つけるが、誰も語ろうとしない。"
KOREAN = "젊은 의사가 어린 시절의 마을로 돌아와 낡은 집에서 어머니의 편지를 발견한다."


def empty(count: int, size: int = 20, text: str = ENGLISH) -> list[Movie]:
    return changed(count, size, text, overview="")


# overview_missing


def test_a_list_that_always_has_few_overviews_never_fails() -> None:
    reports = weeks([empty(18, text=JAPANESE), empty(17, text=JAPANESE)] * 5, "ja-JP")
    assert verdicts(reports) == ["pass"] * 10
    assert sentence(reports[0], "overview_missing") == "18 of 20 movies, and no baseline yet"
    assert not any(failed_checks(report) for report in reports[5:])


def test_thirteen_of_twenty_empty_overviews_fail_where_one_is_normal() -> None:
    *_, last = weeks([*[empty(1)] * 6, empty(13)])
    assert last["verdict"] == "fail"
    assert failed_checks(last)["overview_missing"][0] == {
        "list": "drama",
        "finding": "13 of 20 movies, 5% in the baseline",
        "found": 0.65,
        "limit": 0.5,
    }


def test_a_list_that_suddenly_has_overviews_is_worth_a_look() -> None:
    *before, last = weeks([*[empty(18, text=JAPANESE)] * 6, empty(1, text=JAPANESE)], "ja-JP")
    assert verdicts(before) == ["pass"] * 6
    assert last["verdict"] == "warn"
    assert set(failed_checks(last)) == {"overviews_unusual"}


def test_the_baseline_is_that_of_older_reports_too() -> None:
    """They state the shares of empty overviews and missing posters only, and no `shares`."""
    reports = weeks([empty(1)] * 6)
    for report in reports:
        del report["profiles"]["drama"]["shares"]
    dated = [(SUNDAY + number * WEEK, report) for number, report in enumerate(reports)]
    history = history_of(reversed(dated), ["drama"], 28)["drama"]
    assert [each.share("overview_missing") for each in history] == [0.05] * 6
    assert {each.share("poster_missing") for each in history} == {0.0}
    assert {each.share("votes_few") for each in history} == {None}


# votes_few


@pytest.mark.parametrize(
    ("normal", "bad", "fails"), [(4, 12, True), (4, 10, False), (9, 12, False), (9, 17, True)]
)
def test_movies_with_few_votes_are_compared_with_their_normal_share(
    normal: int, bad: int, fails: bool
) -> None:
    """The English junk of March 2025 had 12 of 20; a small language has 45 % on normal days."""
    *before, last = weeks([*[changed(normal, vote_count=1)] * 6, changed(bad, vote_count=1)])
    assert verdicts(before) == ["pass"] * 6
    assert ("votes_few" in failed_checks(last), last["verdict"] == "fail") == (fails, fails)


@pytest.mark.parametrize(("few", "verdict"), [(11, "pass"), (12, "fail")])
def test_twelve_of_twenty_movies_with_few_votes_fail_on_the_first_day(
    few: int, verdict: str
) -> None:
    assert verdicts(weeks([changed(few, vote_count=2)])) == [verdict]


def test_a_list_whose_movies_always_have_few_votes_fails_in_its_first_weeks_only() -> None:
    reports = weeks([changed(13, vote_count=1), changed(14, vote_count=1)] * 4)
    assert verdicts(reports) == [*["fail"] * 5, *["pass"] * 3]


def test_a_list_that_fails_for_another_reason_too_is_not_part_of_the_baseline() -> None:
    bad = [row | {"title": ""} for row in changed(13, vote_count=1)]
    assert verdicts(weeks([bad] * 8)) == ["fail"] * 8


# values_zero


@pytest.mark.parametrize("field", ["popularity", "vote_average", "vote_count"])
@pytest.mark.parametrize("weeks_before", [0, 6])
def test_a_list_whose_values_are_all_zero_fails(field: str, weeks_before: int) -> None:
    zero: dict[str, Any] = {field: 0}
    *_, last = weeks([*[changed(0)] * weeks_before, changed(20, **zero)])
    assert last["verdict"] == "fail"
    assert sentence(last, "values_zero") == f"100% of its movies have 0 as {field}"
    *_, normal = weeks([*[changed(0)] * weeks_before, changed(5, **zero)])
    assert "values_zero" not in failed_checks(normal)


def test_a_list_of_announced_movies_is_judged_by_its_popularity() -> None:
    announced = changed(20, vote_count=0, vote_average=0, release_date="2024-12-24")
    assert "values_zero" not in {
        rule for each in weeks([announced] * 8) for rule in failed_checks(each)
    }
    *_, zeroed = weeks([*[announced] * 8, [row | {"popularity": 0} for row in announced]])
    assert zeroed["verdict"] == "fail"


# overview_language


def test_english_overviews_are_a_share_of_those_that_are_not_empty() -> None:
    *_, last = weeks([*[empty(13, text=KOREAN)] * 6, empty(13, text=ENGLISH)], "ko-KR")
    assert last["verdict"] == "fail"
    assert sentence(last, "overview_language") == "7 of 7 texts, 0% in the baseline"
    (first,) = weeks([empty(13, text=ENGLISH)], "ko-KR")
    assert sentence(first, "overview_language") == "7 of 7 texts, and no baseline yet"
    assert first["verdict"] == "fail"


def test_four_overviews_in_another_language_are_too_few_to_judge() -> None:
    assert verdicts(weeks([empty(16, text=ENGLISH)], "ko-KR")) == ["pass"]
    assert verdicts(weeks([empty(15, text=ENGLISH)], "ko-KR")) == ["fail"]


def test_a_list_in_another_language_from_its_first_day_on_fails_for_ever() -> None:
    assert verdicts(weeks([empty(2)] * 8, "ko-KR")) == ["fail"] * 8


def test_a_language_with_some_english_overviews_is_measured_by_its_own_share() -> None:
    mixed = changed(9, text=KOREAN, overview=ENGLISH)
    reports = weeks([*[mixed] * 6, changed(14, text=KOREAN, overview=ENGLISH), empty(0)], "ko-KR")
    assert verdicts(reports) == [*["pass"] * 7, "fail"]


# Other shares


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("poster_missing", {"poster_path": None}),
        ("genres_missing", {"genre_ids": []}),
        ("release_date_missing", {"release_date": ""}),
        ("backdrop_missing", {"backdrop_path": None}),
        ("no_votes", {"vote_count": 0, "vote_average": 0}),
    ],
)
def test_a_share_that_is_normal_for_a_list_is_not_reported(
    rule: str, changes: Mapping[str, Any]
) -> None:
    reports = weeks([changed(8, **changes)] * 6)
    assert rule not in failed_checks(reports[-1])
    *_, worse = weeks([*[changed(1, **changes)] * 6, changed(9, **changes)])
    assert rule in failed_checks(worse)


def test_a_margin_is_as_configured() -> None:
    lists = [*[empty(1)] * 6, empty(5)]
    for margin, verdict in ((0.1, "fail"), (0.3, "pass")):
        tables = {"margins": {"overview_missing": margin}, "limits": {"overviews_unusual": 1}}
        assert verdicts(weeks(lists, thresholds=thresholds_from(tables, SLUGS)))[-1] == verdict
