"""The frame that all pages share: head, policy, style, footer, and the one script.

A page is one file and loads nothing, except posters by the script where the reader is online. Its
policy allows exactly that script and exactly TMDB's image server, whatever else a title might hold.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import tornado.template

from pipeline.pages.language import Language

HERE = Path(__file__).parent

NOTICE = (
    "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise "
    "approved by TMDB."
)
"""Word for word as TMDB's terms demand."""

IMAGES = "https://image.tmdb.org"

FAVICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='8' fill='%232457c5'/%3E"
    "%3Cpath d='M8 23v-7M16 23V9M24 23v-4' stroke='white' stroke-width='4' "
    "stroke-linecap='round'/%3E%3C/svg%3E"
)

_LOADER = tornado.template.Loader(str(HERE / "templates"), autoescape="xhtml_escape")


def page(
    template: str,
    say: Language,
    title: str,
    *,
    demo: bool,
    home: str | None,
    made_from: str,
    sections: Sequence[tuple[str, str]] = (),
    files: Sequence[str] = (),
    **values: Any,
) -> str:
    """Fill a template that extends the frame.

    Args:
        template: its name.
        say: the language.
        title: of the document.
        demo: whether the films are made up, which the page says plainly.
        home: the address of the index, None on the index itself.
        made_from: when and from what the page was made.
        sections: anchor and name of each, for the list of contents.
        files: the documents it was made from.
        values: what the template itself needs.
    """
    return fragment(
        template,
        say=say,
        title=title,
        demo=demo,
        home=home,
        made_from=made_from,
        sections=sections,
        files=files,
        policy=_policy(),
        favicon=FAVICON,
        notice=NOTICE,
        style=_style(),
        script=_script(),
        **values,
    )


def fragment(template: str, **values: Any) -> str:
    """Fill a template; every value is escaped unless the template says raw."""
    return _LOADER.load(template).generate(**values).decode("utf-8")


def script_hash() -> str:
    """Return the script's hash as a policy names it."""
    digest = hashlib.sha256(_script().encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _policy() -> str:
    return (
        f"default-src 'none'; img-src {IMAGES} data:; style-src 'unsafe-inline'; "
        f"script-src '{script_hash()}'; base-uri 'none'; form-action 'none'"
    )


@cache
def _script() -> str:
    return (HERE / "posters.js").read_text("utf-8").strip()


@cache
def _style() -> str:
    text = re.sub(r"/\*.*?\*/", "", (HERE / "style.css").read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", text).strip()
