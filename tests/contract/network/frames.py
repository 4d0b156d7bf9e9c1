"""Ethernet frames by hand: the ones that no honest machine sends."""

import socket
import struct
from ipaddress import IPv6Address

BROADCAST = b"\xff" * 6
ALL_NODES = bytes.fromhex("333300000001")
NOISE = bytes(range(50))


def ethernet(mac: str, kind: int, body: bytes, to: bytes = BROADCAST) -> bytes:
    return to + _mac(mac) + struct.pack("!H", kind) + body


def arp(mac: str, sender: str, address: str, target: str, note: bytes = b"") -> bytes:
    """A reply to everybody: `address` is at `sender`."""
    places = _mac(sender) + socket.inet_aton(address) + BROADCAST + socket.inet_aton(target)
    return ethernet(mac, 0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + places + note)


def dhcp_offer(mac: str, address: str) -> bytes:
    udp = struct.pack("!HHHH", 67, 68, 8 + 4, 0) + b"evil"
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
    head += socket.inet_aton(address) + socket.inet_aton("255.255.255.255")
    return ethernet(mac, 0x0800, head[:10] + struct.pack("!H", _checksum(head)) + head[12:] + udp)


def tcp(mac: str, to: str, source: str, target: str, port: int, flags: int) -> bytes:
    """A segment of no connection, without a word; with its checksum."""
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    segment = struct.pack("!HHIIBBHHH", 40000 + flags, port, 1, 1, 5 << 4, flags, 1024, 0, 0)
    summed = _checksum(ends + struct.pack("!BBH", 0, 6, len(segment)) + segment)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0, 64, 6, 0) + ends
    packet = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    return ethernet(mac, 0x0800, packet + segment[:16] + struct.pack("!H", summed) + segment[18:], _mac(to))


def router_advertisement(mac: str, *, hidden: bool = False) -> bytes:
    body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    if hidden:
        return _ipv6(mac, 0, b"\x3a\0\1\4\0\0\0\0" + body)
    return _ipv6(mac, 58, body)


def redirect_of_neighbours(mac: str, target: str) -> bytes:
    """A neighbour advertisement: `target` is at `mac`."""
    body = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + IPv6Address(target).packed
    return _ipv6(mac, 58, body + b"\2\1" + _mac(mac))


def _ipv6(mac: str, following: int, body: bytes) -> bytes:
    own = _mac(mac)
    source = b"\xfe\x80" + bytes(6) + bytes([own[0] ^ 2]) + own[1:3] + b"\xff\xfe" + own[3:]
    head = struct.pack("!IHBB", 6 << 28, len(body), following, 255) + source + IPv6Address("ff02::1").packed
    return ethernet(mac, 0x86DD, head + body, ALL_NODES)


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
