"""What the kernel's packet filter tells and does by netlink alone: the ruleset's generation, and its flows.

The calling thread's network namespace is meant, always. What does not belong here: rules (`nft`), and which
flow has to go (`flows`, `nat`).
"""

import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

import msgspec

_NETLINK_NETFILTER: Final = 12
_REQUEST, _ACK, _DUMP = 1, 4, 0x300
_ERROR, _DONE = 2, 3
_CT_GET, _CT_DELETE = 0x0101, 0x0102
_NFT_GETGEN: Final = 0x0A10
_NESTED, _TYPE_MASK = 0x8000, 0x3FFF
_TUPLE_ORIG, _TUPLE_REPLY, _ID, _ZONE = 1, 2, 12, 18
_IP, _PROTO = 1, 2
_IP_SOURCE, _IP_DESTINATION = (1, 3), (2, 4)
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_ICMP_TYPES, _ICMP_CODES = (5, 8), (6, 9)
_HEADER: Final = struct.Struct("=IHHII")
_ENOENT: Final = 2
_BUFFER: Final = 1 << 18


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One tracked connection. For ICMP the ports are type and code.

    `answers_from` and `answers_to` are the reply's source and destination: they differ from the original's
    destination and source where addresses are translated; `answers_port` is the reply's source port. `raw` names it to
    the kernel.
    """

    zone: int
    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    answers_from: str
    answers_port: int = 0
    answers_to: str
    raw: bytes


def generation() -> int:
    """Rises by one with every committed change of rules, by whomever."""
    with _socket() as s:
        s.send(_message(_NFT_GETGEN, _REQUEST, socket.AF_UNSPEC, b""))
        for kind, body in _messages(s):
            if kind == _ERROR:
                raise _failure(body)
            found = _attributes(body[4:])
            return int(struct.unpack("!I", found[1])[0])
    raise OSError("no generation")


def flows() -> list[Flow]:
    """Every tracked flow of this namespace, IPv4 and IPv6."""
    found: list[Flow] = []
    with _socket() as s:
        s.send(_message(_CT_GET, _REQUEST | _DUMP, socket.AF_UNSPEC, b""))
        for kind, body in _messages(s):
            if kind == _DONE:
                break
            if kind == _ERROR:
                raise _failure(body)
            found.append(_flow(body))
    return found


def cut(doomed: list[Flow]) -> None:
    """Forget these flows: their next packet is judged afresh. One that has ended meanwhile is what we want."""
    if not doomed:
        return
    with _socket() as s:
        for flow in doomed:
            family = socket.AF_INET6 if ":" in flow.source else socket.AF_INET
            s.send(_message(_CT_DELETE, _REQUEST | _ACK, family, flow.raw))
            _kind, body = next(_messages(s))
            if (code := _code(body)) not in {0, _ENOENT}:
                raise OSError(code, "conntrack delete")


def _socket() -> socket.socket:
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER)
    s.settimeout(5)
    s.bind((0, 0))
    return s


def _message(kind: int, flags: int, family: int, attributes: bytes) -> bytes:
    body = struct.pack("=BBH", family, 0, 0) + attributes
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0) + body


def _messages(s: socket.socket) -> Iterator[tuple[int, bytes]]:
    while True:
        data = s.recv(_BUFFER)
        while len(data) >= _HEADER.size:
            length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data)
            yield kind, data[_HEADER.size : length]
            data = data[(length + 3) & ~3 :]


def _code(body: bytes) -> int:
    return int(-struct.unpack_from("=i", body)[0])


def _failure(body: bytes) -> OSError:
    return OSError(_code(body), "netfilter netlink")


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & _TYPE_MASK] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def _flow(body: bytes) -> Flow:
    whole = _attributes(body[4:])
    source, destination, proto = _tuple(whole[_TUPLE_ORIG])
    answers_from, answers_to, answer = _tuple(whole[_TUPLE_REPLY])
    zone = whole.get(_ZONE, b"\0\0")
    raw = _attribute(_TUPLE_ORIG | _NESTED, whole[_TUPLE_ORIG]) + _attribute(_ID, whole[_ID])
    if _ZONE in whole:
        raw += _attribute(_ZONE, zone)
    icmp = next((k for k in _ICMP_TYPES if k in proto), None)
    return Flow(
        zone=int.from_bytes(zone, "big"),
        protocol=proto[_NUMBER][0],
        source=source,
        destination=destination,
        source_port=proto[icmp][0] if icmp else int.from_bytes(proto.get(_SOURCE_PORT, b"\0\0"), "big"),
        destination_port=_code_of(proto) if icmp else int.from_bytes(proto.get(_DESTINATION_PORT, b"\0\0"), "big"),
        answers_from=answers_from,
        answers_port=int.from_bytes(answer.get(_SOURCE_PORT, b"\0\0"), "big"),
        answers_to=answers_to,
        raw=raw,
    )


def _code_of(proto: dict[int, bytes]) -> int:
    return next((proto[k][0] for k in _ICMP_CODES if k in proto), 0)


def _tuple(data: bytes) -> tuple[str, str, dict[int, bytes]]:
    parts = _attributes(data)
    addresses = _attributes(parts[_IP])
    source = next(addresses[k] for k in _IP_SOURCE if k in addresses)
    destination = next(addresses[k] for k in _IP_DESTINATION if k in addresses)
    return str(ip_address(source)), str(ip_address(destination)), _attributes(parts[_PROTO])
