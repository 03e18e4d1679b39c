"""HTTP to one API: one request at a time, its credential, timeouts, proxy and certificates.

The only module that imports requests. Its connections wait neither for a silent address nor for a
header that never ends. urllib3 gives each address of a host the whole timeout: a broken IPv6 route
to a host with eight such addresses costs 40 s. Here all addresses share one timeout, IPv4 goes
first, and a timer ends a header that is late: a socket's timeout bounds each wait, not their sum.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Sequence
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.connection import create_connection

from pipeline import clock
from pipeline.errors import SettingsError
from pipeline.tmdb.credential import Credential, redact_api_key
from pipeline.tmdb.errors import network_error
from pipeline.tmdb.response import Query, RawResponse, read
from pipeline.version import VERSION

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 15.0  # between two pieces of an answer
MAX_HEADER_SECONDS = 30.0


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host, IPv4 before IPv6. Raises socket.gaierror."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "it is no host name") from None
    return sorted(dict.fromkeys(str(to[0]) for *_, to in found), key=lambda each: ":" in each)


def connect(
    addresses: Sequence[str], port: int, timeout: float, options: Any = ()
) -> socket.socket:
    """Return a connection to the first address that accepts one in its share of the timeout."""
    error, share = OSError("the name has no addresses"), timeout / max(1, len(addresses))
    for each in addresses:
        try:
            connection = create_connection((each, port), share, socket_options=options)
            connection.settimeout(timeout)
            return connection
        except OSError as failed:
            error = failed
    raise error


class Connection(HTTPConnection):
    """Connects, and reads a header, within a deadline of its own."""

    def _new_conn(self) -> socket.socket:
        try:
            addresses = look_up(self._dns_host, self.port)
            how: Any = (self.timeout, self.socket_options)
            return connect(addresses, self.port, *how)
        except OSError as error:
            raise NewConnectionError(self, repr(error)) from error

    def getresponse(self, **options: Any) -> urllib3.HTTPResponse:  # type: ignore[override]
        """Read the header, within its deadline: half of one would pass for an empty answer."""
        deadline = clock.monotonic() + MAX_HEADER_SECONDS
        timer = threading.Timer(MAX_HEADER_SECONDS, _shut_down, [self.sock])
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse(**options)
        finally:
            timer.cancel()
            if clock.monotonic() >= deadline:
                raise TimeoutError(f"no header within {MAX_HEADER_SECONDS:.0f} s")


class _TlsConnection(Connection, HTTPSConnection):
    """The same over TLS."""


def _shut_down(sock: socket.socket) -> None:
    """End the wait for a header; the connection may be closed already."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class Network:
    """The proxy and the certificates that the environment names for requests to an address.

    Raises SettingsError if one of them cannot be used.
    """

    def __init__(self, api_url: str) -> None:
        session = requests.Session()
        self.options: dict[str, Any] = dict(
            session.merge_environment_settings(api_url, {}, stream=True, verify=None, cert=None)
        )
        proxy = requests.utils.select_proxy(api_url, self.options["proxies"])
        self.proxy = _usable_proxy(proxy) if proxy else None
        if urlsplit(api_url).scheme == "https" and isinstance(self.options["verify"], str):
            self.ssl_context()

    def ssl_context(self) -> ssl.SSLContext:
        """Return the context that certificates are checked with. Raises SettingsError."""
        verify = self.options["verify"]
        path = Path(verify if isinstance(verify, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH)
        file, folder = (None, path) if path.is_dir() else (path, None)
        try:
            return ssl.create_default_context(cafile=file, capath=folder)
        except OSError as error:
            raise SettingsError(
                f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file of certificates ({path}: "
                f"{error.strerror}): correct it, or unset it."
            ) from None


def _usable_proxy(proxy: str) -> str:
    """Return the address of a proxy with its scheme."""
    with contextlib.suppress(ValueError):
        address: str = requests.utils.prepend_scheme_if_needed(proxy, "http")
        HTTPAdapter().proxy_manager_for(address)
        if urllib3.util.parse_url(address).host:
            return address
    raise SettingsError(
        "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names a proxy that cannot be used (SOCKS needs the "
        "Python package PySocks): give it an address like http://host:port, or unset it."
    )


class Transport:
    """Sends requests to one API with one credential. Threads may share it; processes may not."""

    def __init__(self, api_url: str, credential: Credential, *, connections: int) -> None:
        self.host, self._api_url = urlsplit(api_url).netloc, api_url
        self._options, self._session = Network(api_url).options, _Session(connections)
        self.close = self._session.close
        if credential.is_token:
            self._session.headers["Authorization"] = f"Bearer {credential.secret}"
        else:
            self._session.params = {"api_key": credential.secret}
        for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
            logging.getLogger(name).addFilter(redact_api_key)

    def send(self, path: str, query: Query, timeout: float | None = None) -> RawResponse:
        """Send one request and return its answer, whatever its status, or raise Failure."""
        timeouts = timeout or (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        request = requests.Request("GET", f"{self._api_url}{path}", params=query)
        prepared = self._session.prepare_request(request)
        try:
            with self._session.send(prepared, timeout=timeouts, **self._options) as response:
                return RawResponse(response.status_code, response.headers, read(response.raw))
        except (OSError, HTTPError) as error:
            raise network_error(error) from None


class _Session(requests.Session):
    """A session that follows no redirect, takes no cookie, and reads no `.netrc`.

    An entry there would take the place of a token.
    """

    def __init__(self, connections: int) -> None:
        super().__init__()
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(1, connections, max_retries=0, pool_block=True))
        agent = f"tmdb-pipeline/{VERSION} {requests.utils.default_user_agent()}"
        accepted = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        self.headers.update({"User-Agent": agent, **accepted})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: it would carry the credential elsewhere; its body is unbounded."""


class _Adapter(HTTPAdapter):
    """Lets the pools of urllib3, also those for a proxy, open our connections."""

    def get_connection_with_tls_context(self, *request: Any, **named: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*request, **named)
        pool.ConnectionCls = _TlsConnection if pool.scheme == "https" else Connection
        return pool
