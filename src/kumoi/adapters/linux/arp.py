"""Telling the neighbours where an address is now (gratuitous ARP).

The calling thread's network namespace is meant.
"""

import socket
import struct
from ipaddress import IPv4Address
from typing import Final

_ARP: Final = 0x0806
_BROADCAST: Final = b"\xff" * 6
_REQUEST, _REPLY = 1, 2


def frame(mac: str, address: str, operation: int) -> bytes:
    """An ARP packet about ourselves: sender and target are the same address."""
    own, place = bytes.fromhex(mac.replace(":", "")), IPv4Address(address).packed
    head = _BROADCAST + own + struct.pack("!H", _ARP)
    return head + struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + own + place + _BROADCAST + place


def announce(device: str, mac: str, addresses: list[str]) -> None:
    """Both spellings, since neighbours differ in which they believe."""
    # Neither bound nor told a protocol: it is only to speak.
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as s:
        for address in addresses:
            for operation in (_REQUEST, _REPLY):
                s.sendto(frame(mac, address, operation), (device, _ARP))
