"""Standard output and error that can print any text in any encoding."""

from __future__ import annotations

import codecs
import io
import sys

_ERRORS = "pipeline-escape"


def prepare() -> None:
    r"""Print characters that the encoding of a stream lacks as \uXXXX: titles are Korean.

    That is JSON's notation, so a printed document stays valid JSON in an ASCII terminal.
    """
    codecs.register_error(_ERRORS, _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", errors="surrogatepass")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    return "".join(f"\\u{pair.hex()}" for pair in pairs), error.end
