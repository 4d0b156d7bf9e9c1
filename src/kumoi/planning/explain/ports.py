"""What the loaded rules say of one port: what it may send from, and what its groups let through, with counts. Pure."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from kumoi.planning.explain.rules import Rules, key_texts

_SENDERS: Final = ("hosts4", "nets4", "hosts6", "nets6")
_WAYS: Final = ("egress", "ingress")


class PortRules(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: filtered, open (no port security), closed (told to be silent), or unknown to the filter, so closed.

    `senders`: MAC and address; `ways`: direction to the chains that a packet passes, each with its rules.
    """

    state: str
    mark: int = 0
    senders: tuple[tuple[str, str], ...] = ()
    ways: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}


def of_port(listed: Iterable[dict[str, Any]], tap: str) -> PortRules:
    """`listed`: nft's JSON of the host's own namespace."""
    rules = Rules(listed)
    for state, name in (("open", "trusted"), ("closed", "closed")):
        if any(key_texts(element)[0] == tap for element in rules.elements(name)):
            return PortRules(state=state)
    mark = next((value for element, value in rules.elements("nics") if key_texts(element)[0] == tap), None)
    if mark is None:
        return PortRules(state="unknown")
    keys = (key_texts(element) for name in _SENDERS for element in rules.elements(name))
    return PortRules(
        state="filtered",
        mark=int(mark),
        senders=tuple((key[1], key[2]) for key in keys if key[0] == tap),
        ways={way: tuple(_chains(rules, way, int(mark))) for way in _WAYS},
    )


def _chains(rules: Rules, way: str, mark: int) -> Iterable[tuple[str, tuple[str, ...]]]:
    """The combination's own chain, and the groups' that it jumps to."""
    target = next((verdict["goto"]["target"] for key, verdict in rules.elements(way) if key == mark), None)
    waiting = [target] if target is not None else []
    while waiting:
        name = waiting.pop(0)
        texts = tuple(rules.chain_texts(name))
        waiting += [text.removeprefix("jump ") for text in texts if text.startswith("jump ")]
        yield name, texts
