"""The one `nft -i` of the cloud's namespace, kept open: 0.2 ms an atomic change against 7 ms for a process.

A line is a transaction; the listing of an empty table afterwards says that it is done, and whatever came
before is the complaint. What does not belong here: what the rules say (`ruleset`, `filter_rules`, `nat`).
"""

import os
import select
import subprocess
from typing import Any, Final

import msgspec

from kumoi.adapters.linux import netfilter
from kumoi.core.errors import Unavailable

_DONE: Final = b"table inet kumoi_done {\n}\n"
_LINE_LIMIT: Final = 8_000
_PATIENCE_S: Final = 30.0


class Nft:
    """Applies changes in the namespace in which it was made; one thread only.

    `changed_by_others` counts the times that somebody else's change was seen: whoever remembers what is
    loaded compares it, and loads everything again when it moved.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._generation = -1
        self.changed_by_others = 0

    def look(self) -> int:
        """`changed_by_others`, after looking."""
        now = netfilter.generation()
        if now != self._generation:
            # nft 1.0.6 ends when its memory of the rules is older than the rules: a fresh one then.
            self.close()
            self._generation = now
            self.changed_by_others += 1
        return self.changed_by_others

    def apply(self, commands: list[str]) -> None:
        """All or nothing. Raises Unavailable with nft's own words."""
        if not commands:
            return
        self.look()
        line = "; ".join(commands)
        if len(line) > _LINE_LIMIT:
            self.close()
            run("\n".join(commands) + "\n")
        elif complaint := self._say(line):
            raise Unavailable("network", what="nft", complaint=complaint[:500])
        self._settle()

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def _settle(self) -> None:
        now = netfilter.generation()
        if now != self._generation + 1:
            self.changed_by_others += 1
        self._generation = now

    def _say(self, line: str) -> str:
        try:
            return self._ask(self._running(), line)
        except OSError:
            self.close()
        if netfilter.generation() == self._generation:
            # It died before it did anything: a new one does it.
            try:
                return self._ask(self._running(), line)
            except OSError:
                self.close()
        # Whether the line was applied is unknown, and so is what is loaded.
        self._generation = -1
        raise Unavailable("network", what="nft", reason="died")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(
            ["nft", "-i"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
        self._ask(self._process, "add table inet kumoi_done")
        # No news where the table was there, and nobody's loss where it was not.
        self._generation = netfilter.generation()
        return self._process

    @staticmethod
    def _ask(process: subprocess.Popen[bytes], line: str) -> str:
        if process.stdin is None or process.stdout is None:
            raise OSError("nft has no pipes")
        process.stdin.write(line.encode() + b"\nlist table inet kumoi_done\n")
        said = b""
        poll = select.poll()
        poll.register(process.stdout, select.POLLIN)
        while not said.endswith(_DONE):
            if not poll.poll(_PATIENCE_S * 1000):
                raise OSError("nft is silent")
            heard = os.read(process.stdout.fileno(), 1 << 16)
            if not heard:
                raise OSError("nft ended")
            said += heard
        return said[: -len(_DONE)].decode(errors="replace").strip()


def run(text: str) -> None:
    """One transaction by a process of its own, in the calling thread's namespace."""
    done = subprocess.run(["nft", "-f", "-"], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable("network", what="nft", complaint=done.stderr.strip()[:500])


def listing(*words: str) -> list[dict[str, Any]]:
    """`nft -j list …` in the calling thread's namespace; empty where there is no such thing."""
    done = subprocess.run(["nft", "-j", "list", *words], capture_output=True, check=False)
    if done.returncode:
        return []
    found: list[dict[str, Any]] = msgspec.json.decode(done.stdout)["nftables"]
    return found
