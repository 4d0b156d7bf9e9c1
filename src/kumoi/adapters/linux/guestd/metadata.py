"""The metadata service: which document a request gets, in EC2's and in OpenStack's spelling.

Who asks was found by the network and the address, which the filter guarantees. EC2's second version asks for a token
first; a token is signed, not stored, and good for one nic.
"""

import base64
import hmac
import struct
from typing import Final

from kumoi.adapters.linux.guestd import ec2, openstack
from kumoi.adapters.linux.guestd.book import Machine
from kumoi.adapters.linux.guestd.http import Request, Response

TOKEN_HEADER: Final = "x-aws-ec2-metadata-token"  # noqa: S105 - its name
TTL_HEADER: Final = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN_PATH: Final = ["latest", "api", "token"]
_TTL_LIMIT_S: Final = 21_600
_STAMP: Final = struct.Struct("!d")
# A token is for the guest alone: its packets die at the next hop, be it a container's or a VPN's (EC2's default).
TOKEN_HOPS: Final = 1


class Metadata:
    """`secret` signs tokens; a restart with another one makes guests ask for new ones, which they do by themselves."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def answer(self, request: Request, machine: Machine | None, now: float, seed: bytes) -> Response:
        if machine is None:
            return Response(status=404)
        if request.path == _TOKEN_PATH:
            return self._token(request, machine, now)
        if request.method not in {"GET", "HEAD"}:
            return Response(status=405, headers=(("Allow", "GET, HEAD"),))
        given = request.headers.get(TOKEN_HEADER)
        if given is not None and not self._good(given, machine, now):
            return Response(status=401)
        if request.path[:1] == ["openstack"]:
            found = openstack.read(machine, request.path[1:], seed)
            kind = "application/json" if request.path[-1].endswith(".json") else "text/plain"
        else:
            found, kind = ec2.read(machine, request.path), "text/plain"
        return Response(status=404) if found is None else Response(status=200, body=found, kind=kind)

    def _token(self, request: Request, machine: Machine, now: float) -> Response:
        if request.method != "PUT":
            return Response(status=405, headers=(("Allow", "PUT"),))
        if "x-forwarded-for" in request.headers:
            return Response(status=403)  # a proxy that was talked into asking
        ttl = request.headers.get(TTL_HEADER, "")
        if not (ttl.isascii() and ttl.isdigit() and len(ttl) <= 5 and 1 <= int(ttl) <= _TTL_LIMIT_S):
            return Response(status=400)
        stamp = _STAMP.pack(now + int(ttl))
        token = base64.urlsafe_b64encode(stamp + self._signature(stamp, machine))
        return Response(status=200, body=token, headers=((TTL_HEADER, ttl),), hops=TOKEN_HOPS)

    def _good(self, token: str, machine: Machine, now: float) -> bool:
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except ValueError:
            return False
        stamp, signature = raw[: _STAMP.size], raw[_STAMP.size :]
        if len(stamp) < _STAMP.size or not hmac.compare_digest(signature, self._signature(stamp, machine)):
            return False
        return bool(_STAMP.unpack(stamp)[0] > now)

    def _signature(self, stamp: bytes, machine: Machine) -> bytes:
        return hmac.digest(self._secret, stamp + machine.asked_by.nic.id.encode(), "sha256")
