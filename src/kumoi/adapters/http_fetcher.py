"""The fetcher contract over HTTP: names are resolved once, every address is judged, and the one that was judged is
called; a redirect is a new URL.

What does not belong here: what the bytes are.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from kumoi.core.errors import Fact, Invalid, Unavailable

PIECE_BYTES: Final = 1 << 20
REDIRECTS_MOST: Final = 5
WAIT_S: Final = 30.0
TOTAL_S: Final = 6 * 3600.0
TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address in other clothes
PORTS: Final = {"http": 80, "https": 443}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class HttpFetcher:
    """See `contracts.fetcher.Fetcher`. Public addresses, on the ports of their schemes; and those in `networks`, on any
    port. Safe for many threads."""

    def __init__(self, networks: tuple[Network, ...] = ()) -> None:
        self._networks = networks

    def check(self, url: str) -> None:
        parts = _parts(url)
        try:
            address = ipaddress.ip_address(parts.hostname or "")
        except ValueError:
            if parts.hostname == "localhost":
                self._judge(url, parts, ipaddress.ip_address("127.0.0.1"))
            return
        self._judge(url, parts, address)

    def fetch(self, url: str) -> Iterator[bytes]:
        for _ in range(REDIRECTS_MOST + 1):
            connection = self._connected(url)
            try:
                response = _asked(connection, url)
                if response.status in {301, 302, 303, 307, 308} and (place := response.headers.get("location")):
                    url = urljoin(url, place)
                    continue
                if response.status != 200:
                    raise _failed(url, status=response.status)
                yield from _pieces(response, url)
                return
            finally:
                connection.close()
        raise _refused(url)

    def _connected(self, url: str) -> http.client.HTTPConnection:
        parts = _parts(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise _failed(url, detail=str(error)) from error
        for _, _, _, _, place in found:
            self._judge(url, parts, ipaddress.ip_address(str(place[0]).partition("%")[0]))
        try:
            sock = socket.create_connection((str(found[0][4][0]), port), timeout=WAIT_S)
            if parts.scheme == "https":
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
        except OSError as error:
            raise _failed(url, detail=str(error)) from error
        connection = http.client.HTTPConnection(host, port, timeout=WAIT_S)
        connection.sock = sock
        return connection

    def _judge(self, url: str, parts: SplitResult, address: Address) -> None:
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is not None:
                address = address.ipv4_mapped
            elif address.sixtofour or address.teredo or address in TRANSLATED:
                raise _refused(url)
        if any(address in network for network in self._networks):
            return
        if not address.is_global or address.is_multicast or parts.port not in {None, PORTS[parts.scheme]}:
            raise _refused(url)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(url) from None
    if parts.scheme not in PORTS or not parts.hostname or port == 0 or parts.username or not url.isascii():
        raise _refused(url)
    return parts


def _asked(connection: http.client.HTTPConnection, url: str) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"Accept": "*/*", "Accept-Encoding": "identity"})
        return connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _failed(url, detail=str(error)) from error


def _pieces(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    """To the end that was promised; who trickles is not waited for for ever."""
    until = time.monotonic() + TOTAL_S
    try:
        while piece := response.read(PIECE_BYTES):
            if time.monotonic() > until:
                raise _failed(url, detail="too slow")
            yield piece
        if response.length:
            raise _failed(url, detail="cut off")
    except (OSError, http.client.HTTPException) as error:
        raise _failed(url, detail=str(error)) from error


def _failed(url: str, **facts: Fact) -> Unavailable:
    return Unavailable("image", what="url", reason="url", url=url, retry_after_s=60, **facts)


def _refused(url: str) -> Invalid:
    return Invalid("image", field="uri", reason="not_fetched", value=url)
