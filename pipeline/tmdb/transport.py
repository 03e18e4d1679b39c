"""HTTP to one API: the session, the credential, timeouts, proxies and certificates.

The only module that imports requests.
"""

from __future__ import annotations

import io
import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from pipeline.errors import SettingsError
from pipeline.tmdb import body
from pipeline.tmdb.credential import Credential, redact_api_key
from pipeline.tmdb.errors import Endpoint, network_error
from pipeline.tmdb.header_deadline import limit_headers
from pipeline.tmdb.response import RawResponse
from pipeline.version import VERSION

CONNECT_TIMEOUT_SECONDS = 5.0
"""Longest time for a connection."""

READ_TIMEOUT_SECONDS = 15.0
"""Longest time between two pieces of an answer."""

NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)

Respond = Callable[[str, Mapping[str, str]], tuple[int, Mapping[str, str], bytes]]
"""Takes a path and a query; returns status, headers and body."""


class Network:
    """The proxy and the certificates that the environment names for requests to an address.

    Messages name the variables by which they are set.
    """

    def __init__(
        self,
        api_url: str,
        proxy_variable: str | None = None,
        certificates_variable: str | None = None,
    ) -> None:
        self._api_url = api_url
        self._proxy_variable = proxy_variable
        self._certificates_variable = certificates_variable
        with requests.Session() as session:
            self.options: dict[str, Any] = dict(
                session.merge_environment_settings(api_url, {}, stream=True, verify=None, cert=None)
            )

    @property
    def proxy_variable(self) -> str | None:
        """The name of the variable that sets the proxy; None where none is used."""
        return self._proxy_variable if self.options["proxies"] else None

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
            if not urllib3.util.parse_url(address).host:
                raise ValueError
            HTTPAdapter().proxy_manager_for(address)
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
            is_socks = proxy.lower().startswith("socks")
            why = "SOCKS needs the Python package PySocks" if is_socks else "it is no proxy address"
            variable = self._proxy_variable or "This system"
            raise SettingsError(
                f"{variable} names a proxy that cannot be used ({why}): give it an address like "
                "http://host:port, or unset it.",
                variable=variable,
            ) from None
        return address

    def ssl_context(self) -> ssl.SSLContext:
        """Return the context that certificates are checked with. Raises SettingsError."""
        verify = self.options["verify"]
        path = Path(verify if isinstance(verify, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH)
        try:
            if path.is_dir():
                return ssl.create_default_context(capath=path)
            return ssl.create_default_context(cafile=path)
        except OSError as error:
            is_damaged = isinstance(error, ssl.SSLError)
            why = "does not hold certificates" if is_damaged else error.strerror
            variable = self._certificates_variable or "REQUESTS_CA_BUNDLE"
            raise SettingsError(
                f"{variable} names no file of certificates ({path}: {why}): correct it, or unset "
                "it.",
                variable=variable,
            ) from None


class Transport:
    """Sends requests to one API with one credential. Threads may share it; processes may not.

    Args:
        api_url: base address without a slash at its end.
        credential: how to identify.
        connections: highest number of connections, kept alive.
        network: proxy and certificates; by default those of the environment.
        adapter: carries the requests; by default urllib3 over the network.

    Raises:
        SettingsError: the proxy or the certificates cannot be used.
    """

    def __init__(
        self,
        api_url: str,
        credential: Credential,
        *,
        connections: int,
        network: Network | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self.host = urlsplit(api_url).netloc
        self.credential = credential
        self.connections = connections
        self.requests = 0
        self.bytes_received = 0
        self._api_url = api_url
        self._network = network or Network(api_url)
        if adapter is None:
            self._network.check()
        self._session = _session(connections, adapter)
        self._lock = threading.Lock()

    def endpoint(self, path: str) -> Endpoint:
        """Return what errors of a request to that path name."""
        return Endpoint(self.host, path, self.credential)

    def send(
        self,
        path: str,
        parameters: Mapping[str, str],
        timeouts: tuple[float, float] | None = None,
    ) -> RawResponse:
        """Send one request and return its answer, whatever its status.

        Raises:
            Transient: the network failed, or the body is not whole.
            TmdbBlocked: something is between here and the host.
            SettingsError: a setting of the network cannot work.
            AnswerNotUnderstood: the body is larger than any page.
        """
        with self._lock:
            self.requests += 1
        key = {} if self.credential.is_token else {"api_key": self.credential.secret}
        url = f"{self._api_url}{path}?{urlencode({**parameters, **key})}"
        request = requests.Request("GET", url, auth=_BearerToken(self.credential))
        try:
            with self._session.send(
                self._session.prepare_request(request),
                timeout=timeouts or (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
                **self._network.options,
            ) as response:
                content = body.read(response.raw, f"{self.host}{path}")
        except NETWORK_ERRORS as error:
            endpoint = self.endpoint(path)
            raise network_error(error, endpoint, self._network.proxy_variable) from None
        with self._lock:
            self.bytes_received += len(content)
        return RawResponse(response.status_code, response.headers, content)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


class FunctionAdapter(HTTPAdapter):
    """Lets a function answer requests instead of a network, for the embedded catalogue."""

    def __init__(self, respond: Respond) -> None:
        super().__init__()
        self._respond = respond

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Return the function's answer."""
        url = urlsplit(str(request.url))
        status, headers, content = self._respond(url.path, dict(parse_qsl(url.query)))
        raw = urllib3.HTTPResponse(io.BytesIO(content), headers, status, preload_content=False)
        return self.build_response(request, raw)


class _BearerToken(requests.auth.AuthBase):
    """Adds a token to a request. An AuthBase, so that a `.netrc` entry cannot take its place."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._credential.is_token:
            request.headers["Authorization"] = f"Bearer {self._credential.secret}"
        return request


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *positional: Any, **named: Any) -> None:
        super().init_poolmanager(*positional, **named)
        limit_headers(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        return limit_headers(super().proxy_manager_for(proxy, **named))


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target: `allow_redirects=False` alone would read a redirect's whole body."""


def _session(connections: int, adapter: BaseAdapter | None) -> requests.Session:
    for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
        logging.getLogger(name).addFilter(redact_api_key)
    session = _Session()
    adapter = adapter or _Adapter(
        pool_connections=1, pool_maxsize=connections, pool_block=True, max_retries=0
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = f"tmdb-pipeline/{VERSION} {requests.utils.default_user_agent()}"
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "gzip"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session
