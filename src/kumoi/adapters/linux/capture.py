"""Frames of one device as a pcap stream: what `tcpdump -r -` and Wireshark read, of the calling thread's namespace."""

import socket
import struct
import time
from collections.abc import Iterator
from typing import Final

_ETH_P_ALL: Final = 3
_MAGIC: Final = 0xA1B2C3D4
_VERSION: Final = (2, 4)
_ETHERNET: Final = 1
_LONGEST: Final = 262_144
_RECEIVE_BYTES: Final = 4 << 20


def header(snap: int = _LONGEST) -> bytes:
    return struct.pack("<IHHiIII", _MAGIC, *_VERSION, 0, 0, snap, _ETHERNET)


def record(frame: bytes, at: float, snap: int = _LONGEST) -> bytes:
    kept = frame[:snap]
    return struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(kept), len(frame)) + kept


def open_device(name: str) -> socket.socket:
    """Hears both directions of it from now on. Raises OSError where there is no such device."""
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    try:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
        heard.bind((name, _ETH_P_ALL))
    except OSError:
        heard.close()
        raise
    return heard


def stream(heard: socket.socket, count: int = 0, snap: int = _LONGEST) -> Iterator[bytes]:
    """The header, then a record for each frame; `count` 0: for ever."""
    yield header(snap)
    left = count
    while count == 0 or left:
        yield record(heard.recv(_LONGEST), time.time(), snap)
        left -= 1
