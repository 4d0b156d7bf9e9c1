"""What a group lets in, as text: one rule a line, `protocol:from,to,source`, with comments. Pure.

    # the web
    tcp:80,443,ip4:0.0.0.0/0
    icmp:-1,-1,ip6:2001:db8::/32   # type and code; -1 is any
    tcp:3306,3306,sg-app           # members of a group, of both IP versions; ip4:sg-app: of one
    udp:53,53,ip4:ag-resolvers     # an address group

What is not listed is not let in. Lines whose only content is a comment say something of the rule under them. Groups are
named here; which ones these are is the doors' question.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NoReturn

import msgspec

from kumoi.core.addressing import block_around
from kumoi.core.errors import Fact, Invalid
from kumoi.core.group_rules import PROTOCOLS, protocol_number, protocol_of
from kumoi.core.groups import EtherType, RuleWish, SecurityRule
from kumoi.core.ids import AddressGroupId, GroupId

SourceKind = Literal["block", "group", "address_group"]
MOST_LINES = 1000
LONGEST_COMMENT = 255
_ANYWHERE: Final[dict[EtherType, str]] = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
_BOTH: Final[tuple[EtherType, ...]] = ("IPv4", "IPv6")
_VERSIONS: Final[dict[str, EtherType]] = {"ip4:": "IPv4", "ip6:": "IPv6"}
_GROUPS: Final[dict[str, SourceKind]] = {"sg-": "group", "ag-": "address_group"}
_WITH_PORTS: Final = frozenset(PROTOCOLS[name] for name in ("tcp", "udp", "dccp", "sctp", "udplite"))
_ICMP: Final = frozenset({PROTOCOLS["icmp"], PROTOCOLS["ipv6-icmp"]})
_NUMBER: Final = re.compile(r"-1|[0-9]{1,5}(?![0-9])")


class TextRule(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `source`: a block, or what a group is called; `column`: where that stands."""

    line: int
    column: int
    protocol: str | None
    low: int | None
    high: int | None
    kind: SourceKind
    source: str
    versions: tuple[EtherType, ...]
    description: str = ""


def parse(text: str) -> tuple[TextRule, ...]:
    """Raises Invalid with line and column (both from 1) of the first thing that is wrong."""
    found: list[TextRule] = []
    said = ""
    for number, line in enumerate(text.splitlines(), 1):
        if number > MOST_LINES:
            _wrong("text_too_long", number, 1, most=MOST_LINES)
        body, mark, comment = line.partition("#")
        comment = comment.strip()
        if len(comment) > LONGEST_COMMENT:
            _wrong("text_long_comment", number, len(body) + 1, most=LONGEST_COMMENT)
        if body.strip():
            found.append(_Line(number, body).rule(comment or said))
        said = comment if mark and not body.strip() else ""
    return tuple(found)


def wishes(rule: TextRule, group_id: GroupId | None, address_group_id: AddressGroupId | None) -> Iterator[RuleWish]:
    """What the line asks for: one rule, or one for each IP version."""
    for version in rule.versions:
        icmp6 = version == "IPv6" and protocol_number(rule.protocol) in _ICMP
        yield RuleWish(
            direction="ingress",
            ether_type=version,
            protocol="ipv6-icmp" if icmp6 else rule.protocol,
            port_min=rule.low,
            port_max=rule.high,
            remote_cidr=rule.source if rule.kind == "block" else None,
            remote_text=rule.source if rule.kind == "block" else None,
            remote_group_id=group_id,
            remote_address_group_id=address_group_id,
            description=rule.description,
        )


def render(rules: Sequence[SecurityRule], names: Mapping[str, str]) -> str:
    """`names`: what each group that the rules name is called. Rules that let something out are not told."""
    lines: dict[tuple[str, str, str], list[EtherType]] = {}
    for rule in rules:
        if rule.direction == "ingress":
            lines.setdefault((_what(rule), _source(rule, names), rule.description), []).append(rule.ether_type)
    return "".join(f"{line}\n" for key, versions in lines.items() for line in _lines(*key, versions))


def same(a: RuleWish | SecurityRule, b: RuleWish | SecurityRule) -> bool:
    """Whether the text of both is the same but for the comment: no source is the same as from anywhere."""
    return (a.ether_type, _what(a), _key(a)) == (b.ether_type, _what(b), _key(b))


def _lines(what: str, source: str, description: str, versions: list[EtherType]) -> Iterator[str]:
    comment = f"  # {description}" if description else ""
    if set(versions) == set(_BOTH) and source.startswith(tuple(_GROUPS)):
        yield f"{what},{source}{comment}"
        return
    for version in versions:
        yield f"{what},ip{version[-1]}:{source}{comment}"


def _what(rule: RuleWish | SecurityRule) -> str:
    number = protocol_number(rule.protocol)
    name = "icmp" if number in _ICMP and _is_usual(rule) else rule.protocol or "any"
    low, high = (-1 if n is None else n for n in (rule.port_min, rule.port_max))
    return f"{name}:{low},{high}"


def _is_usual(rule: RuleWish | SecurityRule) -> bool:
    """ICMP of the rule's own IP version."""
    return protocol_number(rule.protocol) == PROTOCOLS["icmp" if rule.ether_type == "IPv4" else "ipv6-icmp"]


def _source(rule: SecurityRule, names: Mapping[str, str]) -> str:
    group = rule.remote_group_id or rule.remote_address_group_id
    return names[group] if group is not None else _key(rule)


def _key(rule: RuleWish | SecurityRule) -> str:
    named = rule.remote_group_id or rule.remote_address_group_id or rule.remote_cidr
    return named or _ANYWHERE[rule.ether_type]


class _Line:
    """Reads one line from left to right."""

    def __init__(self, number: int, text: str) -> None:
        self._number, self._text, self._at = number, text.rstrip(), 0

    def rule(self, comment: str) -> TextRule:
        protocol = self._protocol()
        low, high = self._range(protocol_number(protocol))
        self._skip()
        column = self._at + 1
        versions, kind, source = self._source_of(protocol)
        return TextRule(
            line=self._number,
            column=column,
            protocol=protocol,
            low=low,
            high=high,
            kind=kind,
            source=source,
            versions=versions,
            description=comment,
        )

    def _protocol(self) -> str | None:
        self._skip()
        word, colon, _ = self._text[self._at :].partition(":")
        if not colon:
            self._fail("text_no_protocol", value=word.strip())
        try:
            protocol = protocol_of(word.strip() or "?")
        except Invalid:
            self._fail("text_protocol", value=word.strip())
        self._at += len(word) + 1
        return protocol

    def _range(self, protocol: int | None) -> tuple[int | None, int | None]:
        """Ports; type and code of ICMP; nothing but -1 of what has neither."""
        starts: list[int] = []
        found: list[int | None] = []
        for most in (255, 255) if protocol in _ICMP else (65535, 65535):
            self._skip()
            starts.append(self._at)
            found.append(self._figure(most))
        low, high = found
        if protocol in _WITH_PORTS:
            if 0 in found or (low is None) != (high is None) or (low or 0) > (high or 0):
                self._fail("text_range", starts[1 if low else 0])
        elif protocol in _ICMP:
            if low is None and high is not None:
                self._fail("text_code_without_type", starts[1])
        elif low is not None or high is not None:
            self._fail("text_no_ports", starts[0 if low is not None else 1])
        return low, high

    def _figure(self, most: int) -> int | None:
        """A number and the comma behind it; None for -1."""
        number = _NUMBER.match(self._text, self._at)
        if number is None or int(number[0]) > most:
            self._fail("text_number", most=most, value=re.split(r"[,\s]", self._text[self._at :], maxsplit=1)[0])
        self._at = number.end()
        self._skip()
        if self._text[self._at : self._at + 1] != ",":
            self._fail("text_comma")
        self._at += 1
        return None if number[0] == "-1" else int(number[0])

    def _source_of(self, protocol: str | None) -> tuple[tuple[EtherType, ...], SourceKind, str]:
        word = self._text[self._at :]
        version = _VERSIONS.get(word[:4].lower())
        named = word[4:] if version else word
        kind = _GROUPS.get(named[:3])
        if not (version or kind) or (kind and len(named) == len("sg-")):
            self._fail("text_source", value=word)
        versions = (version,) if version else _BOTH
        for one in versions:
            self._check_version(protocol, one)
        if kind:
            return versions, kind, named
        self._at += len("ip4:")
        return versions, "block", self._block(named, versions[0])

    def _block(self, text: str, version: EtherType) -> str:
        """A bare `0.0.0.0` or `::` is everywhere, as it has always been."""
        if text in {"0.0.0.0", "::"}:  # noqa: S104 - no address to listen at
            text += "/0"
        try:
            block = block_around(text, "rules")
        except Invalid:
            self._fail("text_address", value=text)
        if f"IPv{block.version}" != version:
            self._fail("text_address", value=text)
        return str(block)

    def _check_version(self, protocol: str | None, version: EtherType) -> None:
        """A protocol that only IPv6 has lets nothing in by IPv4; `ipv6-icmp` is spelled icmp."""
        six_only = {"ipv6-encap", "ipv6-frag", "ipv6-icmp", "ipv6-nonxt", "ipv6-opts", "ipv6-route"}
        if version == "IPv4" and (protocol in six_only or protocol_number(protocol) == PROTOCOLS["ipv6-icmp"]):
            self._fail("text_protocol", 0, value=protocol)

    def _skip(self) -> None:
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1

    def _fail(self, reason: str, at: int | None = None, **facts: Fact) -> NoReturn:
        _wrong(reason, self._number, (self._at if at is None else at) + 1, **facts)


def _wrong(reason: str, line: int, column: int, **facts: Fact) -> NoReturn:
    raise Invalid("network", field="rules", reason=reason, line=line, column=column, **facts)


def check_apart(rules: Iterable[tuple[TextRule, RuleWish]]) -> None:
    """No line lets in what another one does."""
    seen: list[tuple[int, RuleWish]] = []
    for rule, wish in rules:
        for line, other in seen:
            if same(wish, other):
                _wrong("text_twice", rule.line, 1, other=line)
        seen.append((rule.line, wish))
