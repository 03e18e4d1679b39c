"""Replace characters of foreign texts that act on a terminal, a log or the text around them."""

from __future__ import annotations

import re

# Control characters but tab and line feed, those of a text's direction, and halves of surrogates.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
    "\ufffe\uffff\ud800-\udfff]"
)


def plain(text: str) -> str:
    """Return the text with U+FFFD for such characters."""
    return text if text.isascii() and text.isprintable() else UNSEEN.sub("\ufffd", text)
