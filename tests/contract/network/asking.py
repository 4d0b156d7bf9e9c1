"""Questions as a guest asks them, with nothing of the product's own: DNS and HTTP by hand."""

import http.client
import random
import socket
import struct

PATIENCE_S = 8.0  # a busy machine; few questions here are met with silence
_TYPES = {"A": 1, "PTR": 12, "AAAA": 28, "SOA": 6}
_CODES = {0: "ok", 1: "format", 2: "failed", 3: "no_such_name", 4: "not_implemented", 5: "refused"}


def question(name: str, kind: str, number: int) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!HH", _TYPES[kind], 1)


def read_answer(packet: bytes, asked: bytes) -> tuple[str, list[str]]:
    number, flags, _, count, *_ = struct.unpack_from("!HHHHHH", packet)
    assert number == struct.unpack_from("!H", asked)[0]
    at, texts = len(asked), []
    for _ in range(count):
        pointer, kind, _, _, length = struct.unpack_from("!HHHIH", packet, at)
        assert pointer == 0xC00C
        data = packet[at + 12 : at + 12 + length]
        texts.append(_name(data) if kind == 12 else socket.inet_ntop(2 if kind == 1 else 10, data))
        at += 12 + length
    return _CODES[flags & 15], texts


def ask_name(server: str, name: str, kind: str) -> tuple[str, list[str]]:
    asked = question(name, kind, random.randrange(1 << 16))
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE_S)
        s.connect((server, 53))
        s.send(asked)
        try:
            by_datagram = read_answer(s.recv(4096), asked)
        except OSError:
            return "silence", []
    with socket.create_connection((server, 53), PATIENCE_S) as s:
        s.sendall(struct.pack("!H", len(asked)) + asked)
        (length,) = struct.unpack("!H", s.recv(2))
        assert read_answer(s.recv(length), asked) == by_datagram
    return by_datagram


def fetch(method: str, path: str, headers: dict[str, str], host: str = "169.254.169.254") -> tuple[int, str]:
    connection = http.client.HTTPConnection(host, 80, timeout=PATIENCE_S)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def ask_address6(own: str, kind: int, options: bytes) -> dict[int, bytes]:
    """A DHCPv6 message of eth0's and the options of the answer; empty where nobody answered."""
    number = random.randbytes(3)
    client = b"\0\1\0\x0e\0\1\0\1" + random.randbytes(10)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        device = socket.if_nametoindex("eth0")
        s.bind((own, 546, 0, device))
        s.settimeout(2)
        for _ in range(3):
            s.sendto(bytes([kind]) + number + client + options, ("ff02::1:2", 547, 0, device))
            try:
                answer = s.recv(2000)
            except OSError:
                continue
            assert answer[1:4] == number
            found = options6(answer[4:])
            assert found[1] == client[4:]
            return {**found, 0: answer[:1]}
    return {}


def options6(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        kind, length = struct.unpack_from("!HH", data)
        found[kind] = data[4 : 4 + length]
        data = data[4 + length :]
    return found


def addresses_in(data: bytes) -> list[str]:
    return [socket.inet_ntop(socket.AF_INET6, data[i : i + 16]) for i in range(0, len(data), 16)]


def _name(data: bytes) -> str:
    parts = []
    while data[0]:
        parts.append(data[1 : 1 + data[0]].decode())
        data = data[1 + data[0] :]
    return ".".join(parts)
