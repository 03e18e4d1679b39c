"""Render templates, and the frame of every page: head, policy, style, footer, the one script.

A page is one file that loads nothing but posters, which its script requests if the reader is
online. Its policy allows that script and TMDB's image server only, whatever a title contains.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import tornado.template

from pipeline.pages.i18n import Translator
from pipeline.pages.verdict import sign_of
from pipeline.terms import NOTICE

_FOLDER = Path(__file__).parent

IMAGES = "https://image.tmdb.org"

FAVICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='8' fill='%232457c5'/%3E"
    "%3Cpath d='M8 23v-7M16 23V9M24 23v-4' stroke='white' stroke-width='4' "
    "stroke-linecap='round'/%3E%3C/svg%3E"
)

_LOADER = tornado.template.Loader(
    str(_FOLDER / "templates"), autoescape="xhtml_escape", namespace={"sign_of": sign_of}
)


def render_page(template: str, t: Translator, title: str, *, demo: bool, **values: Any) -> str:
    """Render a template that extends the frame; `demo` movies are made up, as the page says.

    The values are those of the template and of the frame: `home` is the address of the index, and
    `files` are documents below the data root.
    """
    frame = {"home": None, "neighbours": (), "sections": (), "files": (), "favicon": FAVICON}
    texts = {"policy": build_policy(), "style": _read_style(), "script": _read_script()}
    named = {"t": t, "title": title, "demo": demo, "notice": NOTICE}
    return _LOADER.load(template).generate(**(frame | texts | named | values)).decode("utf-8")


def script_hash() -> str:
    """Return the hash of the script in the form of a Content-Security-Policy."""
    digest = hashlib.sha256(_read_script().encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def build_policy() -> str:
    """Return the Content-Security-Policy of a page, which has no `frame-ancestors` in itself."""
    return (
        f"default-src 'none'; img-src {IMAGES} data:; style-src 'unsafe-inline'; "
        f"script-src '{script_hash()}'; base-uri 'none'; form-action 'none'"
    )


@cache
def _read_script() -> str:
    return (_FOLDER / "page.js").read_text("utf-8").strip()


@cache
def _read_style() -> str:
    text = re.sub(r"/\*.*?\*/", "", (_FOLDER / "style.css").read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", text).strip()
