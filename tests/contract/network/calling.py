"""Connections and pings by hand, in the namespace of the calling thread."""

import errno
import os
import socket
import struct
import threading
import time

PATIENCE_S = 1.0
CALL_S = 3.5  # a call that got lost is sent again after one second and after three


def connect(address: str, port: int, source: str) -> socket.socket:
    return socket.create_connection((address, port), CALL_S, (source, 0) if source else None)


def called(address: str, port: int, source: str) -> str | None:
    try:
        with connect(address, port, source) as s:
            return s.makefile().readline().strip() or None
    except OSError:
        return None


def serve(listener: socket.socket) -> None:
    while True:
        connection, peer = listener.accept()
        threading.Thread(target=answer, args=(connection, peer[0]), daemon=True).start()


def answer(connection: socket.socket, peer: str) -> None:
    with connection:
        try:
            connection.sendall(peer.removeprefix("::ffff:").encode() + b"\n")
            while data := connection.recv(1000):
                connection.sendall(data)
        except OSError:
            return


def ping(address: str, source: str, patience_s: float = PATIENCE_S) -> bool:
    six = ":" in address
    family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
    body = os.urandom(8)
    head = struct.pack("!BBHHH", 128 if six else 8, 0, 0, os.getpid() & 0xFFFF, 1)
    total = sum(struct.unpack("!8H", head + body))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    with socket.socket(family, socket.SOCK_RAW, protocol) as s:
        if source:
            s.bind((source, 0))
        try:
            s.sendto(head[:2] + struct.pack("!H", ~total & 0xFFFF) + head[4:] + body, (address, 0))
            deadline = time.monotonic() + patience_s
            while (left := deadline - time.monotonic()) > 0:
                s.settimeout(left)
                answer = s.recv(2000)
                if answer[0 if six else 20] == (129 if six else 0) and answer.endswith(body):
                    return True
        except OSError:
            pass
    return False


def let_through(address: str, port: int, patience_s: float) -> bool:
    """Whether an attempt to connect is answered at all; a port that nobody serves answers too."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.settimeout(patience_s)
        try:
            return s.connect_ex((address, port)) in {0, errno.ECONNREFUSED}
        except TimeoutError:
            return False


def shout(address: str, port: int, packets: list[bytes], *, stream: bool) -> None:
    for packet in packets:
        if stream:
            with connect(address, port, "") as s:
                s.sendall(packet)
        else:
            family, *_, where = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, socket.SOCK_DGRAM) as s:
                s.sendto(packet, where)


def shout_icmp6(address: str, packets: list[bytes]) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        for packet in packets:
            s.sendto(packet, (address, 0, 0, socket.if_nametoindex("eth0")))


def datagrams() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(5)
    return made


def fetched_tftp(asked: socket.socket, other: socket.socket, own: socket.socket, address: str) -> bool:
    """`own` asks `asked`, which is at `address`, for a file; it is sent from `other`."""
    asked.bind(("", 69))
    own.sendto(b"\0\1file\0octet\0", (address, 69))
    _, whence = asked.recvfrom(512)
    other.sendto(b"\0\3\0\1data", whence)
    try:
        return own.recv(512).endswith(b"data")
    except TimeoutError:
        return False
