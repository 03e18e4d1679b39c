"""HTTP to one API: one request at a time, its credential, timeouts, proxy and certificates.

The only module that imports requests.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pipeline.errors import SettingsError
from pipeline.tmdb import connections as own
from pipeline.tmdb.credential import Credential, redact_api_key
from pipeline.tmdb.errors import network_error
from pipeline.tmdb.response import RawResponse, read
from pipeline.version import VERSION

# Longest time for a connection, and between two pieces of an answer.
CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 15.0

NETWORK_ERRORS = (OSError, urllib3.exceptions.HTTPError)


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
    with contextlib.suppress(*NETWORK_ERRORS, ValueError):
        address: str = requests.utils.prepend_scheme_if_needed(proxy, "http")  # type: ignore[no-untyped-call]
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
        if credential.is_token:
            self._session.headers["Authorization"] = f"Bearer {credential.secret}"
        else:
            self._session.params = {"api_key": credential.secret}
        for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
            logging.getLogger(name).addFilter(redact_api_key)

    def send(
        self,
        path: str,
        parameters: Mapping[str, str],
        timeouts: tuple[float, float] | None = None,
    ) -> RawResponse:
        """Send one request and return its answer, whatever its status, or raise Failure."""
        timeouts = timeouts or (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        request = requests.Request("GET", f"{self._api_url}{path}", params=parameters)
        prepared = self._session.prepare_request(request)
        try:
            with self._session.send(prepared, timeout=timeouts, **self._options) as response:
                return RawResponse(response.status_code, response.headers, read(response.raw))
        except NETWORK_ERRORS as error:
            raise network_error(error) from None

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


class _Session(requests.Session):
    def __init__(self, connections: int) -> None:
        super().__init__()
        self.trust_env = False  # a `.netrc` entry must not take the place of a token
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(1, connections, max_retries=0, pool_block=True))
        agent = f"tmdb-pipeline/{VERSION} {requests.utils.default_user_agent()}"
        accepted = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        self.headers.update({"User-Agent": agent, **accepted})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target: `allow_redirects=False` alone would read a redirect's whole body."""


class _Adapter(HTTPAdapter):
    def get_connection_with_tls_context(self, *request: Any, **named: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*request, **named)
        pool.ConnectionCls = own.TlsConnection if pool.scheme == "https" else own.Connection
        return pool
