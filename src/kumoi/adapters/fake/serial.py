"""A fake guest's serial line: a terminal that echoes and a shell that knows a few words. Bytes in, bytes out."""

from typing import Final

_ERASE: Final = frozenset(b"\x08\x7f")
_ENTER: Final = frozenset(b"\r\n")
_INTERRUPT: Final = 0x03
_END: Final = 0x04


class FakeShell:
    """`name` is the guest's. Begins at its login prompt, which was printed at boot; every name may log in."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._user = ""
        self._line = bytearray()

    def feed(self, typed: bytes) -> bytes:
        """What the terminal prints for these keys."""
        return b"".join(self._key(key) for key in typed)

    def _key(self, key: int) -> bytes:
        if key in _ENTER:
            line = self._line.decode(errors="replace").strip()
            self._line.clear()
            return b"\r\n" + self._run(line).encode() + self._prompt()
        if key in _ERASE:
            return b"\b \b" if self._line and self._line.pop() else b""
        if key == _INTERRUPT:
            self._line.clear()
            return b"^C\r\n" + self._prompt()
        if key == _END and not self._line:
            return b"\r\n" + self._run("exit").encode() + self._prompt()
        if key < 0x20:
            return b""
        self._line.append(key)
        return bytes([key])

    def _prompt(self) -> bytes:
        return f"{self._name}:~# ".encode() if self._user else f"{self._name} login: ".encode()

    def _run(self, line: str) -> str:
        if not self._user:
            self._user = line
            return ""
        word, _, rest = line.partition(" ")
        match word:
            case "":
                return ""
            case "echo":
                return f"{rest}\r\n"
            case "hostname":
                return f"{self._name}\r\n"
            case "whoami":
                return f"{self._user}\r\n"
            case "exit" | "logout":
                self._user = ""
                return "\r\n"
            case _:
                return f"sh: {word}: not found\r\n"
