"""Connections and pings by hand, in the namespace of the calling thread."""

import os
import socket
import struct
import threading
import time

PATIENCE_S = 1.0


def connect(address: str, port: int, source: str) -> socket.socket:
    return socket.create_connection((address, port), PATIENCE_S, (source, 0) if source else None)


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


def ping(address: str, source: str) -> bool:
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
            deadline = time.monotonic() + PATIENCE_S
            while (left := deadline - time.monotonic()) > 0:
                s.settimeout(left)
                answer = s.recv(2000)
                if answer[0 if six else 20] == (129 if six else 0) and answer.endswith(body):
                    return True
        except OSError:
            pass
    return False
