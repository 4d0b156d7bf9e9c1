"""That blocks do not overlap: of one network, of one router's legs, of a router's legs and the networks it leads to."""

from collections.abc import Iterable
from ipaddress import ip_network

from kumoi.app.networks.legs import gateways, interfaces, subnets_of
from kumoi.contracts.store import Transaction
from kumoi.core import addressing
from kumoi.core.errors import Invalid
from kumoi.core.ids import NetworkId, SubnetId, VpcId
from kumoi.core.networks import Subnet
from kumoi.core.query import Query, alive, eq, is_in


def check_on_network(tx: Transaction, network_id: NetworkId, cidr: str, but: SubnetId | None = None) -> None:
    others = [s for s in _subnets(tx, [network_id]) if s.id != but]
    clash = addressing.overlapping(ip_network(cidr), (s.cidr for s in others))
    if clash is not None:
        raise Invalid("network", field="cidr", reason="overlap", value=cidr, other=clash, network=network_id)


def check_legs(tx: Transaction, vpc_id: VpcId, wished: Iterable[Subnet]) -> None:
    """The router has no leg on these subnets, nor on one that overlaps, nor a gateway to such."""
    there, outer = subnets_of(tx, interfaces(tx, vpc_id)), _outer(tx, vpc_id)
    for subnet in wished:
        if any(s.id == subnet.id for s in there):
            raise Invalid("network", field="subnet_id", reason="leg_there_already", value=subnet.id)
        _check("subnet_id", subnet.cidr, (*there, *outer))


def check_gateway(tx: Transaction, vpc_id: VpcId, network_id: NetworkId) -> None:
    """No subnet of the outer network overlaps one of the legs', nor one of another outer network."""
    there = subnets_of(tx, interfaces(tx, vpc_id))
    others = [s for s in _outer(tx, vpc_id) if s.network_id != network_id]
    for subnet in _subnets(tx, [network_id]):
        _check("gateway", subnet.cidr, (*there, *others))


def check_grown(tx: Transaction, subnet: Subnet, cidr: str) -> None:
    """A subnet's larger block, beside all that its routers lead to."""
    check_on_network(tx, subnet.network_id, cidr, but=subnet.id)
    for vpc_id in routers_on(tx, subnet):
        around = (*subnets_of(tx, interfaces(tx, vpc_id)), *_outer(tx, vpc_id))
        _check("cidr", cidr, [s for s in around if s.id != subnet.id])


def routers_on(tx: Transaction, subnet: Subnet) -> tuple[VpcId, ...]:
    """The routers with a leg or a gateway on the subnet."""
    on_it = tx.nics.find(Query(filters=(eq("network_id", subnet.network_id), alive())))
    legs = (n for n in on_it if n.vpc_id is not None and any(ip.subnet_id == subnet.id for ip in n.fixed_ips))
    return tuple(dict.fromkeys(n.vpc_id for n in legs if n.vpc_id is not None and n.use != "public_address"))


def _check(field: str, cidr: str, others: Iterable[Subnet]) -> None:
    clash = addressing.overlapping(ip_network(cidr), (s.cidr for s in others))
    if clash is not None:
        raise Invalid("network", field=field, reason="overlap", value=cidr, other=clash)


def _outer(tx: Transaction, vpc_id: VpcId) -> list[Subnet]:
    return _subnets(tx, [nic.network_id for nic in gateways(tx, vpc_id)])


def _subnets(tx: Transaction, network_ids: Iterable[NetworkId]) -> list[Subnet]:
    ids = tuple(dict.fromkeys(network_ids))
    return tx.subnets.find(Query(filters=(is_in("network_id", ids), alive()))) if ids else []
