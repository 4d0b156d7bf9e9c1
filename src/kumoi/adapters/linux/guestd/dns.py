"""DNS for the names of a network: queries in, answers out (RFC 1035). Pure.

A name of the network's domain, or one without any, is answered with authority; so is the reverse of its addresses.
Everything else is refused, or somebody else's (`forwarding`).
"""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Literal

import msgspec

from kumoi.adapters.linux.guestd.book import Names

UDP_LIMIT: Final = 512
TTL_S: Final = 60
_HEAD: Final = struct.Struct("!HHHHHH")
_A, _PTR, _AAAA, _ANY = 1, 12, 28, 255
_IN: Final = 1
_RESPONSE, _AUTHORITY, _TRUNCATED, _RECURSE, _RECURSION = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
_OPCODE: Final = 0x7800
Code = Literal["ok", "format", "no_such_name", "not_implemented", "refused", "failed"]
_CODES: Final[dict[Code, int]] = {
    "ok": 0, "format": 1, "failed": 2, "no_such_name": 3, "not_implemented": 4, "refused": 5,
}  # fmt: skip
_REVERSED: Final = (".in-addr.arpa", ".ip6.arpa")


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `raw` is its question section, to be repeated. `name` is in lower case, without the last dot."""

    id: int
    flags: int
    name: str
    type: int
    cls: int
    raw: bytes
    broken: bool = False


def parse(packet: bytes) -> Query | None:
    """None for what deserves no answer: too short, or itself an answer."""
    if len(packet) < _HEAD.size:
        return None
    number, flags, questions, *_ = _HEAD.unpack_from(packet)
    if flags & _RESPONSE:
        return None
    found = _question(packet) if questions == 1 else None
    if found is None:
        return Query(id=number, flags=flags, name="", type=0, cls=0, raw=b"", broken=True)
    name, kind, cls, end = found
    return Query(id=number, flags=flags, name=name, type=kind, cls=cls, raw=packet[_HEAD.size : end])


def answer(query: Query, names: Names, *, limit: int = UDP_LIMIT, forwards: bool = False) -> bytes | None:
    """The whole answer; None where it is to be asked elsewhere (`forwards`)."""
    if query.broken:
        return _reply(query, "format", [], limit, own=False, forwards=forwards)
    if query.flags & _OPCODE or query.cls not in {_IN, _ANY}:
        return _reply(query, "not_implemented", [], limit, own=False, forwards=forwards)
    if not _is_ours(query.name, names):
        if forwards and _is_private(query.name):
            return _reply(query, "no_such_name", [], limit, own=False, forwards=True)
        return None if forwards else _reply(query, "refused", [], limit, own=False, forwards=False)
    if query.name in names.names:
        pointers = [_name(names.names[query.name])] if query.type in {_PTR, _ANY} else []
        return _reply(query, "ok", [(_PTR, p) for p in pointers], limit, own=True, forwards=forwards)
    full = query.name if "." in query.name else f"{query.name}.{names.domain}"
    if full not in names.addresses:
        exists = query.name == names.domain
        return _reply(query, "ok" if exists else "no_such_name", [], limit, own=True, forwards=forwards)
    records = [(_A if "." in text else _AAAA, ip_address(text).packed) for text in names.addresses[full]]
    wanted = [(kind, data) for kind, data in records if query.type in {kind, _ANY}]
    return _reply(query, "ok", wanted, limit, own=True, forwards=forwards)


def failed(query: Query) -> bytes:
    """Those who were asked elsewhere did not answer."""
    return _reply(query, "failed", [], UDP_LIMIT, own=False, forwards=True)


def _question(packet: bytes) -> tuple[str, int, int, int] | None:
    """Name, type, class and where it ends. No compression: a question has nothing before it to point at."""
    labels: list[str] = []
    at = _HEAD.size
    while at < len(packet) and (length := packet[at]):
        label = packet[at + 1 : at + 1 + length]
        if length > 63 or len(label) < length or at - _HEAD.size + length > 254:
            return None
        # Dots and the like inside a label cannot be a name of ours; kept apart from those by an escape.
        labels.append(label.decode("ascii", "backslashreplace").lower().replace(".", "\\."))
        at += 1 + length
    end = at + 5
    if at >= len(packet) or len(packet) < end:
        return None
    kind, cls = struct.unpack_from("!HH", packet, at + 1)
    return ".".join(labels), kind, cls, end


def _is_ours(name: str, names: Names) -> bool:
    if name.endswith(_REVERSED):
        address = _pointed(name)
        return name in names.names or (address is not None and any(address in block for block in names.blocks))
    if name in names.addresses or name == names.domain or name.endswith("." + names.domain):
        return True
    return bool(name) and "." not in name


def _is_private(name: str) -> bool:
    """The reverse of an address that nobody outside can know (RFC 6303)."""
    address = _pointed(name) if name.endswith(_REVERSED) else None
    return address is not None and (address.is_private or address.is_link_local)


def _pointed(name: str) -> IPv4Address | IPv6Address | None:
    """The address that a reverse name spells."""
    parts = name.split(".")[:-2][::-1]
    try:
        if name.endswith(".in-addr.arpa"):
            return ip_address(".".join(parts)) if len(parts) == 4 else None
        return IPv6Address(int("".join(parts), 16)) if len(parts) == 32 else None
    except ValueError:
        return None


def _name(text: str) -> bytes:
    labels = [label.encode("idna" if not label.isascii() else "ascii")[:63] for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _reply(
    query: Query, code: Code, records: list[tuple[int, bytes]], limit: int, *, own: bool, forwards: bool
) -> bytes:
    flags = _RESPONSE | (query.flags & (_OPCODE | _RECURSE)) | _CODES[code]
    flags |= (_AUTHORITY if own else 0) | (_RECURSION if forwards else 0)
    body = b""
    told = 0
    for kind, data in records:
        record = struct.pack("!HHHIH", 0xC00C, kind, _IN, TTL_S, len(data)) + data
        if _HEAD.size + len(query.raw) + len(body) + len(record) > limit:
            flags |= _TRUNCATED
            break
        body += record
        told += 1
    return _HEAD.pack(query.id, flags, 1 if query.raw else 0, told, 0, 0) + query.raw + body
