"""Whether TMDB can be reached, and takes the key."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import threading
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from pipeline import settings
from pipeline.errors import CredentialRefused, PipelineError
from pipeline.ops.findings import OK, PROBLEM, WARNING, Finding
from pipeline.tmdb.transport import Transport, trusted

_SECONDS = 4.0


def key() -> Finding:
    """Ask TMDB whether it takes the key."""
    current = settings.current()
    credential = current.required_credential()
    if credential.is_demo:
        return Finding("key", OK, "demo: the embedded catalogue answers, no key is used")
    transport = Transport(current.api_url, credential, None, retries=0, connections=1)
    try:
        transport.get("/authentication", {}, _anything, threading.Event())
    except CredentialRefused as error:
        return Finding("key", PROBLEM, "TMDB refuses the key in TMDB_API_KEY", str(error))
    except PipelineError:
        found = "could not be asked: TMDB does not answer properly"
        return Finding("key", PROBLEM, found, "Mend what the line about the host says first.")
    finally:
        transport.close()
    kind = "Read Access Token" if credential.is_token else "v3 key"
    return Finding("key", OK, f"the {kind} is accepted")


def host() -> Finding:
    """Look up, connect and shake hands, each told apart where it fails."""
    current = settings.current()
    if current.credential and current.credential.is_demo:
        return Finding("host", OK, "demo: no host is asked")
    parts = urlsplit(current.api_url)
    name, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    proxy = _proxy(parts.scheme, name)
    if proxy:
        finding = _connected(proxy, _port(proxy), None)
        finding = dataclasses.replace(finding, found=f"by the proxy: {finding.found}")
    else:
        try:
            context = trusted(current.api_url) if parts.scheme == "https" else None
        except OSError:
            mend = "Correct or remove that variable."
            found = "REQUESTS_CA_BUNDLE names no file of certificates"
            return Finding("host", PROBLEM, found, mend)
        finding = _connected(f"//{name}", port, context)
    return _in_clear(finding) if current.sends_key_in_clear else finding


def _in_clear(finding: Finding) -> Finding:
    if finding.state != OK:
        return finding
    found = f"{finding.found}; the key travels in clear"
    return Finding("host", WARNING, found, "Give TMDB_API_URL an https address.")


def _connected(address: str, port: int, context: ssl.SSLContext | None) -> Finding:
    name = urlsplit(address).hostname or address
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as error:
        mend = "See the spelling in TMDB_API_URL, and the name server of this machine."
        return Finding("host", PROBLEM, f"DNS: {name} is not known ({error.strerror})", mend)
    try:
        with socket.create_connection((name, port), timeout=_SECONDS) as connection:
            if context:
                context.wrap_socket(connection, server_hostname=name).close()
    except ssl.SSLError as error:
        mend = "See this machine's clock; an authority of your own belongs into REQUESTS_CA_BUNDLE."
        why = getattr(error, "verify_message", None) or error.reason
        return Finding("host", PROBLEM, f"TLS: {name}:{port} is not trusted ({why})", mend)
    except OSError as error:
        mend = "See firewall, proxy (HTTPS_PROXY) and TMDB_API_URL."
        why = error.strerror or type(error).__name__
        return Finding("host", PROBLEM, f"TCP: no connection to {name}:{port} ({why})", mend)
    how = "TLS agreed" if context else "connected, without TLS"
    return Finding("host", OK, f"{name}:{port} at {found[0][4][0]}: {how}")


def _proxy(scheme: str, name: str) -> str | None:
    """Return the proxy that requests would use."""
    if urllib.request.proxy_bypass(name):
        return None
    return urllib.request.getproxies().get(scheme)


def _port(proxy: str) -> int:
    try:
        return urlsplit(proxy).port or 80
    except ValueError:
        return 80


def _anything(body: Any) -> None:
    """Take any answer."""
