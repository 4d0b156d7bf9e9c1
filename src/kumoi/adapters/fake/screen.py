"""A fake guest's screen: the server's side of RFB 3.8 (RFC 6143) with one small picture, raw.

It changes where keys are pressed, so that whoever looks sees that they arrive.
"""

import socket
import struct
from typing import Final

WIDTH: Final = 320
HEIGHT: Final = 200
_VERSION: Final = b"RFB 003.008\n"
_NO_SECURITY: Final = 1
_SKY: Final = (46, 92, 138)
_CLOUD: Final = (235, 240, 245)
_KEYS: Final = (250, 200, 80)
_PUFFS: Final = ((120, 110, 34), (160, 90, 44), (205, 108, 36))


class _PixelFormat:
    """How a viewer wants its pixels; at first 32 bits, little-endian, blue first."""

    def __init__(self, told: bytes = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)) -> None:
        self.told = told
        bits, _, big, _, *rest = struct.unpack(">BBBBHHHBBB3x", told)
        self._size, self._big = bits // 8, bool(big)
        self._most, self._shifts = rest[:3], rest[3:]

    def pixel(self, colour: tuple[int, int, int]) -> bytes:
        parts = zip(colour, self._most, self._shifts, strict=True)
        value = sum((part * most // 255) << shift for part, most, shift in parts)
        return int(value).to_bytes(self._size, "big" if self._big else "little")


class FakeScreen:
    """One viewer's connection: `serve` returns when the viewer leaves or breaks the protocol."""

    def __init__(self, connection: socket.socket, name: str) -> None:
        self._connection = connection
        self._name = name
        self._format = _PixelFormat()
        self._pressed = 0  # keys, so far
        self._shown = -1  # how many there were in the picture that was sent last
        self._asked = False

    def serve(self) -> None:
        try:
            self._greet()
            while True:
                self._message()
                if self._asked and self._shown != self._pressed:
                    self._update()
        except (OSError, EOFError, struct.error):
            return

    def _greet(self) -> None:
        self._connection.sendall(_VERSION)
        if self._read(12)[:4] != b"RFB ":
            raise EOFError
        self._connection.sendall(bytes([1, _NO_SECURITY]))
        self._read(1)
        self._connection.sendall(struct.pack(">I", 0))
        self._read(1)  # shared or not
        name = self._name.encode()
        head = struct.pack(">HH", WIDTH, HEIGHT) + self._format.told + struct.pack(">I", len(name))
        self._connection.sendall(head + name)

    def _message(self) -> None:
        match self._read(1)[0]:
            case 0:
                self._format = _PixelFormat(self._read(19)[3:])
            case 2:
                self._read(4 * struct.unpack(">xH", self._read(3))[0])
            case 3:
                # Without a change a viewer waits, unless it has nothing to show yet.
                self._asked = True
                self._shown = self._shown if self._read(9)[0] else -1
            case 4:
                self._pressed += self._read(7)[0]
            case 5:
                self._read(5)
            case 6:
                self._read(struct.unpack(">3xI", self._read(7))[0])
            case _:
                raise EOFError

    def _update(self) -> None:
        self._asked, self._shown = False, self._pressed
        rectangle = struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0)
        self._connection.sendall(rectangle + self._picture())

    def _picture(self) -> bytes:
        sky, cloud, keys = (self._format.pixel(colour) for colour in (_SKY, _CLOUD, _KEYS))
        bar = min(WIDTH, 8 * self._pressed)
        rows = [keys * bar + sky * (WIDTH - bar)] * 6
        return b"".join(rows + [_row(y, sky, cloud) for y in range(6, HEIGHT)])

    def _read(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            more = self._connection.recv(size - len(got))
            if not more:
                raise EOFError
            got += more
        return got


def _row(y: int, sky: bytes, cloud: bytes) -> bytes:
    inside = [any((x - cx) ** 2 + (y - cy) ** 2 < r * r for cx, cy, r in _PUFFS) and y < 122 for x in range(WIDTH)]
    return b"".join(cloud if one else sky for one in inside)
