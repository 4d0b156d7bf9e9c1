"""How a client of ours gets to a cloud: its address, and by which CA it knows it. As clouds.yaml says."""

import http.client
import ssl
from typing import Any
from urllib.parse import urlsplit

import msgspec


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """`ca`: a file with what is trusted; empty for what the machine trusts. Only where it is `secure`."""

    host: str
    port: int
    secure: bool = False
    ca: str = ""

    def connection(self, timeout_s: float) -> http.client.HTTPConnection:
        context = self.context()
        if context is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout_s, context=context)

    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca or None) if self.secure else None

    def url(self, scheme: str) -> str:
        """`http` or `ws`, with an s where it is secure."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}{'s' if self.secure else ''}://{host}:{self.port}"


def reach(cloud: dict[str, Any]) -> Reach:
    """Of one cloud of clouds.yaml."""
    url = urlsplit(cloud["auth"]["auth_url"])
    secure = url.scheme == "https"
    return Reach(
        host=url.hostname or "127.0.0.1",
        port=url.port or (443 if secure else 80),
        secure=secure,
        ca=cloud.get("cacert", ""),
    )
