"""Standard output and error that no text can crash, whatever the encoding of the terminal."""

from __future__ import annotations

import codecs
import io
import sys

_ERRORS = "pipeline-escape"


def prepare() -> None:
    r"""Show what the encoding of a stream lacks as \uXXXX: titles are Korean, paths may be any.

    That is JSON's own notation, so a document stays one in a terminal of ASCII.
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
