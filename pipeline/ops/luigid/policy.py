"""The clients that may call luigid, and what a browser may do with its pages."""

import base64
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import clock
from pipeline.tmdb.credential import Secret

# The user as whom everybody logs in where luigid asks for a password.
USER = "luigi"
# The header by which the hardened luigid names the data root that it serves.
ROOT_HEADER = "X-Pipeline-Data-Root"
# Wrong passwords of an address in a minute; then the right one is not accepted from it either.
MAX_FAILED_LOGINS = 100
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


class Policy:
    """The names of a luigid that listens on the address, its password, and its answers' headers.

    Another name is refused, since a foreign page may let its own name point here (DNS rebinding).
    By the headers nothing foreign is loaded, and no script runs but those of luigi's `page`.
    """

    def __init__(
        self, address: str, allowed_hosts: Iterable[str], password: Secret | None, page: Path
    ) -> None:
        names = [each.lower() for each in (*LOCAL_NAMES, address, *allowed_hosts) if each]
        self._names = {*names, *map(_name_of, names)} - {""}
        self._password = password
        self._failed_logins: Counter[str] = Counter()
        self._minute = 0.0
        scripts = _INLINE_SCRIPT.findall(page.read_text(encoding="utf-8"))
        hashes = (base64.b64encode(hashlib.sha256(each.encode()).digest()) for each in scripts)
        allowed_scripts = " ".join(f"'sha256-{each.decode()}'" for each in hashes)
        self.headers = {
            "Content-Security-Policy": "default-src 'none'; connect-src 'self'; font-src 'self'; "
            "img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
            f"script-src 'self' {allowed_scripts}; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    def refuse_foreign_host(self, host: str) -> None:
        """Refuse with 421 a request that was meant for another name."""
        if _name_of(host) not in self._names:
            raise Refused(421, "This luigid does not go by that name: start it with --allow-host.")

    def refuse_stranger(self, authorization: str, address: str) -> None:
        """Refuse a request without the password with 401, where one is set.

        An address that has guessed too often in this minute is refused with 429.
        """
        if self._password is None:
            return
        minute = clock.monotonic() // 60
        if minute != self._minute:
            self._failed_logins.clear()
            self._minute = minute
        if authorization and self._failed_logins[address] >= MAX_FAILED_LOGINS:
            raise Refused(429, "Too many wrong passwords came from this address: wait a minute.")
        scheme, _, login = authorization.partition(" ")
        expected = base64.b64encode(f"{USER}:{self._password.secret}".encode())
        if scheme.lower() != "basic" or not hmac.compare_digest(login.strip().encode(), expected):
            self._failed_logins[address] += bool(authorization)
            raise Refused(401, "This luigid asks for the password in PIPELINE_LUIGID_PASSWORD.")


def refuse_foreign_site(headers: Mapping[str, str], host: str, by_get: bool) -> None:
    """Refuse with 403 a write that another site's page had a browser send.

    Browsers send Origin with every POST, but not always Sec-Fetch-Site with a GET. So a write by
    GET has to carry the header that luigi's page sends and that no other site's may.
    """
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    from_elsewhere = origin is not None and origin.lower().partition("://")[2] != host.lower()
    unmarked = by_get and headers.get("X-Requested-With") != "XMLHttpRequest"
    if site not in (None, "same-origin") or from_elsewhere or unmarked:
        raise Refused(403, "Changes are accepted by POST or from luigid's own page only.")


def _name_of(host: str) -> str:
    """Return the name in a Host header, without port and brackets; "" where it holds none."""
    try:
        return (urlsplit(f"//{host.strip()}").hostname or "").rstrip(".")
    except ValueError:
        return ""
