"""The clients that may call luigid, and what a browser may do with its pages."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import clock
from pipeline.tmdb.credential import Secret

USER = "luigi"
"""The user as whom everybody logs in where luigid asks for a password."""

ROOT_HEADER = "X-Pipeline-Data-Root"
"""The header by which the hardened luigid names the data root that it serves."""

MAX_FAILED_LOGINS = 100
"""Wrong passwords of an address in a minute; then the right one is not accepted from it either."""

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Refused(Exception):
    """A request is refused; the text is one sentence for the sender.

    `status` is that of HTTP: 400 not understood, 401 password, 403 not allowed, 404 no such call,
    421 foreign host, 429 too many wrong passwords, 503 full.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class FailedLogins:
    """Counts the wrong passwords of each address, from the start of every minute on."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._minute = 0.0

    def note(self, address: str) -> None:
        """Count a wrong password."""
        self._counts[address] += 1

    def refuse_excess(self, address: str) -> None:
        """Refuse with 429 an address that has guessed too often in this minute."""
        minute = clock.monotonic() // 60
        if minute != self._minute:
            self._counts.clear()
            self._minute = minute
        if self._counts[address] >= MAX_FAILED_LOGINS:
            raise Refused(429, "Too many wrong passwords came from this address: wait a minute.")


@dataclass(frozen=True)
class Policy:
    """The names that luigid goes by, the password, and the headers of every answer.

    Another name is refused, since a foreign page may let its own name point here (DNS rebinding).
    By the headers nothing foreign is loaded, and no text becomes code.
    """

    names: frozenset[str]
    password: Secret | None
    headers: Mapping[str, str]
    failed_logins: FailedLogins = field(default_factory=FailedLogins)

    def refuse_foreign_host(self, host: str) -> None:
        """Refuse with 421 a request that was meant for another name."""
        if _name_of(host) not in self.names:
            raise Refused(
                421, "This luigid does not go by that name; --allow-host NAME makes it do so."
            )

    def refuse_stranger(self, authorization: str, address: str) -> None:
        """Refuse a request without the password with 401, where one is set."""
        if self.password is None:
            return
        if authorization:
            self.failed_logins.refuse_excess(address)
        expected = f"{USER}:{self.password.secret}".encode()
        if not hmac.compare_digest(_login(authorization), expected):
            if authorization:
                self.failed_logins.note(address)
            raise Refused(401, "This luigid asks for the password in PIPELINE_LUIGID_PASSWORD.")


def policy_of(
    address: str, allowed_hosts: Iterable[str], password: Secret | None, page: Path
) -> Policy:
    """Return the policy of a luigid that listens on the address and shows that page."""
    names = {*LOCAL_NAMES, address, *allowed_hosts}
    scripts = " ".join(f"'{each}'" for each in _hashes(page.read_text(encoding="utf-8")))
    headers = {
        "Content-Security-Policy": "default-src 'none'; connect-src 'self'; font-src 'self'; "
        f"img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' {scripts}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return Policy(frozenset(_name_of(name) for name in names if name), password, headers)


def refuse_foreign_site(headers: Mapping[str, str], host: str, *, by_get: bool) -> None:
    """Refuse with 403 a write that another site's page had a browser send.

    Browsers send Origin with every POST, but not always Sec-Fetch-Site with a GET. So a write by
    GET has to carry the header that luigi's page sends and that no other site's may.
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
