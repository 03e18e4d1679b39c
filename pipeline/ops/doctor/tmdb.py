"""Return whether TMDB can be reached, and takes the key."""

from __future__ import annotations

import contextlib
import dataclasses
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
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.errors import minute_in

_SECONDS = 2.0
"""Time for the connection to a family of addresses, and for each step after it."""


def key() -> Finding:
    """Ask TMDB whether it takes the key."""
    current = settings.current()
    credential = current.required_credential()
    if credential.is_demo:
        return Finding("key", OK, "demo: the embedded catalogue answers, no key is used")
    try:
        held = held_seconds(current)
        if held:
            found = f"not asked: TMDB asks to wait until {minute_in(held)} (Retry-After)"
            return Finding("key", WARNING, found, "Look again then: nothing is asked before that.")
        _ask_for_the_key(current, credential)
    except StorageError as error:
        return Finding("key", PROBLEM, "could not be asked", str(error))
    except CredentialRefused as error:
        return Finding("key", PROBLEM, "TMDB refuses the key in TMDB_API_KEY", str(error))
    except TmdbBlocked as error:
        found = "not known: something between here and TMDB answers in its place"
        return Finding("key", PROBLEM, found, str(error))
    except PipelineError:
        found = "could not be asked: TMDB does not answer properly"
        return Finding("key", PROBLEM, found, "Fix what the line about the host says first.")
    kind = "Read Access Token" if credential.is_token else "v3 key"
    return Finding("key", OK, f"the {kind} is accepted")


def held_seconds(current: Settings) -> float:
    """Return for how long nothing may be requested because TMDB asks to wait."""
    return open_rate_limiter(current).hold_seconds()


def _ask_for_the_key(current: Settings, credential: Credential) -> None:
    sender = transport.Transport(current.api_url, credential, connections=1)
    limiter = open_rate_limiter(current)
    session = ApiSession(sender.send, sender.host, credential, limiter, retries=0)
    with contextlib.closing(sender):
        session.get("/authentication", {}, _refuse_failure, threading.Event())


def host() -> Finding:
    """Look up, connect and shake hands; the result names the step that failed."""
    current = settings.current()
    if current.credential and current.credential.is_demo:
        return Finding("host", OK, "demo: no host is asked")
    try:
        return _reached(current)
    except SettingsError as error:
        return Finding("host", PROBLEM, str(error), "Correct or remove that variable.")


def _reached(current: Settings) -> Finding:
    parts = urlsplit(current.api_url)
    name, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    network = transport.Network(current.api_url)
    context = network.ssl_context() if parts.scheme == "https" else None
    if network.proxy:
        there = urlsplit(network.proxy)
        usual = 443 if there.scheme == "https" else 80
        finding = _connected(there.hostname or "", there.port or usual, None)
        finding = dataclasses.replace(finding, found=f"by the proxy: {finding.found}")
    else:
        finding = _connected(name, port, context)
    return _in_clear(finding) if sends_key_in_clear(current) else finding


def _in_clear(finding: Finding) -> Finding:
    if finding.state != OK:
        return finding
    found = f"{finding.found}; the key travels in clear"
    return Finding("host", WARNING, found, "Give TMDB_API_URL an https address.")


def _connected(name: str, port: int, context: ssl.SSLContext | None) -> Finding:
    try:
        found = transport.look_up(name, port)
    except OSError as error:
        fix = "Check the spelling of TMDB_API_URL, and the name server of this machine."
        return Finding("host", PROBLEM, f"DNS: {name} is not known ({error.strerror})", fix)
    try:
        with transport.connect(found, port, _SECONDS) as connection:
            at = connection.getpeername()[0]
            if context:
                context.wrap_socket(connection, server_hostname=name).close()
    except ssl.SSLError as error:
        fix = "Check this machine's clock; name an authority of your own in REQUESTS_CA_BUNDLE."
        why = getattr(error, "verify_message", None) or error.reason
        return Finding("host", PROBLEM, f"TLS: {name}:{port} is not trusted ({why})", fix)
    except OSError as error:
        fix = "Check firewall, proxy (HTTPS_PROXY) and TMDB_API_URL."
        why = error.strerror or type(error).__name__
        return Finding("host", PROBLEM, f"TCP: no connection to {name}:{port} ({why})", fix)
    how = f"{name}:{port} at {at}: {'TLS agreed' if context else 'connected, without TLS'}"
    silent = _unreachable_ipv6(found, port)
    if silent:
        advice = "Fix this machine's IPv6 route, or switch IPv6 off; runs go by IPv4 meanwhile."
        return Finding("host", WARNING, f"{how}; IPv6: {silent}", advice)
    return Finding("host", OK, how)


def _unreachable_ipv6(found: Sequence[str], port: int) -> str:
    """Say how the IPv6 addresses of a name with others too fail; nothing where one answers.

    A machine without any IPv6 fails at once, which costs nothing and is no fault.
    """
    of_ipv6 = [each for each in found if ":" in each]
    if len(of_ipv6) in (0, len(found)):
        return ""
    try:
        transport.connect(of_ipv6, port, _SECONDS).close()
    except TimeoutError:
        return f"none of its {len(of_ipv6)} address(es) answers, though this machine has a route"
    except OSError:
        return ""
    return ""


def _refuse_failure(body: Any) -> None:
    """Accept what TMDB answers to a good key, and nothing else."""
    if not isinstance(body, dict) or body.get("success") is not True:
        raise AnswerNotUnderstood("What answers at TMDB_API_URL is not TMDB.", field="success")
