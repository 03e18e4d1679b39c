"""Data roots in a bucket, as copies of those on a disk."""

from __future__ import annotations

import datetime
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.paths import Layout
from pipeline.storage import documents
from pipeline.storage.documents import storage_of

FIRST, SECOND = datetime.date(2024, 1, 6), datetime.date(2024, 1, 7)
JOBS = (
    *(("DailySummary", str(FIRST)), ("DailySummary", str(SECOND))),
    *(("WeeklyConsolidation", str(SECOND)), ("IndexPage", str(FIRST)), ("IndexPage", str(SECOND))),
)
OF_MACHINE = ("logs", "state", "backups")
"""Folders of a data root that stay on the machine."""


def collect_on_their_dates(root: Path) -> None:
    """Let each document of a data root on a disk say that it was made at 02:00 of its date."""
    for path in root.rglob("*.json"):
        text, day = path.read_text("utf-8"), path.stem[-8:]
        at = f"{day[:4]}-{day[4:6]}-{day[6:]}T02:00:00+00:00"
        for key in ("collected_at", "start_time"):
            text = re.sub(rf'"{key}": "[^"]+"', f'"{key}": "{at}"', text)
        path.write_text(text, "utf-8")


def upload(root: Path, layout: Layout) -> None:
    """Copy a data root into a bucket, and what stays on the machine into its folder."""
    files = [path for path in root.rglob("*") if path.is_file()]
    names = {path: path.relative_to(root) for path in files}
    documents_in = [path for path in files if names[path].parts[0] not in OF_MACHINE]
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(
            lambda path: storage_of(layout.root).publish(
                layout.root / names[path], [path.read_bytes()]
            ),
            documents_in,
        ):
            pass
    for name in OF_MACHINE:
        if (root / name).exists():
            shutil.copytree(root / name, layout.work / name, dirs_exist_ok=True)


def contents(layout: Layout) -> dict[str, bytes]:
    """Return the bytes of each document below a data root, by its name."""
    return {
        layout.relative(path): storage_of(path).read(path)
        for path in documents.walk(layout.root)
        if layout.relative(path).partition("/")[0] not in OF_MACHINE
    }
