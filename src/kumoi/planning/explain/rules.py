"""nft's rules, read as the kernel reads them: which rule ends a packet, what address translation makes of it. Pure.

The input is `nft -j list ruleset`. What is not understood (raw bytes) does not match. What does not
belong here: where a packet meets which hook (`walk`).
"""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any, Final, Literal

import msgspec

Json = Any
Outcome = Literal["accept", "drop", "continue", "return"]
_NUMBERS: Final = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "icmpv6": 58, "ipv6-icmp": 58}
_PRIORITY: Final = 0


class Packet(msgspec.Struct, kw_only=True):
    """The first one of a flow. `state`: as conntrack calls it. Changed by rules that mark and translate."""

    version: int
    protocol: int
    source: str
    destination: str
    source_port: int = 0
    destination_port: int = 0
    source_mac: str = ""
    entered: str = ""
    leaves: str = ""
    mark: int = 0
    state: str = "new"
    translated: bool = False


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, so that a person finds it."""

    table: str
    chain: str
    text: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The packet was dropped by `rule`, reached through these chains."""

    rule: Named
    chains: tuple[str, ...]


class _Table:
    def __init__(self, family: str, name: str) -> None:
        self.family = family
        self.name = name
        self.chains: dict[str, Json] = {}
        self.rules: dict[str, list[Json]] = {}
        self.sets: dict[str, Json] = {}


class Rules:
    """The rules of one namespace."""

    def __init__(self, listed: Iterable[dict[str, Json]]) -> None:
        self._tables: dict[tuple[str, str], _Table] = {}
        self._ended: Named | None = None
        self._way: list[str] = []
        for item in listed:
            for kind, body in item.items():
                if kind in {"chain", "rule", "set", "map"}:
                    self._enter(kind, body)

    def _enter(self, kind: str, body: Json) -> None:
        key = (str(body["family"]), str(body["table"]))
        table = self._tables.setdefault(key, _Table(*key))
        if kind == "chain":
            table.chains[body["name"]] = body
        elif kind == "rule":
            table.rules.setdefault(body["chain"], []).append(body)
        else:
            table.sets[body["name"]] = body

    def pass_hook(self, families: frozenset[str], hook: str, packet: Packet) -> Ended | None:
        """Every base chain of the hook in order; None where it gets through. The packet may come out changed."""
        based = [
            (chain.get("prio", _PRIORITY), table, name)
            for table in self._tables.values()
            if table.family in families
            for name, chain in table.chains.items()
            if chain.get("hook") == hook
        ]
        for _, table, name in sorted(based, key=lambda one: one[0]):
            self._way = [name]
            outcome = self._chain(table, name, packet)
            if outcome in {"continue", "return"} and table.chains[name].get("policy") == "drop":
                rule = Named(table=f"{table.family} {table.name}", chain=name, text="policy drop")
                return Ended(rule=rule, chains=tuple(self._way))
            if outcome == "drop" and self._ended is not None:
                return Ended(rule=self._ended, chains=tuple(self._way))
        return None

    def elements(self, name: str) -> list[Json]:
        """Of all sets and maps of this name; a map's are pairs."""
        return [element for table in self._tables.values() if name in table.sets for element in _elements(table, name)]

    def chain_texts(self, name: str) -> list[str]:
        """A chain's rules in words, with what they counted."""
        return [text(rule["expr"]) for table in self._tables.values() for rule in table.rules.get(name, ())]

    # --- inside --------------------------------------------------------------------------------

    def _chain(self, table: _Table, name: str, packet: Packet) -> Outcome:
        for rule in table.rules.get(name, ()):
            outcome = self._rule(table, name, rule["expr"], packet)
            if outcome != "continue":
                return outcome
        return "continue"

    def _rule(self, table: _Table, chain: str, expressions: list[Json], packet: Packet) -> Outcome:
        for expression in expressions:
            (word, body), *_ = expression.items()
            if word == "match":
                if not _matches(table, body, packet):
                    return "continue"
                continue
            outcome = self._statement(table, word, body, packet)
            if outcome is None:
                return "continue"
            if outcome == "drop" and word in {"drop", "reject"}:
                self._ended = Named(table=f"{table.family} {table.name}", chain=chain, text=text(expressions))
            if outcome != "continue":
                return outcome
        return "continue"

    def _statement(self, table: _Table, word: str, body: Json, packet: Packet) -> Outcome | None:
        """None: the rest of the rule does not apply."""
        match word:
            case "accept" | "drop" | "return":
                return word
            case "reject":
                return "drop"
            case "jump" | "goto":
                return self._jump(table, body["target"], packet, goes=word == "goto")
            case "vmap":
                verdict = _looked_up(table, body["data"], _value(body["key"], packet))
                if verdict is None:
                    return "continue"
                (inner, target), *_ = verdict.items()
                return self._statement(table, inner, target, packet)
            case "dnat" | "snat" | "masquerade":
                return _translate(table, word, body, packet)
            case "mangle":
                _mangle(table, body, packet)
            case "limit" | "quota" if isinstance(body, dict) and body.get("inv"):
                return None  # for what is over it, which one packet is not
            case "notrack":
                packet.state = "untracked"
            case _:
                pass
        return "continue"

    def _jump(self, table: _Table, target: str, packet: Packet, *, goes: bool) -> Outcome:
        self._way.append(target)
        outcome = self._chain(table, target, packet)
        if outcome in {"accept", "drop"}:
            return outcome
        self._way.remove(target)
        return "return" if goes else "continue"


def _mangle(table: _Table, body: Json, packet: Packet) -> None:
    if body["key"] == {"meta": {"key": "mark"}}:
        value = body["value"]
        if isinstance(value, dict) and "map" in value:
            value = _looked_up(table, value["map"]["data"], _value(value["map"]["key"], packet))
        if isinstance(value, int):
            packet.mark = value


def _translate(table: _Table, word: str, body: Json, packet: Packet) -> Outcome | None:
    address = body.get("addr") if isinstance(body, dict) else None
    if isinstance(address, dict) and "map" in address:
        address = _looked_up(table, address["map"]["data"], _value(address["map"]["key"], packet))
        if address is None:
            return None
    if isinstance(address, dict) and "concat" in address:
        address, port = address["concat"]
        packet.destination_port = int(port) if word == "dnat" else packet.destination_port
    if word == "dnat" and address is not None:
        packet.destination, packet.translated = str(address), True
        packet.destination_port = int(body.get("port", packet.destination_port))
    elif word == "snat" and address is not None:
        packet.source = str(address)
    elif word == "masquerade":
        packet.source = "masquerade"
    return "accept"


def _matches(table: _Table, body: Json, packet: Packet) -> bool:
    left = _value(body["left"], packet)
    if left is None:
        return False  # nft's own dependencies: a rule about UDP says nothing of TCP
    found = _is_in(table, left, body["right"])
    return not found if body["op"] == "!=" else found


def _is_in(table: _Table, left: Json, right: Json) -> bool:
    if isinstance(right, str) and right.startswith("@"):
        return any(_is_in(table, left, key) for key in _keys(table, right[1:]))
    if isinstance(right, list):
        return any(_is_in(table, left, each) for each in right)
    if isinstance(right, dict):
        return _is_in_dict(table, left, right)
    if isinstance(left, list):
        return False
    if isinstance(right, str) and right.endswith("*"):
        return str(left).startswith(right[:-1])
    return bool(_plain(left) == _plain(right))


def _is_in_dict(table: _Table, left: Json, right: dict[str, Json]) -> bool:
    (word, body), *_ = right.items()
    match word:
        case "set":
            return any(_is_in(table, left, each) for each in body)
        case "elem":
            return _is_in(table, left, body["val"])
        case "concat":
            return (
                isinstance(left, list)
                and len(left) == len(body)
                and all(_is_in(table, a, b) for a, b in zip(left, body, strict=True))
            )
        case "prefix":
            return _is_address(left) and ip_address(left) in ip_network(f"{body['addr']}/{body['len']}", strict=False)
        case "range":
            low, high = body
            if _is_address(left) and _is_address(low):
                return int(ip_address(low)) <= int(ip_address(left)) <= int(ip_address(high))
            return int(_plain(low)) <= int(_plain(left)) <= int(_plain(high))
        case _:
            return False


def _plain(value: Json) -> Json:
    """Protocols by number, whatever they are called."""
    return _NUMBERS.get(value, value) if isinstance(value, str) else value


def _is_address(value: Json) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return not isinstance(value, int)


def _elements(table: _Table, name: str) -> list[Json]:
    return table.sets.get(name, {}).get("elem") or []


def _keys(table: _Table, name: str) -> Iterable[Json]:
    is_map = table.sets.get(name, {}).get("map") is not None
    return (element[0] if is_map else element for element in _elements(table, name))


def _looked_up(table: _Table, data: Json, key: Json) -> Json | None:
    """What a map has for the key."""
    if key is None:
        return None
    pairs = _elements(table, data[1:]) if isinstance(data, str) else data["set"]
    return next((value for element, value in pairs if _is_in(table, key, element)), None)


def _value(left: Json, packet: Packet) -> Json | None:
    """What the packet has there; None where it has no such thing."""
    (word, body), *_ = left.items()
    match word:
        case "concat":
            parts = [_value(each, packet) for each in body]
            return None if None in parts else parts
        case "meta":
            return _meta(body["key"], packet)
        case "payload":
            return _payload(body.get("protocol", ""), body.get("field", ""), packet)
        case "ct":
            return {"state": packet.state, "status": "dnat" if packet.translated else "none"}.get(body["key"])
        case _:
            return None


def _meta(key: str, packet: Packet) -> Json | None:
    return {
        "iifname": packet.entered,
        "oifname": packet.leaves,
        "mark": packet.mark,
        "l4proto": packet.protocol,
        "nfproto": f"ipv{packet.version}",
        "protocol": "ip" if packet.version == 4 else "ip6",
    }.get(key)


def _payload(protocol: str, field: str, packet: Packet) -> Json | None:
    family = "ip" if packet.version == 4 else "ip6"
    if protocol == "ether":
        return {"saddr": packet.source_mac or None, "type": family}.get(field)
    if protocol == family:
        own = {"saddr": packet.source, "daddr": packet.destination}
        return own.get(field, packet.protocol if field in {"protocol", "nexthdr"} else None)
    if protocol == "th" or _NUMBERS.get(protocol) == packet.protocol:
        if packet.protocol in {1, 58}:
            return {"type": _ECHO[packet.protocol], "code": 0}.get(field)
        return {"sport": packet.source_port, "dport": packet.destination_port}.get(field)
    return None


_ECHO: Final = {1: "echo-request", 58: "echo-request"}


def key_texts(element: Json) -> list[str]:
    """A set's element by its parts, comments left out."""
    key = element["elem"]["val"] if isinstance(element, dict) and "elem" in element else element
    parts = key["concat"] if isinstance(key, dict) and "concat" in key else [key]
    return [_said_value(part) for part in parts]


def text(expressions: list[Json]) -> str:
    """A rule in nft's own words, as near as it need be."""
    return " ".join(_said(word, body) for expression in expressions for word, body in expression.items())


def _said(word: str, body: Json) -> str:
    match word:
        case "match":
            op = "" if body["op"] in {"==", "in"} else f"{body['op']} "
            return f"{_said_value(body['left'])} {op}{_said_value(body['right'])}"
        case "counter":
            return f"counter packets {body['packets']}" if isinstance(body, dict) else "counter"
        case "jump" | "goto":
            return f"{word} {body['target']}"
        case "vmap":
            return f"{_said_value(body['key'])} vmap {_said_value(body['data'])}"
        case "mangle":
            return f"{_said_value(body['key'])} set {_said_value(body['value'])}"
        case "dnat" | "snat":
            return f"{word} to {_said_value(body.get('addr', ''))}"
        case _:
            return word


def _said_value(value: Json) -> str:
    if not isinstance(value, dict):
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    (word, body), *_ = value.items()
    match word:
        case "meta":
            return str(body["key"])
        case "ct":
            return f"ct {body['key']}"
        case "payload":
            return f"{body.get('protocol', 'raw')} {body.get('field', body.get('offset', ''))}"
        case "concat":
            return " . ".join(map(_said_value, body))
        case "prefix":
            return f"{body['addr']}/{body['len']}"
        case "range":
            return "-".join(map(str, body))
        case "set":
            return "{ " + ", ".join(_said_value(each[0] if isinstance(each, list) else each) for each in body) + " }"
        case "map":
            return f"{_said_value(body['key'])} map {_said_value(body['data'])}"
        case _:
            return str(body)
