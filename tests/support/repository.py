"""The folders of this checkout, and what may lie beside it."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
TESTS = REPOSITORY / "tests"

RECORDINGS = REPOSITORY.parent / "shared" / "recordings"
"""Genuine TMDB responses. They are never committed; tests skip where they are missing."""

LANGUAGES = REPOSITORY.parent / "shared" / "languages" / "overviews.json"
"""Genuine overviews in many languages. They are never committed; tests skip without them."""
