"""Pages as files."""

from __future__ import annotations

from pathlib import Path


def page(path: Path) -> str:
    """Write a page and return its address in a browser."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<title>영화</title>", encoding="utf-8")
    return path.as_uri()
