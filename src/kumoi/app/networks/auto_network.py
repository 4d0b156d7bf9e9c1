"""The network that a project gets by itself when it runs its first instance and has none: with a way out.

Named as Neutron names what it allocates by itself. A project that sees any network already gets nothing.
"""

from typing import Final

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import networks, reading, subnets
from kumoi.app.networks.gateways import GatewayWish
from kumoi.app.networks.networks import NetworkWish
from kumoi.app.networks.subnets import SubnetWish
from kumoi.app.networks.vpc_legs import LegWish, lay_leg
from kumoi.app.networks.vpcs import VpcWish, create_vpc, delete_vpc
from kumoi.app.writing import commit
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import NetworkId
from kumoi.core.networks import Network
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, any_of, eq, is_in

NETWORK: Final = "auto_allocated_network"
SUBNET: Final = "auto_allocated_subnet_v4"
ROUTER: Final = "auto_allocated_router"
CIDR: Final = "10.0.0.0/24"  # its own router translates, so projects may have the same


def networks_for(tx: Transaction, call: Call, limit: int) -> list[Network]:
    """Those that an instance of the project may be on, its own and shared ones."""
    mine = any_of(eq("project_id", call.project_id), is_in("id", reading.shared_to(tx, "network", call.project_id)))
    return tx.networks.find(Query(filters=(mine, eq("external", value=False), alive()), limit=limit))


def ensure_network(house: House, call: Call) -> None:
    """Afterwards the project has one at least. Callers that meet make one, not two. Raises Invalid where no external
    network leads out, or more than one and none is the default."""
    for action in ("network.create", "subnet.create", "vpc.create", "vpc.update"):
        allow(call, action)
    outside = house.store.read(lambda tx: None if networks_for(tx, call, 1) else _outside(tx))
    if outside is None:
        return
    network = NetworkWish(name=NETWORK)
    subnet = SubnetWish(network_id=NetworkId(""), name=SUBNET, cidr=CIDR, dns_servers=house.rules.dns_servers)
    networks.check_wish(house, call, network)
    router = create_vpc(house, call, VpcWish(name=ROUTER, gateway=GatewayWish(network_id=outside))).vpc

    def write(tx: Transaction) -> bool:
        if networks_for(tx, call, 1):
            return False
        made = networks.make_network(tx, house, call, network)
        below = subnets.make_subnet(tx, house, call, replace(subnet, network_id=made.id))
        lay_leg(tx, house, call, router.id, LegWish(subnet_id=below.id))
        return True

    made = False
    try:
        made = commit(house, write)
    finally:
        if not made:
            delete_vpc(house, call, router.id)


def _outside(tx: Transaction) -> NetworkId:
    """The external network that is meant where none is named."""
    found = tx.networks.find(Query(filters=(eq("external", value=True), alive())))
    meant = [n for n in found if n.is_default] or found
    if len(meant) != 1:
        raise Invalid("network", field="networks", reason="no_way_out")
    return meant[0].id
