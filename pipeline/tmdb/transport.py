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
from pipeline.tmdb.connections import POOL_CLASSES
from pipeline.tmdb.credential import Credential, redact_api_key
from pipeline.tmdb.errors import Endpoint, network_error
from pipeline.tmdb.response import RawResponse, read
from pipeline.version import VERSION

# Longest time for a connection, and between two pieces of an answer.
CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 15.0

NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


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
        self.host = urlsplit(api_url).netloc
        self._credential = credential
        self._api_url = api_url
        self._options = Network(api_url).options
        self._session = _session(credential, connections)

    def send(
        self,
        path: str,
        parameters: Mapping[str, str],
        timeouts: tuple[float, float] | None = None,
    ) -> RawResponse:
        """Send one request and return its answer, whatever its status.

        Raises:
            Transient: the network failed, or the body is not whole.
            TmdbError: nothing was answered, and a retry cannot help; or too large a body.
        """
        request = requests.Request("GET", f"{self._api_url}{path}", params=parameters)
        try:
            with self._session.send(
                self._session.prepare_request(request),
                timeout=timeouts or (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
                **self._options,
            ) as response:
                content = read(response.raw, f"{self.host}{path}")
        except NETWORK_ERRORS as error:
            raise network_error(error, Endpoint(self.host, path, self._credential)) from None
        return RawResponse(response.status_code, response.headers, content)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *positional: Any, **named: Any) -> None:
        super().init_poolmanager(*positional, **named)
        self.poolmanager.pool_classes_by_scheme = POOL_CLASSES

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = POOL_CLASSES
        return manager


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target: `allow_redirects=False` alone would read a redirect's whole body."""


def _session(credential: Credential, connections: int) -> requests.Session:
    for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
        logging.getLogger(name).addFilter(redact_api_key)
    session = _Session()
    session.trust_env = False  # a `.netrc` entry must not take the place of a token
    adapter = _Adapter(pool_connections=1, pool_maxsize=connections, pool_block=True, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    if credential.is_token:
        session.headers["Authorization"] = f"Bearer {credential.secret}"
    else:
        session.params = {"api_key": credential.secret}
    session.headers["User-Agent"] = f"tmdb-pipeline/{VERSION} {requests.utils.default_user_agent()}"
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "gzip"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session
