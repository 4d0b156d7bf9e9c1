"""All that is known when a packet's way is asked for: what was wished, what stands, what is to be sent. Values only."""

from collections.abc import Mapping

import msgspec

from kumoi.core.conditions import Facts
from kumoi.core.ids import GroupId, NetworkId, NicId, VpcId
from kumoi.core.pictures import Picture
from kumoi.core.plan import GroupEntry, MemberEntry, NetworkEntry, NicEntry, SubnetEntry, VpcEntry


class Wished(msgspec.Struct, frozen=True, kw_only=True):
    """The plan around both ends, by id. `nowhere`: public addresses that lead to no nic. `names`: what people call
    instances and groups. `elsewhere`: instances and routers on other hosts, whose picture this is not, by those hosts'
    names."""

    networks: Mapping[NetworkId, NetworkEntry]
    subnets: tuple[SubnetEntry, ...]
    nics: Mapping[NicId, NicEntry]
    vpcs: Mapping[VpcId, VpcEntry]
    groups: Mapping[GroupId, GroupEntry]
    members: tuple[MemberEntry, ...]
    nowhere: frozenset[str] = frozenset()
    names: Mapping[str, str] = msgspec.field(default_factory=dict)
    elsewhere: Mapping[str, str] = msgspec.field(default_factory=dict)


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent. `sender` None: from outside, as `source`. For ICMP there are no ports."""

    sender: NicId | None
    destination: str
    protocol: int
    port: int = 0
    source: str = ""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """Why a packet goes no further: a code of `api.edge.texts` and its facts."""

    code: str
    facts: Facts = msgspec.field(default_factory=dict)


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the way: a code, where (a device or a namespace), and its facts."""

    code: str
    where: str = ""
    facts: Facts = msgspec.field(default_factory=dict)


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """`stop` None: it arrives. `back`: it was the answer that was stopped."""

    hops: tuple[Hop, ...]
    stop: Stop | None = None
    back: bool = False


class Case(msgspec.Struct, frozen=True, kw_only=True):
    wished: Wished
    picture: Picture
    probe: Probe


class Stopped(Exception):
    """Raised by a step and caught by `walk`: the packet's way ends here."""

    def __init__(self, code: str, **facts: str | int | float | bool | list[str] | None) -> None:
        super().__init__(code)
        self.stop = Stop(code=code, facts=dict(facts))
