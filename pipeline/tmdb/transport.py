"""HTTP to one API: one request at a time, its credential, timeouts, proxy and certificates.

The only module that imports requests.
"""

from __future__ import annotations

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
from pipeline.tmdb.connections import use_bounded_connections
from pipeline.tmdb.credential import Credential, redact_api_key
from pipeline.tmdb.errors import Endpoint, network_error
from pipeline.tmdb.response import RawResponse, read
from pipeline.version import VERSION

CONNECT_TIMEOUT_SECONDS = 5.0
"""Longest time for a connection."""

READ_TIMEOUT_SECONDS = 15.0
"""Longest time between two pieces of an answer."""

NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Network:
    """The proxy and the certificates that the environment names for requests to an address."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        with requests.Session() as session:
            self.options: dict[str, Any] = dict(
                session.merge_environment_settings(api_url, {}, stream=True, verify=None, cert=None)
            )

    def check(self) -> None:
        """Raise SettingsError if the proxy or the certificates cannot be used."""
        self.proxy()
        is_tls = urlsplit(self._api_url).scheme == "https"
        if is_tls and isinstance(self.options["verify"], str):
            self.ssl_context()

    def proxy(self) -> str | None:
        """Return the address of the proxy, with its scheme. Raises SettingsError."""
        proxy = requests.utils.select_proxy(self._api_url, self.options["proxies"])
        if not proxy:
            return None
        try:
            address: str = requests.utils.prepend_scheme_if_needed(proxy, "http")  # type: ignore[no-untyped-call]
            HTTPAdapter().proxy_manager_for(address)
            is_usable = bool(urllib3.util.parse_url(address).host)
        except (*NETWORK_ERRORS, ValueError):
            is_usable = False
        if is_usable:
            return address
        raise SettingsError(
            "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names a proxy that cannot be used (SOCKS needs "
            "the Python package PySocks): give it an address like http://host:port, or unset it."
        )

    def ssl_context(self) -> ssl.SSLContext:
        """Return the context that certificates are checked with. Raises SettingsError."""
        verify = self.options["verify"]
        path = Path(verify if isinstance(verify, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH)
        try:
            if path.is_dir():
                return ssl.create_default_context(capath=path)
            return ssl.create_default_context(cafile=path)
        except OSError as error:
            raise SettingsError(
                f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file of certificates ({path}: "
                f"{error.strerror}): correct it, or unset it."
            ) from None


class Transport:
    """Sends requests to one API with one credential. Threads may share it; processes may not.

    Raises SettingsError if the proxy or the certificates cannot be used.
    """

    def __init__(self, api_url: str, credential: Credential, *, connections: int) -> None:
        self.host = urlsplit(api_url).netloc
        self._credential = credential
        self._api_url = api_url
        self._network = Network(api_url)
        self._network.check()
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
            TmdbBlocked: something is between here and the host, or the proxy cannot work.
            AnswerNotUnderstood: the body is larger than any page.
        """
        request = requests.Request("GET", f"{self._api_url}{path}", params=parameters)
        try:
            with self._session.send(
                self._session.prepare_request(request),
                timeout=timeouts or (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
                **self._network.options,
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
        use_bounded_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        return use_bounded_connections(super().proxy_manager_for(proxy, **named))


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
