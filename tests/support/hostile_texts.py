"""Texts of TMDB that would act where they are shown, and a look for what acts."""

from __future__ import annotations

import re
from pathlib import Path

TEXTS = (
    "<script>document.title='stolen'</script>",
    "\"><img src=x onerror=alert(1)>' onmouseover='",
    "\x1b[2J\x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x07",
    "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "good\rINFO: all is well\n2024-01-07T00:00:00Z ERROR: forged",
    "\x9b31m\x90 eight-bit \x7f\x08\x08",
    '=HYPERLINK("http://evil.example")',
    "+1+cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "C:\\..\\nul\x00byte",
    "\u202eexe.cod\u202c \u2066isolated\u2069 \u200f\u061c",
    "zero\u200bwidth\ufeff\u2028line\u2029paragraph",
    "half a pair \ud83d",
    "javascript:alert(1)",
    "long " * 3_000,
)
"""Markup, a terminal's commands, forged lines, formulas, ways out, marks of direction, halves."""

ALL = "\u2063".join(TEXTS[:-1])

ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
"""What nobody shall find in what is shown; line feeds and tabs are ours."""


def assert_shown_safely(text: str) -> None:
    """Fail where the text holds anything that acts."""
    found = ACTS.search(text)
    assert found is None, text[max(0, found.start() - 60) : found.end() + 20]


def logs(folder: Path) -> list[str]:
    """Return the content of every log file below the folder."""
    return [path.read_text(encoding="utf-8") for path in folder.rglob("*.log")]
