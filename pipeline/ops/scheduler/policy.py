"""The clients that may call luigid, and what a browser may do with its pages."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.ops.luigid_api import USER
from pipeline.ops.scheduler.refused import Refused
from pipeline.tmdb.credential import Secret

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class Policy:
    """The names that luigid goes by, the password, and the inline scripts of its page.

    `names` are host names without port, in small letters: a name that is not among them is refused,
    since a page of somebody else's may let its own name point here (DNS rebinding).
    """

    names: frozenset[str]
    password: Secret | None
    script_hashes: tuple[str, ...]

    def refuse_foreign_host(self, host: str) -> None:
        """Refuse with 421 a request that was meant for another name."""
        if _name_of(host) not in self.names:
            raise Refused(
                421, "This luigid does not go by that name; --allow-host NAME makes it do so."
            )

    def refuse_stranger(self, authorization: str) -> None:
        """Refuse a request without the password with 401, where one is set."""
        if self.password is None:
            return
        expected = f"{USER}:{self.password.secret}".encode()
        if not hmac.compare_digest(_login(authorization), expected):
            raise Refused(401, "This luigid asks for the password in PIPELINE_LUIGID_PASSWORD.")

    def headers(self) -> dict[str, str]:
        """Return what every answer carries: nothing foreign is loaded, and no text becomes code."""
        scripts = " ".join(f"'{each}'" for each in self.script_hashes)
        return {
            "Content-Security-Policy": "default-src 'none'; connect-src 'self'; font-src 'self'; "
            "img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
            f"script-src 'self' {scripts}; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }


def policy_of(
    address: str, allowed_hosts: Iterable[str], password: Secret | None, page: Path
) -> Policy:
    """Return the policy of a luigid that listens on the address and shows that page."""
    names = {*LOCAL_NAMES, address, *allowed_hosts}
    return Policy(
        names=frozenset(_name_of(name) for name in names if name),
        password=password,
        script_hashes=tuple(_hashes(page.read_text(encoding="utf-8"))),
    )


def refuse_foreign_site(headers: Mapping[str, str], host: str, *, by_get: bool) -> None:
    """Refuse with 403 a write that another site's page had a browser send.

    Browsers say where a request comes from: all of them with a POST, by Origin; most with a GET
    too, by Sec-Fetch-Site, but only to https or this very machine. A write by GET therefore has to
    carry the header that luigi's page sends and that no other site's may. Workers use POST.
    """
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    foreign = (site is not None and site != "same-origin") or (
        origin is not None and _authority(origin) != host.lower()
    )
    unmarked = by_get and headers.get("X-Requested-With") != "XMLHttpRequest"
    if foreign or unmarked:
        raise Refused(403, "Changes are accepted by POST or from luigid's own page only.")


def _name_of(host: str) -> str:
    """Return a Host header, or a name, without port and brackets."""
    host = host.strip().lower()
    if host.count(":") > 1 and not host.startswith("["):
        return host
    name, _, _ = host.rpartition(":") if re.search(r":\d*\Z", host) else (host, "", "")
    return name.strip("[]").rstrip(".")


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _login(authorization: str) -> bytes:
    scheme, _, encoded = authorization.partition(" ")
    try:
        return base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        return b""


def _hashes(html: str) -> Iterable[str]:
    for script in _INLINE_SCRIPT.findall(html):
        digest = hashlib.sha256(script.encode("utf-8")).digest()
        yield f"sha256-{base64.b64encode(digest).decode()}"
