"""A document to publish, and what publishing left in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

INFO: dict[str, Any] = {
    "total_collected": 1,
    "collected_at": "2024-01-07T02:00:00+00:00",
    "late_by_days": 0,
    "source": "tmdb",
}
DOCUMENT: dict[str, Any] = {"movies": [{"id": 1, "title": "기생충"}], "collection_info": INFO}


def names(folder: Path) -> list[str]:
    """Return the names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def leftovers(folder: Path) -> list[Path]:
    """Return the temporary files below a folder."""
    return [path for path in folder.rglob(".*") if path.suffix == ".tmp"]
