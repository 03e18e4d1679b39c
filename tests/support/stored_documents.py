"""Documents in a folder, and what publishing left there."""

from __future__ import annotations

import json
import os
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


def an_hour_later(*paths: Path) -> None:
    """Let temporary files be so old that no writer works at them any more."""
    for path in paths:
        os.utime(path, (1, 1))


def relabel(path: Path, **changes: str) -> None:
    """Make a list one of another identity, as an older version may have left it."""
    document = json.loads(path.read_bytes())
    document["collection_info"].update(changes)
    path.write_text(json.dumps(document), encoding="utf-8")


def read(root: Path, name: str) -> Any:
    """Return a document below a data root."""
    return json.loads((root / name).read_bytes())


def files_below(root: Path) -> set[str]:
    """Return the names of all files below a data root but logs."""
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and "logs" not in path.parts
    }
