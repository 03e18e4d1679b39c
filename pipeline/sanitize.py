"""Strangers' text, made harmless for a terminal, a log, a message: it shows, and does nothing.

A title or an error message can hold what moves a terminal's cursor, sets its clipboard, begins a
new line of a log, or turns the direction of what stands around it. Documents keep it as it was
received; whatever is shown to people goes through here.
"""

from __future__ import annotations

import re

UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)
"""Control characters, those that turn the direction of a text, and halves of surrogate pairs."""

_UNSEEN_IN_LINES = re.compile(UNSEEN.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def plain(text: str) -> str:
    """Return the text with U+FFFD for what is not seen but acts; its lines and tabs stay."""
    return text if text.isascii() and text.isprintable() else _UNSEEN_IN_LINES.sub("\ufffd", text)


def escaped(json_text: str) -> str:
    r"""Return JSON that means the same, with \uXXXX for what is not seen but acts."""
    return _UNSEEN_IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)
