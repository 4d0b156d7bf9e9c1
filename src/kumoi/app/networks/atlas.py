"""A project's networks as EC2 tells them: which VPC a subnet is of, which are the default ones, what room is left."""

import msgspec

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.contracts.store import Transaction
from kumoi.core import addressing
from kumoi.core.call import Call
from kumoi.core.ids import NetworkId, SubnetId, VpcId
from kumoi.core.networks import Subnet
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, alive, eq, is_in
from kumoi.core.vpcs import Vpc


class Atlas(msgspec.Struct, frozen=True, kw_only=True):
    """`vpcs`: the project's, oldest first. `subnets`: its own and shared ones, oldest first, none of outer networks.

    `vpc_of`: the VPC (router) that has a leg on the subnet; a subnet without a router is of none.
    """

    vpcs: tuple[Vpc, ...]
    subnets: dict[SubnetId, Subnet]
    vpc_of: dict[SubnetId, VpcId]

    @property
    def default_vpc(self) -> VpcId | None:
        """The oldest: where things go that name no VPC."""
        return self.vpcs[0].id if self.vpcs else None

    @property
    def default_subnet(self) -> Subnet | None:
        """The oldest of the default VPC."""
        vpc_id = self.default_vpc
        return next((s for s in self.subnets.values() if vpc_id and self.vpc_of.get(s.id) == vpc_id), None)

    def cidrs_of(self, vpc_id: VpcId) -> tuple[str, ...]:
        """The blocks of a VPC's subnets."""
        return tuple(s.cidr for s in self.subnets.values() if self.vpc_of.get(s.id) == vpc_id)

    def subnet_of_network(self, network_id: NetworkId) -> Subnet | None:
        """A network's oldest subnet: where a nic without an address is shown to be."""
        return next((s for s in self.subnets.values() if s.network_id == network_id), None)


def atlas(house: House, call: Call) -> Atlas:
    """Of the call's own project, whatever else it might see."""
    allow(call, "vpc.read")
    allow(call, "subnet.read")
    own = Query(filters=(eq("project_id", call.project_id), alive()), order=(Order("created_at"),))

    def read(tx: Transaction) -> Atlas:
        vpcs = tx.vpcs.find(own)
        legs = tx.nics.find(own.where(eq("use", "vpc_interface")))
        networks = tx.networks.many(reading.seen_networks(tx, call))
        inner = tuple(n.id for n in networks if not n.external)
        subnets = tx.subnets.find(Query(filters=(is_in("network_id", inner), alive()), order=(Order("created_at"),)))
        return Atlas(
            vpcs=tuple(vpcs),
            subnets={s.id: s for s in subnets},
            vpc_of={ip.subnet_id: leg.vpc_id for leg in legs for ip in leg.fixed_ips if leg.vpc_id},
        )

    return house.store.read(read)


def free_addresses(house: House, call: Call, subnets: tuple[Subnet, ...]) -> dict[SubnetId, int]:
    """How many addresses of its pools nobody claims, by subnet."""
    allow(call, "subnet.read")

    def read(tx: Transaction) -> dict[SubnetId, int]:
        return {s.id: addressing.free_count(s.pools, tx.claims.with_prefix("address", f"{s.id}/")) for s in subnets}

    return house.store.read(read)
