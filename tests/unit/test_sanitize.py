"""Texts of TMDB lose what acts in them, and nothing else."""

from __future__ import annotations

import pytest
from support.hostile_texts import TEXTS, assert_shown_safely

from pipeline.errors import RequestRejected
from pipeline.sanitize import plain


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_acts_is_replaced_by_a_sign_and_all_else_stays(text: str) -> None:
    reported = plain(text)

    assert_shown_safely(reported)
    reported.encode("utf-8")
    assert len(reported) == len(text)
    assert all(new in (old, "\ufffd") for old, new in zip(text, reported, strict=True))
    assert plain("영화 «é»\t😀\n") == "영화 «é»\t😀\n"
    assert str(RequestRejected(f"TMDB says {text}")) == f"TMDB says {reported}"
