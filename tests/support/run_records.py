"""The run record, as a reader of the file sees it."""

from __future__ import annotations

import json
from typing import Any

from pipeline.paths import Layout


def lines(layout: Layout) -> list[dict[str, Any]]:
    """Return every line of the run record."""
    return [json.loads(line) for line in layout.run_record.read_text("utf-8").splitlines()]
