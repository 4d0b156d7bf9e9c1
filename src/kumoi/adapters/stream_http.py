"""The host's end of a stream over the link: a websocket, its frames made and read without I/O.

What does not belong here: moving the bytes (the agent's pump), other verbs (link_http).
"""

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.uri import parse_uri

from kumoi.contracts.link import Received
from kumoi.core.consoles import ConsoleEnd
from kumoi.core.errors import Unavailable

# Above what control lets browsers send in one message.
MESSAGE_MOST: Final = 2 << 20
PATIENCE_S: Final = 5.0
NORMAL: Final = 1000
ENDED: Final = 4000  # with the ConsoleEnd as its reason
_PIECE: Final = 1 << 16
_DATA: Final = frozenset({Opcode.BINARY, Opcode.TEXT, Opcode.CONT})


class Refused(Exception):
    """Control said no: the status and body of its answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.status = answer.status_code
        self.body = bytes(answer.body)


class WebSocketStream:
    """`contracts.link.Stream`, once `dial` has brought it to life."""

    def __init__(self, path: Path, target: str) -> None:
        """Raises OSError, Refused, Unavailable."""
        self._protocol = ClientProtocol(parse_uri(f"ws://link{target}"), max_size=MESSAGE_MOST)
        self.early = b""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        try:
            self.socket.connect(str(path))
            self._shake_hands()
        except BaseException:
            self.socket.close()
            raise

    def wrap(self, data: bytes) -> bytes:
        self._protocol.send_binary(data)
        return self._outgoing()

    def unwrap(self, came: bytes) -> Received:
        if came:
            self._protocol.receive_data(came)
        else:
            self._protocol.receive_eof()
        data = _payloads(self._protocol.events_received())
        ended = self._protocol.state is not State.OPEN
        return Received(data=data, answer=self._outgoing(), ended=ended)

    def farewell(self, end: ConsoleEnd | None) -> bytes:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(NORMAL if end is None else ENDED, end or "")
        return self._outgoing()

    def _shake_hands(self) -> None:
        protocol = self._protocol
        protocol.send_request(protocol.connect())
        self.socket.sendall(self._outgoing())
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            came = self.socket.recv(_PIECE)
            if came:
                protocol.receive_data(came)
            else:
                protocol.receive_eof()
        events = protocol.events_received()
        answer = next((e for e in events if isinstance(e, Response)), None)
        if protocol.state is not State.OPEN:
            if answer is None:
                raise Unavailable("host", what="control", reason="no_answer")
            raise Refused(answer)
        self.early = _payloads(events)

    def _outgoing(self) -> bytes:
        return b"".join(self._protocol.data_to_send())


def _payloads(events: Iterable[Frame | Request | Response]) -> bytes:
    return b"".join(e.data for e in events if isinstance(e, Frame) and e.opcode in _DATA)
