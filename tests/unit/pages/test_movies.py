"""Movies on pages: their ranks in earlier lists."""

from __future__ import annotations

import pytest

from pipeline.pages.movies import read_ranks


def test_the_ids_of_a_profile_are_ranks_from_one_on() -> None:
    report = {"profiles": {"popular": {"films": "30 10 20"}, "trending": {"films": ""}}}
    assert read_ranks(report, "popular") == {30: 1, 10: 2, 20: 3}
    assert read_ranks(report, "trending") == {}


@pytest.mark.parametrize("films", [None, 7, "30 ten", "1 " + "9" * 5000])
def test_an_unusable_profile_has_no_ranks(films: object) -> None:
    assert read_ranks({"profiles": {"popular": {"films": films}}}, "popular") is None
