"""The verdict of a day or a week."""

from __future__ import annotations

from pipeline.pages.coerce import Document

VERDICTS = ("pass", "warn", "fail")

# Shown beside the colour and the word, for readers who cannot tell the colours apart.
_SIGNS = {
    "pass": "✓", "warn": "!", "fail": "✕", "missing": "–",
    "done": "✓", "late": "◷", "rejected": "✕", "failed": "✕", "running": "…",
}  # fmt: skip


def read_verdict(document: Document) -> str:
    """Return pass, warn or fail; unknown for a document of an older version."""
    verdict = document.get("verdict")
    return verdict if isinstance(verdict, str) and verdict in VERDICTS else "unknown"


def sign_of(state: str) -> str:
    """Return the sign of a verdict, or of the state of a task."""
    return _SIGNS.get(state, "?")
