"""Replace characters of foreign texts that act on a terminal, a log or the text around them."""

from __future__ import annotations

import re

# Control characters, those that change the direction of a text, and halves of surrogate pairs.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)

_UNSEEN_IN_LINES = re.compile(UNSEEN.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def plain(text: str) -> str:
    """Return the text with U+FFFD for such characters, but for line feeds and tabs."""
    return text if text.isascii() and text.isprintable() else _UNSEEN_IN_LINES.sub("\ufffd", text)


def escaped(json_text: str) -> str:
    r"""Return JSON that means the same, with \uXXXX for such characters."""
    return _UNSEEN_IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)
