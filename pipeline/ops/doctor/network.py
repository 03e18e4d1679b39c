"""Whether TMDB answers, accepts the key and has the time of this machine; asked as a run asks."""

import contextlib
import email.utils
import threading
from typing import Any
from urllib.parse import urlsplit

from pipeline import clock, settings
from pipeline.errors import AnswerNotUnderstood, CredentialRefused, PipelineError, TmdbBlocked
from pipeline.ops.doctor.examine import PROBLEM, Finding, finding
from pipeline.ops.settings import sends_key_in_clear
from pipeline.settings import Settings
from pipeline.tasks.tmdb_client import open_rate_limiter
from pipeline.tmdb import transport
from pipeline.tmdb.client import ApiSession
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.errors import minute_in
from pipeline.tmdb.response import RawResponse

# What an error of a request says of the key; after any other one it could not be asked.
_REFUSALS: dict[type[PipelineError], str] = {
    CredentialRefused: "TMDB refuses the key in TMDB_API_KEY",
    TmdbBlocked: "not known: something between here and TMDB answers in its place",
}


def key() -> Finding:
    """Ask TMDB whether it accepts the key."""
    current = settings.current()
    credential = current.required_credential()
    if reason := unasked(current):
        return reason
    try:
        sender = transport.Transport(current.api_url, credential, connections=1)
        limiter = open_rate_limiter(current)
        with contextlib.closing(sender):
            session = ApiSession(sender.send, sender.host, credential, limiter, retries=0)
            session.get("/authentication", {}, _refuse_failure, threading.Event())
    except PipelineError as error:
        return finding(_REFUSALS.get(type(error), "could not be asked"), str(error), PROBLEM)
    return finding(f"the {'Read Access Token' if credential.is_token else 'v3 key'} is accepted")


def host() -> Finding:
    """See whether something answers at TMDB_API_URL; the result names what a request fails at."""
    current = settings.current()
    if reason := unasked(current):
        return reason
    url = urlsplit(current.api_url)
    try:
        request(current)
        proxy = transport.Network(current.api_url).proxy
    except PipelineError as error:
        fix = "Check the network, the proxy (HTTPS_PROXY), REQUESTS_CA_BUNDLE and TMDB_API_URL."
        return finding(f"{url.netloc}: {error}", fix, PROBLEM)
    found = f"{url.netloc} answers{' through the proxy' if proxy else ''}"
    if sends_key_in_clear(current):
        return finding(f"{found}; the key travels in clear", "Give TMDB_API_URL an https address.")
    port = url.port or (443 if url.scheme == "https" else 80)
    if not proxy and (silent := _silent_ipv6(url.hostname or "", port)):
        fix = "Fix this machine's IPv6 route, or switch IPv6 off; runs go by IPv4 meanwhile."
        why = f"none of its {silent} address(es) answers, though this machine has a route"
        return finding(f"{found}; IPv6: {why}", fix)
    return finding(found)


def clock_and_zone() -> Finding:
    """Compare the clock with the Date that the API's host sends; show the time zone."""
    zone, current = f"time zone {clock.now().astimezone():%Z (UTC%z)}", settings.current()
    if reason := unasked(current):
        return reason._replace(found=f"{zone}; {reason.found}")
    try:
        headers = request(current).headers
        sent = email.utils.parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, PipelineError):
        fix = "Fix what the line about the host says, then look again."
        return finding(f"{zone}; not compared: the host sends no date", fix)
    apart = abs((clock.now() - sent).total_seconds())
    fix = "Switch time synchronisation on (timedatectl set-ntp true)." if apart > 30 else ""
    return finding(f"{apart:.0f} s from {urlsplit(current.api_url).netloc}; {zone}", fix)


def request(current: Settings) -> RawResponse:
    """Send one request without a key: even the refusal shows that TMDB is there, and its clock."""
    sender = transport.Transport(current.api_url, Credential(""), connections=1)
    with contextlib.closing(sender):
        return sender.send("/configuration", {}, 4.0)


def unasked(current: Settings) -> Finding | None:
    """Return the finding where no request may be sent."""
    if current.credential and current.credential.is_demo:
        return finding("demo: the embedded catalogue answers, nobody is asked")
    if held := open_rate_limiter(current).hold_seconds():
        found = f"not asked: TMDB asks to wait until {minute_in(held)} (Retry-After)"
        return finding(found, "Look again then: nothing is asked before that.")
    return None


def _silent_ipv6(name: str, port: int) -> int:
    """Return the number of IPv6 addresses of a name with others too, if none of them answers.

    A machine without any IPv6 fails at once, which costs nothing and is no fault.
    """
    addresses = transport.look_up(name, port)
    of_ipv6 = [each for each in addresses if ":" in each]
    if 0 < len(of_ipv6) < len(addresses):
        try:
            transport.connect(of_ipv6, port, 2.0).close()
        except TimeoutError:
            return len(of_ipv6)
        except OSError:
            pass
    return 0


def _refuse_failure(body: Any) -> None:
    if not isinstance(body, dict) or body.get("success") is not True:
        raise AnswerNotUnderstood("What answers at TMDB_API_URL is not TMDB.", field="success")
