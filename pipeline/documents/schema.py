"""What later steps rely on in the documents that they read back. Pure."""

from __future__ import annotations

import datetime
from typing import Any

Document = dict[str, Any]

_COLLECTION_KEYS = {"total_collected": int, "collected_at": str, "late_by_days": int, "source": str}
_REPORT_KEYS: dict[str, tuple[type, ...]] = {
    "validation_rate": (int, float),
    "overall_quality_score": (int, float),
    "total_movies_validated": (int,),
    "common_issues": (list,),
    "late_by_days": (int,),
    "source": (str,),
    "verdict": (str,),
    "checks": (list,),
}


def check_collection(document: Document) -> None:
    """Check the content of a list: rows with ids, and what its `collection_info` has to hold.

    Raises:
        ValueError: something is missing or of another form; the sentence says what.
    """
    movies = document.get("movies")
    if not isinstance(movies, list) or not all(_is_movie(row) for row in movies):
        raise ValueError("its movies are not a list of films with ids")
    info = document.get("collection_info")
    if not isinstance(info, dict):
        raise ValueError("it has no collection_info")
    for key, kind in _COLLECTION_KEYS.items():
        if type(info.get(key)) is not kind:
            raise ValueError(f"its collection_info has no usable {key}")
    try:
        datetime.datetime.fromisoformat(info["collected_at"]).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise ValueError("its collected_at is no instant") from None


def check_report(report: Document) -> None:
    """Check that a validation report holds the figures that the summary needs.

    Raises:
        ValueError: one is missing or of another type; the sentence says which.
    """
    for key, kinds in _REPORT_KEYS.items():
        if not isinstance(report.get(key), kinds):
            raise ValueError(f"it has no usable {key}")


def _is_movie(row: Any) -> bool:
    return isinstance(row, dict) and type(row.get("id")) is int
