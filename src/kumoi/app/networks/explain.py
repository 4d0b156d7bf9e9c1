"""Why a packet arrives or does not: the plan around both ends, and a question to the host for what stands there.

What a packet makes of it is `planning.explain`. The plan is the stamped one: what hosts were told.
"""

from collections.abc import Iterable
from concurrent.futures import Future
from ipaddress import ip_address
from typing import Final, Literal

import msgspec

from kumoi.app.finding import found_one
from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import GroupId, HostId, NetworkId, SectionKey, VpcId, group_section, host_section, network_section
from kumoi.core.nics import Nic
from kumoi.core.pictures import Picture, Scope
from kumoi.core.plan import (
    Ask,
    Entry,
    GroupEntry,
    MemberEntry,
    NetworkEntry,
    NicEntry,
    Spec,
    SubnetEntry,
    VpcEntry,
    entry_id,
)
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, alive, eq, is_in
from kumoi.core.vpcs import PublicAddress
from kumoi.planning.explain.case import Case, Probe, Walk, Wished
from kumoi.planning.explain.walk import walk

ANSWER_WITHIN_S = 10.0
OUTSIDE: Final = "outside"
_SOMEBODY: Final = {4: "192.0.2.1", 6: "2001:db8::1"}  # of those kept for examples: nobody of ours
_ROUNDS: Final = 8


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """From whom to whom, each by whatever it is called, an address, or `outside`; ports for protocols that have any."""

    sender: str
    receiver: str
    protocol: int
    port: int = 0
    version: Literal[4, 6] = 4


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a host; `answer` None where no host has anything of it."""

    answer: "Future[bytes] | None"
    wished: Wished
    probe: Probe


def ask_why(house: House, call: Call, parcel: Parcel) -> Question:
    """The caller waits at most `ANSWER_WITHIN_S` for its answer. NotFound; Invalid (several, no address)."""
    allow(call, "network.explain")
    for field, end in (("from", parcel.sender), ("to", parcel.receiver)):
        if not end:
            raise Invalid("network", field=field, reason="missing")
    wished, probe, host_id, scope = house.store.read(lambda tx: _Ground(tx, call, parcel).look())
    ask = Ask(id=house.chance.uuid(), kind="picture", scope=scope)
    answer = house.asks.open(host_id, ask) if host_id is not None else None
    return Question(answer=answer, wished=wished, probe=probe)


def explained(question: Question, answer: bytes | None) -> Walk:
    picture = Picture(rooms=(), bridges={}, taps={}, legs={}, rooms_of={})
    if answer is not None:
        picture = msgspec.json.decode(answer, type=Picture)
    return walk(Case(wished=question.wished, picture=picture, probe=question.probe))


class _Ground:
    """One question's snapshot."""

    def __init__(self, tx: Transaction, call: Call, parcel: Parcel) -> None:
        self._tx = tx
        self._call = call
        self._parcel = parcel

    def look(self) -> tuple[Wished, Probe, HostId | None, Scope]:
        sender = None if self._parcel.sender == OUTSIDE else self._nic(self._parcel.sender, None)
        near = self._reach({sender.network_id} if sender is not None else set())
        destination, receiver, public = self._destination(sender, near)
        networks, vpcs = self._around(sender, receiver, public, near)
        ends = [nic for nic in (sender, receiver) if nic is not None]
        wished = self._wished(networks, vpcs, ends, destination)
        probe = Probe(
            sender=sender.id if sender is not None else None,
            destination=destination,
            protocol=self._parcel.protocol,
            port=self._parcel.port,
            source="" if sender is not None else _SOMEBODY[6 if ":" in destination else 4],
        )
        others = (nic.id for nic in wished.nics.values() if any(ip.address == destination for ip in nic.fixed_ips))
        taps = tuple(dict.fromkeys((*(nic.id for nic in ends), *others)))
        scope = Scope(networks=tuple(networks), vpcs=tuple(wished.vpcs), nics=taps)
        host_id = self._host(ends, vpcs)
        return msgspec.structs.replace(wished, elsewhere=self._elsewhere(host_id, ends, vpcs)), probe, host_id, scope

    # --- ends ----------------------------------------------------------------------------------

    def _nic(self, called: str, near: set[NetworkId] | None) -> Nic:
        """The port, or the instance's: one on a network in reach where there is one, else its first."""
        kind, row = found_one(self._tx, self._call, called)
        if kind.name == "nic":
            nic: Nic = row
            return nic
        if kind.name != "instance":
            raise Invalid("network", field="id", reason="not_an_end", value=called, kind=kind.name)
        mine = Query(filters=(eq("instance_id", row.id), alive()), order=(Order("slot"), Order("created_at")))
        nics = self._tx.nics.find(mine)
        if not nics:
            raise Invalid("network", field="id", reason="without_nic", value=called)
        return next((nic for nic in nics if near is not None and nic.network_id in near), nics[0])

    def _destination(self, sender: Nic | None, near: set[NetworkId]) -> tuple[str, Nic | None, PublicAddress | None]:
        """The address, the nic that it is of if known, and the public address that it is."""
        called = self._parcel.receiver
        if called == OUTSIDE:
            return _SOMEBODY[self._parcel.version], None, None
        if (public := self._public(called)) is not None:
            return public.address, self._tx.nics.get(public.nic_id) if public.nic_id else None, public
        if _is_address(called):
            return str(ip_address(called)), None, None
        nic = self._nic(called, near)
        mine = Query(filters=(eq("nic_id", nic.id), alive()))
        led = self._tx.public_addresses.find(mine) if nic.network_id not in near or sender is None else []
        if led and self._parcel.version == 4:
            return led[0].address, nic, led[0]
        return self._own(nic, called), nic, None

    def _own(self, nic: Nic, called: str) -> str:
        six = self._parcel.version == 6
        found = next((ip.address for ip in nic.fixed_ips if (":" in ip.address) is six), None)
        if found is None:
            raise Invalid("network", field="id", reason="without_address", value=called, version=self._parcel.version)
        return found

    def _public(self, called: str) -> PublicAddress | None:
        if not _is_address(called):
            return None
        return next(iter(self._tx.public_addresses.find(Query(filters=(eq("address", called), alive())))), None)

    # --- what is around them -------------------------------------------------------------------

    def _reach(self, start: set[NetworkId]) -> set[NetworkId]:
        """The networks that routers join to these. Outer networks join nothing: everybody has a leg there."""
        reached, news = set(start), set(start)
        for _ in range(_ROUNDS):
            inner = [n.id for n in self._tx.networks.many(tuple(news)) if not n.external]
            joined = {leg.network_id for vpc in self._routers(inner) for leg in self._legs(vpc)}
            news, reached = joined - reached, reached | joined
            if not news:
                break
        return reached

    def _around(
        self, sender: Nic | None, receiver: Nic | None, public: PublicAddress | None, near: set[NetworkId]
    ) -> tuple[set[NetworkId], set[VpcId]]:
        networks = set(near)
        for nic in (sender, receiver):
            networks |= self._reach({nic.network_id}) if nic is not None else set()
        if public is not None:
            networks.add(public.network_id)
        inner = [n.id for n in self._tx.networks.many(tuple(networks)) if not n.external]
        vpcs = {*self._routers(inner), *((public.vpc_id,) if public is not None and public.vpc_id else ())}
        return networks | {leg.network_id for vpc in vpcs for leg in self._legs(vpc)}, vpcs

    def _routers(self, networks: Iterable[NetworkId]) -> set[VpcId]:
        on = Query(filters=(is_in("network_id", tuple(networks)), eq("use", "vpc_interface"), alive()))
        return {leg.vpc_id for leg in self._tx.nics.find(on) if leg.vpc_id}

    def _legs(self, vpc: VpcId) -> list[Nic]:
        return self._tx.nics.find(Query(filters=(eq("vpc_id", vpc), alive())))

    # --- the plan ------------------------------------------------------------------------------

    def _wished(self, networks: set[NetworkId], vpcs: set[VpcId], ends: list[Nic], destination: str) -> Wished:
        told = [spec for network in networks for spec in self._section(network_section(network))]
        groups = self._groups(tuple(g for nic in ends for g in nic.group_ids))
        bound = [vpc for vpc in self._tx.vpcs.many(tuple(vpcs)) if vpc.host_id]
        entries = [self._tx.sections.entry(host_section(v.host_id), entry_id("vpc", v.id)) for v in bound if v.host_id]
        routers = [spec for entry in entries if entry is not None for spec in _present(entry)]
        free = Query(filters=(eq("address", destination), eq("nic_id", None), alive()))
        return Wished(
            networks={s.id: s for s in told if isinstance(s, NetworkEntry)},
            subnets=tuple(s for s in told if isinstance(s, SubnetEntry)),
            nics={s.id: s for s in told if isinstance(s, NicEntry)},
            vpcs={s.id: s for s in routers if isinstance(s, VpcEntry)},
            groups={s.id: s for s in groups if isinstance(s, GroupEntry)},
            members=tuple(s for s in groups if isinstance(s, MemberEntry)),
            nowhere=frozenset(one.address for one in self._tx.public_addresses.find(free)),
            names=self._names(ends),
        )

    def _section(self, key: SectionKey) -> list[Spec]:
        delta = self._tx.sections.delta(key, 0)
        return [spec for entry in (delta.entries if delta is not None else ()) for spec in _present(entry)]

    def _groups(self, wanted: tuple[GroupId, ...]) -> list[Spec]:
        """With those whose members their rules name."""
        own = [spec for group in dict.fromkeys(wanted) for spec in self._section(group_section(group))]
        named = {r.remote_group_id for s in own if isinstance(s, GroupEntry) for r in s.rules if r.remote_group_id}
        return own + [spec for group in sorted(named - set(wanted)) for spec in self._section(group_section(group))]

    def _names(self, ends: list[Nic]) -> dict[str, str]:
        instances = self._tx.instances.many(tuple(nic.instance_id for nic in ends if nic.instance_id))
        groups = self._tx.security_groups.many(tuple({g for nic in ends for g in nic.group_ids}))
        return {one.id: one.name for one in instances} | {group.id: group.name for group in groups}

    # --- hosts ---------------------------------------------------------------------------------

    def _host(self, ends: list[Nic], vpcs: set[VpcId]) -> HostId | None:
        """Whose picture tells most: the sender's, else the receiver's, else a router's."""
        bound = (vpc.host_id for vpc in self._tx.vpcs.many(tuple(sorted(vpcs))))
        return next((h for h in (*(self._placed(nic) for nic in ends), *bound) if h is not None), None)

    def _placed(self, nic: Nic) -> HostId | None:
        where = Query(filters=(eq("instance_id", nic.instance_id), eq("role", "run")))
        return next((p.host_id for p in self._tx.placements.find(where)), None) if nic.instance_id else None

    def _elsewhere(self, here: HostId | None, ends: list[Nic], vpcs: set[VpcId]) -> dict[str, str]:
        placed: dict[str, HostId | None] = {nic.instance_id or "": self._placed(nic) for nic in ends}
        placed |= {vpc.id: vpc.host_id for vpc in self._tx.vpcs.many(tuple(vpcs))}
        away = {thing: host for thing, host in placed.items() if host is not None and host != here}
        names = {host.id: host.name for host in self._tx.hosts.many(tuple(set(away.values())))}
        return {thing: names.get(host, host) for thing, host in away.items()}


def _present(entry: Entry) -> list[Spec]:
    return [msgspec.json.decode(entry.body, type=Spec)] if isinstance(entry.body, msgspec.Raw) else []


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
