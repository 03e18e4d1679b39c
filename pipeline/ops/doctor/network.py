"""The way to TMDB, step by step, and whether TMDB accepts the key."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from pipeline import settings
from pipeline.errors import (
    AnswerNotUnderstood,
    CredentialRefused,
    PipelineError,
    SettingsError,
    StorageError,
    TmdbBlocked,
)
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding
from pipeline.ops.settings import sends_key_in_clear
from pipeline.settings import Settings
from pipeline.tasks.tmdb_client import open_rate_limiter
from pipeline.tmdb import transport
from pipeline.tmdb.client import ApiSession
from pipeline.tmdb.errors import minute_in

_SECONDS = 2.0
"""Time for the connection to a family of addresses, and for each step after it."""


def key() -> Finding:
    """Ask TMDB whether it accepts the key."""
    current = settings.current()
    credential = current.required_credential()
    if credential.is_demo:
        return Finding(OK, "demo: the embedded catalogue answers, no key is used")
    try:
        if held := held_seconds(current):
            found = f"not asked: TMDB asks to wait until {minute_in(held)} (Retry-After)"
            return Finding(WARNING, found, "Look again then: nothing is asked before that.")
        sender = transport.Transport(current.api_url, credential, connections=1)
        limiter = open_rate_limiter(current)
        with contextlib.closing(sender):
            session = ApiSession(sender.send, sender.host, credential, limiter, retries=0)
            session.get("/authentication", {}, _refuse_failure, threading.Event())
    except StorageError as error:
        return Finding(PROBLEM, "could not be asked", str(error))
    except CredentialRefused as error:
        return Finding(PROBLEM, "TMDB refuses the key in TMDB_API_KEY", str(error))
    except TmdbBlocked as error:
        found = "not known: something between here and TMDB answers in its place"
        return Finding(PROBLEM, found, str(error))
    except PipelineError:
        found = "could not be asked: TMDB does not answer properly"
        return Finding(PROBLEM, found, "Fix what the line about the host says first.")
    return Finding(
        OK, f"the {'Read Access Token' if credential.is_token else 'v3 key'} is accepted"
    )


def held_seconds(current: Settings) -> float:
    """Return for how long nothing may be requested because TMDB asks to wait."""
    return open_rate_limiter(current).hold_seconds()


def host() -> Finding:
    """Look up, connect and shake hands; the result names the step that failed."""
    current = settings.current()
    if current.credential and current.credential.is_demo:
        return Finding(OK, "demo: no host is asked")
    url = urlsplit(current.api_url)
    try:
        network = transport.Network(current.api_url)
        context = network.ssl_context() if url.scheme == "https" else None
    except SettingsError as error:
        return Finding(PROBLEM, str(error), "Correct or remove that variable.")
    if network.proxy:
        url, context = urlsplit(network.proxy), None
    port = url.port or (443 if url.scheme == "https" else 80)
    finding = _connected(url.hostname or "", port, context)
    if network.proxy:
        finding = finding._replace(found=f"by the proxy: {finding.found}")
    if finding.state == OK and sends_key_in_clear(current):
        found = f"{finding.found}; the key travels in clear"
        return Finding(WARNING, found, "Give TMDB_API_URL an https address.")
    return finding


def _connected(name: str, port: int, context: ssl.SSLContext | None) -> Finding:
    try:
        addresses = transport.look_up(name, port)
    except OSError as error:
        fix = "Check the spelling of TMDB_API_URL, and the name server of this machine."
        return Finding(PROBLEM, f"DNS: {name} is not known ({error.strerror})", fix)
    try:
        with transport.connect(addresses, port, _SECONDS) as connection:
            at = connection.getpeername()[0]
            if context:
                context.wrap_socket(connection, server_hostname=name).close()
    except ssl.SSLError as error:
        fix = "Check this machine's clock; name an authority of your own in REQUESTS_CA_BUNDLE."
        why = getattr(error, "verify_message", None) or error.reason
        return Finding(PROBLEM, f"TLS: {name}:{port} is not trusted ({why})", fix)
    except OSError as error:
        fix = "Check firewall, proxy (HTTPS_PROXY) and TMDB_API_URL."
        why = error.strerror or type(error).__name__
        return Finding(PROBLEM, f"TCP: no connection to {name}:{port} ({why})", fix)
    how = f"{name}:{port} at {at}: {'TLS agreed' if context else 'connected, without TLS'}"
    if silent := _silent_ipv6(addresses, port):
        fix = "Fix this machine's IPv6 route, or switch IPv6 off; runs go by IPv4 meanwhile."
        why = f"none of its {silent} address(es) answers, though this machine has a route"
        return Finding(WARNING, f"{how}; IPv6: {why}", fix)
    return Finding(OK, how)


def _silent_ipv6(addresses: Sequence[str], port: int) -> int:
    """Return the number of IPv6 addresses of a name with others too, if none of them answers.

    A machine without any IPv6 fails at once, which costs nothing and is no fault.
    """
    of_ipv6 = [each for each in addresses if ":" in each]
    if 0 < len(of_ipv6) < len(addresses):
        try:
            transport.connect(of_ipv6, port, _SECONDS).close()
        except TimeoutError:
            return len(of_ipv6)
        except OSError:
            pass
    return 0


def _refuse_failure(body: Any) -> None:
    """Accept what TMDB answers to a good key, and nothing else."""
    if not isinstance(body, dict) or body.get("success") is not True:
        raise AnswerNotUnderstood("What answers at TMDB_API_URL is not TMDB.", field="success")
