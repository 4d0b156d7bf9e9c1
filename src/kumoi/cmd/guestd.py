"""The guestd process: answers what guests ask. Started inside the cloud's namespaces, without privilege.

It does not go through `wiring`, whose adapters it must not even have in memory.
"""

import argparse
import asyncio
import resource
import socket
from collections.abc import Sequence
from pathlib import Path

from kumoi.adapters.linux.guestd.forwarding import Forwarder, Relay
from kumoi.adapters.linux.guestd.server import Guestd
from kumoi.runtime.lines import teller
from kumoi.runtime.listeners import inherited_listeners, open_unix

RESOLVER = Path("/run/kumoi/resolver.sock")  # inside (see runtime.state_folder)


def main(argv: Sequence[str] | None = None) -> None:
    """`--state DIR` is the supervisor's, which hands over the socket; `--socket PATH` opens one (a trial by hand)."""
    parser = argparse.ArgumentParser(prog="kumoi guestd")
    parser.add_argument("--state", type=Path)
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--forward", action="append", default=[], metavar="ADDRESS", help="DNS server for other names")
    parser.add_argument("--resolver", type=Path, default=RESOLVER, metavar="PATH", help="who asks for us otherwise")
    chosen = parser.parse_args(argv)
    forward = tuple(chosen.forward)
    others = Forwarder(lambda: forward) if forward else Relay(chosen.resolver)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # some six a network
    listener = inherited_listeners().get("guestd") or _own(parser, chosen.socket)
    asyncio.run(Guestd(teller("guestd"), others).run(listener))


def _own(parser: argparse.ArgumentParser, path: Path | None) -> socket.socket:
    if path is None:
        parser.error("no socket was handed over: name one by --socket")
    return open_unix(path)


if __name__ == "__main__":
    main()
