"""A small plan: few pages, so that a trial can run it thousands of times."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.repository import REPOSITORY

SMALL = """\
max_days_late = -1

[pages]
popular = 2
trending = 1
genre = 1
top_rated = 2

[top_rated]
min_rating = 5

[genres]
list = [{ id = 27, slug = "horror", name = "공포" }]
"""


def small_plan(folder: Path) -> Path:
    """Write the plan and the limits of the quality into a folder, and return it."""
    folder.mkdir(parents=True)
    (folder / "collection.toml").write_text(SMALL, encoding="utf-8")
    shutil.copy(REPOSITORY / "config/quality.toml", folder)
    return folder
