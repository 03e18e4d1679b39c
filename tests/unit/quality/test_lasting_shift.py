"""A shift of a scale that lasts is reported once, noted once, and is then the baseline."""

from __future__ import annotations

import pytest
from support.quality_days.day import failed_checks
from support.report_sequences import Movie, Report, changed, movie, sentence, verdicts, weeks


def scaled(factor: float, week: int = 0) -> list[Movie]:
    """Return a list whose popularity is multiplied; it varies a little from week to week."""
    noise = 1 + (week * 7 % 5 - 2) / 20
    return [movie(number, popularity=(100 - number) * factor * noise) for number in range(1, 21)]


def of_year(year: int) -> list[Movie]:
    return changed(20, release_date=f"{year}-05-30")


def reported(reports: list[Report], rule: str) -> list[tuple[int, str]]:
    """Return the weeks whose report has the rule as violated, with the severity."""
    severity = {
        number: next(each["severity"] for each in report["checks"] if each["id"] == rule)
        for number, report in enumerate(reports)
        if rule in failed_checks(report)
    }
    return list(severity.items())


@pytest.mark.parametrize("factor", [0.02, 12, 50])
def test_a_year_of_weeks_with_a_permanent_rescale_has_one_warning_and_one_note(
    factor: float,
) -> None:
    reports = weeks(scaled(1 if week < 20 else factor, week) for week in range(52))
    assert reported(reports, "popularity_scale") == [(20, "warn"), (22, "info")]
    assert [number for number, each in enumerate(verdicts(reports)) if each != "pass"] == [20]
    note = "times the baseline, as in the 2 collections before: this is the new baseline"
    assert sentence(reports[22], "popularity_scale").endswith(note)
    assert [each["kind"] for each in reports[22]["drift"]] == ["popularity_scale"]


@pytest.mark.parametrize("incident", [1, 50, 1 / 2500])
def test_a_second_incident_after_a_rescale_is_reported(incident: float) -> None:
    """Also one that brings the old scale back for a week."""
    factors = [*[1.0] * 20, *[1 / 50] * 10, incident, *[1 / 50] * 10]
    reports = weeks(scaled(factor, week) for week, factor in enumerate(factors))
    assert reported(reports, "popularity_scale") == [(20, "warn"), (22, "info"), (30, "warn")]


@pytest.mark.parametrize("before", [1, 2, 3, 4, 5, 6])
def test_a_rescale_in_the_first_weeks_is_reported_once(before: int) -> None:
    reports = weeks(scaled(1 if week < before else 50, week) for week in range(before + 20))
    warnings = [week for week, each in reported(reports, "popularity_scale") if each == "warn"]
    assert warnings == [before]


def test_a_shift_that_does_not_last_leaves_the_baseline_as_it_was() -> None:
    factors = [*[1.0] * 8, 50, 50, *[1.0] * 8, 50]
    reports = weeks(scaled(factor, week) for week, factor in enumerate(factors))
    assert reported(reports, "popularity_scale") == [(8, "warn"), (18, "warn")]


def test_older_movies_for_good_are_reported_once() -> None:
    reports = weeks(of_year(2020 if week < 10 else 1995) for week in range(30))
    assert reported(reports, "years_unusual") == [(10, "warn"), (12, "info")]
    assert sentence(reports[12], "years_unusual") == (
        "the median movie is of 1995, of 2020 in the baseline, as in the 2 collections before: "
        "this is the new baseline"
    )


def test_junk_never_makes_a_new_baseline() -> None:
    """The junk of March 2025 held for six days, with a scale of its own."""
    junk = [row | {"vote_count": 0, "vote_average": 0} for row in scaled(0.01)]
    reports = weeks([scaled(1, week) for week in range(10)] + [junk] * 6 + [scaled(1)])
    assert verdicts(reports) == [*["pass"] * 10, *["fail"] * 6, "pass"]
    assert reported(reports, "popularity_scale") == [(week, "warn") for week in range(10, 16)]


def test_junk_after_a_rescale_is_no_note_of_it() -> None:
    lists = [scaled(1 if week < 10 else 50, week) for week in range(12)]
    junk = [row | {"vote_count": 0, "vote_average": 0} for row in scaled(50)]
    reports = weeks([*lists, junk, scaled(50), scaled(50)])
    severities = [(10, "warn"), (12, "warn"), (13, "info")]
    assert reported(reports, "popularity_scale") == severities
