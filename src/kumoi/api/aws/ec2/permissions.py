"""EC2's permissions and core's security rules, one into the other.

An `Atom` is the least that can be said: one direction, one protocol with its ports, one remote. A permission is several
of them; a rule is one, and an atom may be two rules (a group's members in IPv4 and in IPv6).
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec

from kumoi.api.aws.actions import Values
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.group_rules import protocol_number, protocol_of
from kumoi.core.groups import Direction, EtherType, RuleWish, SecurityRule
from kumoi.core.ids import GroupId, ec2_id

Remote = Literal["cidr", "cidr6", "group", "list"]
ALL: Final = "-1"
NAMES: Final = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}
ICMP: Final = frozenset({"icmp", "icmpv6"})
WITH_PORTS: Final = frozenset({"tcp", "udp"})
ANYWHERE: Final[dict[EtherType, str]] = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
PORTS: Final = (0, 65535)
ANY: Final = (-1, -1)


class Atom(msgspec.Struct, frozen=True):
    """In EC2's words. `ports` None: the protocol has none. `remote`: a block, or core's id of a group, or of an address
    group, which is EC2's prefix list."""

    direction: Direction
    protocol: str
    ports: tuple[int, int] | None
    kind: Remote
    remote: str


def atom_of(rule: SecurityRule) -> Atom:
    number = protocol_number(rule.protocol)
    protocol = ALL if number is None else NAMES.get(number, str(number))
    if rule.remote_group_id is not None:
        return Atom(rule.direction, protocol, _shown_ports(rule, protocol), "group", rule.remote_group_id)
    if rule.remote_address_group_id is not None:
        return Atom(rule.direction, protocol, _shown_ports(rule, protocol), "list", rule.remote_address_group_id)
    kind: Remote = "cidr" if rule.ether_type == "IPv4" else "cidr6"
    remote = rule.remote_cidr or ANYWHERE[rule.ether_type]
    return Atom(rule.direction, protocol, _shown_ports(rule, protocol), kind, remote)


def _shown_ports(rule: SecurityRule, protocol: str) -> tuple[int, int] | None:
    if protocol in ICMP:
        return (
            -1 if rule.port_min is None else rule.port_min,
            -1 if rule.port_max is None else rule.port_max,
        )
    if protocol not in WITH_PORTS:
        return None
    if rule.port_min is None or rule.port_max is None:
        return PORTS
    return rule.port_min, rule.port_max


def rule_of(atom: Atom, description: str) -> RuleWish:
    """One for the group's members is for IPv4, unless the protocol is IPv6's."""
    six = atom.kind == "cidr6" or (atom.kind == "group" and atom.protocol == "icmpv6")
    low, high = _core_ports(atom)
    return RuleWish(
        direction=atom.direction,
        ether_type="IPv6" if six else "IPv4",
        protocol=None if atom.protocol == ALL else atom.protocol,
        port_min=low,
        port_max=high,
        remote_cidr=None if atom.kind == "group" or atom.remote in ANYWHERE.values() else atom.remote,
        remote_group_id=GroupId(atom.remote) if atom.kind == "group" else None,
        description=description,
    )


def _core_ports(atom: Atom) -> tuple[int | None, int | None]:
    if atom.ports is None or (atom.ports in {PORTS, ANY} and atom.protocol in WITH_PORTS):
        return None, None
    low, high = atom.ports
    if atom.protocol in ICMP:
        return (None if low == -1 else low), (None if high == -1 else high)
    return max(low, 1), high


class Asked(msgspec.Struct, frozen=True):
    """An atom as a caller says it, with what it says of it."""

    atom: Atom
    description: str


def asked(direction: Direction, permissions: Iterable[Values], group_of: Any) -> Iterator[Asked]:
    """The atoms of `IpPermissions`; `group_of` finds a group's id for a `UserIdGroupPair`. Raises Invalid, NotFound."""
    for n, permission in enumerate(permissions, 1):
        path = f"IpPermissions.{n}"
        protocol = _protocol(permission, path)
        ports = _ports(permission, protocol, path)
        if permission.get("PrefixListIds"):
            raise Unsupported("network", what=f"{path}.PrefixListIds")
        remotes = list(_remotes(permission, group_of))
        if not remotes:
            raise Invalid("api", field=f"{path}.IpRanges", reason="missing")
        for kind, remote, description in remotes:
            yield Asked(Atom(direction, protocol, ports, kind, remote), description)


def _remotes(permission: Values, group_of: Any) -> Iterator[tuple[Remote, str, str]]:
    for block in permission.get("IpRanges", ()):
        yield "cidr", block.get("CidrIp", ""), block.get("Description", "")
    for block in permission.get("Ipv6Ranges", ()):
        yield "cidr6", block.get("CidrIpv6", ""), block.get("Description", "")
    for pair in permission.get("UserIdGroupPairs", ()):
        yield "group", group_of(pair), pair.get("Description", "")


def _protocol(permission: Values, path: str) -> str:
    """EC2's word for it: tcp, udp, icmp, icmpv6, a number, or -1 for all."""
    text = permission.get("IpProtocol")
    if not text:
        raise Invalid("api", field=f"{path}.IpProtocol", reason="missing")
    if text == ALL or text.lower() == "all":
        return ALL
    number = protocol_number(protocol_of(text))
    return ALL if number is None else NAMES.get(number, str(number))


def _ports(permission: Values, protocol: str, path: str) -> tuple[int, int] | None:
    low, high = permission.get("FromPort"), permission.get("ToPort")
    if protocol in ICMP:
        return (-1 if low is None else low), (-1 if high is None else high)
    if protocol not in WITH_PORTS:
        return None
    if low is None or high is None:
        raise Invalid("api", field=f"{path}.FromPort", reason="missing")
    return PORTS if (low, high) == ANY else (low, high)


def elder(wish: Values) -> list[Values]:
    """The permission that the elder parameters spell, one by one: `CidrIp`, `FromPort`, `SourceSecurityGroupName` …"""
    permission: Values = {k: wish[k] for k in ("IpProtocol", "FromPort", "ToPort") if k in wish}
    if wish.get("CidrIp"):
        permission["IpRanges"] = [{"CidrIp": wish["CidrIp"]}]
    if wish.get("SourceSecurityGroupName"):
        permission.setdefault("IpProtocol", ALL)
        permission["UserIdGroupPairs"] = [{"GroupName": wish["SourceSecurityGroupName"]}]
    return [permission] if permission else []


# --- what is shown --------------------------------------------------------------------------------------


def grouped(rules: Iterable[SecurityRule], direction: Direction, account: str) -> list[Values]:
    """Rules of a direction as permissions: one for each protocol with its ports, the remotes within."""
    found: dict[tuple[str, tuple[int, int] | None], Values] = {}
    done: set[Atom] = set()
    for rule in rules:
        atom = atom_of(rule)
        if rule.direction != direction or atom in done:
            continue
        done.add(atom)
        permission = found.setdefault((atom.protocol, atom.ports), _empty(atom))
        _add(permission, atom, rule.description, account)
    return list(found.values())


def _empty(atom: Atom) -> Values:
    low, high = atom.ports if atom.ports is not None else (None, None)
    return {
        "IpProtocol": atom.protocol,
        "FromPort": low,
        "ToPort": high,
        "IpRanges": [],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }


def _add(permission: Values, atom: Atom, description: str, account: str) -> None:
    said = {"Description": description} if description else {}
    match atom.kind:
        case "cidr":
            permission["IpRanges"].append({"CidrIp": atom.remote, **said})
        case "cidr6":
            permission["Ipv6Ranges"].append({"CidrIpv6": atom.remote, **said})
        case "group":
            pair = {"GroupId": ec2_id("sg", atom.remote), "UserId": account}
            permission["UserIdGroupPairs"].append({**pair, **said})
        case "list":
            permission["PrefixListIds"].append({"PrefixListId": ec2_id("pl", atom.remote), **said})


def shown_rule(rule: SecurityRule, account: str, tags: list[dict[str, str]]) -> Values:
    """A rule by itself, as SecurityGroupRule."""
    atom = atom_of(rule)
    low, high = atom.ports if atom.ports is not None else ANY
    pair = {"GroupId": ec2_id("sg", atom.remote), "UserId": account} if atom.kind == "group" else None
    return {
        "SecurityGroupRuleId": ec2_id("sgr", rule.id),
        "GroupId": ec2_id("sg", rule.group_id),
        "GroupOwnerId": account,
        "IsEgress": rule.direction == "egress",
        "IpProtocol": atom.protocol,
        "FromPort": low,
        "ToPort": high,
        "CidrIpv4": atom.remote if atom.kind == "cidr" else None,
        "CidrIpv6": atom.remote if atom.kind == "cidr6" else None,
        "PrefixListId": ec2_id("pl", atom.remote) if atom.kind == "list" else None,
        "ReferencedGroupInfo": pair,
        "Description": rule.description or None,
        "Tags": tags,
    }
