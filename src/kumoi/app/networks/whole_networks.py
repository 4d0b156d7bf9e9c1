"""A network that is of use at once: with its first subnet and a router's leg on it, all of it or nothing."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import networks, subnets
from kumoi.app.networks.networks import NetworkWish
from kumoi.app.networks.subnets import SubnetWish
from kumoi.app.networks.vpc_legs import LegWish, lay_leg
from kumoi.app.writing import commit
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import VpcId
from kumoi.core.networks import Network
from kumoi.core.policy import allow


class WholeWish(msgspec.Struct, frozen=True, kw_only=True):
    """`subnet` is of the network that is made, whatever it names. `vpc_id`: the router, which needs a subnet."""

    network: NetworkWish
    subnet: SubnetWish | None = None
    vpc_id: VpcId | None = None


def create_whole_network(house: House, call: Call, wish: WholeWish) -> Network:
    """Refuses what the doors of the three refuse."""
    allow(call, "network.create")
    networks.check_wish(house, call, wish.network)
    if wish.subnet is not None:
        allow(call, "subnet.create")
        subnets.check_wish(house, call, wish.subnet)
    if wish.vpc_id is not None:
        allow(call, "vpc.update")

    def write(tx: Transaction) -> Network:
        network = networks.make_network(tx, house, call, wish.network)
        if wish.subnet is not None:
            subnet = subnets.make_subnet(tx, house, call, replace(wish.subnet, network_id=network.id))
            if wish.vpc_id is not None:
                lay_leg(tx, house, call, wish.vpc_id, LegWish(subnet_id=subnet.id))
        return network

    return commit(house, write)
