"""Claiming what is unique on a network: addresses, MACs, marks and network numbers.

A claim of a deleted nic is in quarantine: never given automatically, but an explicit wish on the same network
takes it over.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.writing import mark_nic
from kumoi.contracts.store import Transaction
from kumoi.core import addressing
from kumoi.core.errors import Invalid, NoAddress, NotFound, Taken
from kumoi.core.ids import NetworkId, NicId, SubnetId
from kumoi.core.networks import Subnet, self_addressed
from kumoi.core.nics import FixedIp, Nic
from kumoi.core.query import Query, alive, eq
from kumoi.core.quotas import Claim, ClaimKind
from kumoi.core.segment_ranges import LAST_VNI, Span

MARK_MOST = 2**31 - 1
NUMBER_TRIES = 4096
BLIND_TRIES = 4
TICK_S = 1e-6


class FixedWish(msgspec.Struct, frozen=True, kw_only=True):
    """An address, or any address of a subnet, or both; at least one of them is given."""

    subnet_id: SubnetId | None = None
    address: str | None = None


class Claimer:
    """Claims for one owner on one network, in one transaction."""

    def __init__(self, tx: Transaction, network_id: NetworkId, owner: NicId, now: float) -> None:
        self._tx = tx
        self._network_id = network_id
        self._owner = owner
        self._now = now
        self._at = now
        self.subnets = tx.subnets.find(Query(filters=(eq("network_id", network_id), alive())))

    def fixed(
        self, wishes: tuple[FixedWish, ...] | None, own_mac: str, *, exactly: bool = False, holder: str = ""
    ) -> tuple[FixedIp, ...]:
        """The wished addresses; where nothing is wished one of any IPv4 subnet, one of any IPv6 subnet, and those that
        a guest makes itself of its MAC. `exactly`: a router's, which has what it wishes of such subnets too. `holder`:
        who has it, for subnets that are not for everybody."""
        if wishes is not None:
            return tuple(self._wished(w, own_mac, exactly=exactly) for w in wishes)
        by_version = [[s for s in self.subnets if s.ip_version == v and not self_addressed(s)] for v in (4, 6)]
        chosen = [self.any_of(meant_for(holder, subnets)) for subnets in by_version if subnets]
        return (*chosen, *(self.self_made(s, own_mac) for s in self.subnets if self_addressed(s)))

    def self_made(self, subnet: Subnet, own_mac: str) -> FixedIp:
        address = addressing.self_made(subnet.cidr, own_mac)
        if not self._take_or_inherit("address", f"{subnet.id}/{address}"):
            raise Taken("network", kind="address", name=address, network_id=self._network_id)
        return FixedIp(subnet_id=subnet.id, address=address)

    def any_of(self, subnets: list[Subnet]) -> FixedIp:
        """A free address of the first subnet that has one."""
        for subnet in subnets:
            for address in self._candidates(subnet):
                if self._take("address", f"{subnet.id}/{address}", self._at):
                    return FixedIp(subnet_id=subnet.id, address=address)
        raise NoAddress(
            "network",
            kind="address",
            pool=[s.cidr for s in subnets],
            size=sum(addressing.pool_size(s.pools) for s in subnets),
            network_id=self._network_id,
        )

    def _candidates(self, subnet: Subnet) -> Iterator[str]:
        """The addresses after the one claimed last; where those are taken, all that are known to be free."""
        prefix = f"{subnet.id}/"
        last = self._tx.claims.latest("address", prefix)
        # Claims of one moment keep an order, so that the next one knows where to go on.
        self._at = max(self._now, last.at + TICK_S) if last is not None else self._now
        after = addressing.address_of(last) if last is not None else None
        yield from islice(addressing.addresses_after(subnet.pools, after), BLIND_TRIES)
        yield from addressing.free_addresses(subnet.pools, self._tx.claims.with_prefix("address", prefix))

    def mac(self, house: House, wished: str | None) -> str:
        if wished is not None:
            text = addressing.mac(wished)
            if not self._take_or_inherit("mac", f"{self._network_id}/{text}"):
                raise Taken("network", kind="mac", name=text, network_id=self._network_id)
            return text
        for _ in range(NUMBER_TRIES):
            text = addressing.mac_of(house.chance.below(1 << 24))
            if self._take("mac", f"{self._network_id}/{text}"):
                return text
        raise NoAddress("network", kind="mac", pool=addressing.MAC_PREFIX, size=1 << 24)

    def _wished(self, wish: FixedWish, own_mac: str, *, exactly: bool) -> FixedIp:
        subnet = self._subnet(wish)
        if self_addressed(subnet) and not exactly:
            made = addressing.self_made(subnet.cidr, own_mac)
            if wish.address not in {None, made}:
                raise Invalid(
                    "network", field="fixed_ips", reason="self_addressed", value=wish.address, cidr=subnet.cidr
                )
            return self.self_made(subnet, own_mac)
        if wish.address is None:
            return self.any_of([subnet])
        address = addressing.check_address(addressing.block(subnet.cidr), wish.address)
        if not self._take_or_inherit("address", f"{subnet.id}/{address}"):
            raise Taken("network", kind="address", name=address, network_id=self._network_id)
        return FixedIp(subnet_id=subnet.id, address=address)

    def _subnet(self, wish: FixedWish) -> Subnet:
        """The subnet that a wish names, or the one that its address lies in."""
        if wish.subnet_id is not None:
            named = next((s for s in self.subnets if s.id == wish.subnet_id), None)
            if named is not None:
                return named
            elsewhere = self._tx.subnets.get(wish.subnet_id)
            if elsewhere is None or elsewhere.deleted_at is not None:
                raise NotFound("network", kind="subnet", id=wish.subnet_id)
            raise Invalid("network", field="fixed_ips", reason="subnet_of_other_network", value=wish.subnet_id)
        if wish.address is None:
            raise Invalid("network", field="fixed_ips", reason="missing", name="subnet_id")
        addressing.address(wish.address, "fixed_ips")
        for subnet in self.subnets:
            if addressing.contains(subnet.cidr, wish.address):
                return subnet
        raise Invalid("network", field="fixed_ips", reason="not_on_network", value=wish.address)

    def _take(self, kind: ClaimKind, key: str, at: float | None = None) -> bool:
        return self._tx.claims.take(Claim(kind=kind, key=key, owner=self._owner, at=self._now if at is None else at))

    def _take_or_inherit(self, kind: ClaimKind, key: str) -> bool:
        """Also from a deleted nic of this network, which waits for its host's word."""
        if self._take(kind, key):
            return True
        held = self._tx.claims.get(kind, key)
        former = self._tx.nics.get(held.owner) if held is not None else None
        if former is None or former.deleted_at is None or former.network_id != self._network_id:
            return False
        self._tx.claims.drop(kind, key)
        return self._take(kind, key)


def meant_for(holder: str, subnets: list[Subnet]) -> list[Subnet]:
    """Those for the holder by its name, then those for everybody."""
    named = [s for s in subnets if holder in s.service_types]
    return [*named, *(s for s in subnets if not s.service_types)]


def claim_number(
    tx: Transaction, house: House, kind: ClaimKind, owner: str, now: float, spans: Sequence[Span] | None = None
) -> int:
    """A mark (1–2^31-1) or network number (1–2^24-1) that nobody has, from a random start on. `spans`: only of
    these."""
    spans = [(1, LAST_VNI if kind == "vni" else MARK_MOST)] if spans is None else spans
    size = sum(last - first + 1 for first, last in spans)
    start = house.chance.below(size) if size else 0
    for step in range(min(NUMBER_TRIES, size)):
        number = _number_at(spans, (start + step) % size)
        if tx.claims.take(Claim(kind=kind, key=str(number), owner=owner, at=now)):
            return number
    raise NoAddress("network", kind=kind, pool=kind, size=size)


def _number_at(spans: Sequence[Span], place: int) -> int:
    for first, last in spans:
        if place <= last - first:
            return first + place
        place -= last - first + 1
    raise IndexError(place)


def release_fixed(tx: Transaction, nic: Nic, gone: tuple[FixedIp, ...]) -> None:
    """Let addresses of a living nic go at once: with their subnet, or where no host has the nic."""
    for ip in gone:
        held = tx.claims.get("address", f"{ip.subnet_id}/{ip.address}")
        if held is not None and held.owner == nic.id:
            tx.claims.drop("address", held.key)


def address_all(tx: Transaction, network_id: NetworkId, subnet: Subnet, now: float) -> None:
    """Give every guest's nic of the network the address that it will make itself on a new subnet."""
    for nic in tx.nics.find(Query(filters=(eq("network_id", network_id), alive()))):
        if nic.use in {"", "instance"}:
            made = Claimer(tx, network_id, nic.id, now).self_made(subnet, nic.mac)
            mark_nic(tx, tx.nics.save(replace(nic, fixed_ips=(*nic.fixed_ips, made), updated_at=now)))


def unaddress_all(tx: Transaction, subnet: Subnet, now: float) -> None:
    """Take the addresses that guests made themselves away, with their subnet."""
    if not self_addressed(subnet):
        return
    owners = {c.owner for c in tx.claims.with_prefix("address", f"{subnet.id}/")}
    for nic in tx.nics.many(tuple(owners)):
        gone = tuple(ip for ip in nic.fixed_ips if ip.subnet_id == subnet.id)
        if nic.deleted_at is None and gone:
            release_fixed(tx, nic, gone)
            left = tuple(ip for ip in nic.fixed_ips if ip not in gone)
            mark_nic(tx, tx.nics.save(replace(nic, fixed_ips=left, updated_at=now)))
