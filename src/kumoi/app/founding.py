"""What a new cloud starts with: the external network, and a project's first network with its router. Done once.

Every step is an ordinary door and looks first, so that a founding that was interrupted goes on where it was.
"""

from kumoi.app.house import House
from kumoi.app.networks.gateways import GatewayWish
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.subnets import SubnetWish, create_subnets
from kumoi.app.networks.vpc_legs import LegWish, add_leg
from kumoi.app.networks.vpcs import VpcWish, create_vpc
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.ids import NetworkId, ProjectId, SubnetId, UserId, VpcId
from kumoi.core.query import Query, alive, eq
from kumoi.core.quotas import Claim

PUBLIC, PRIVATE, ROUTER = "public", "private", "router"
PRIVATE_CIDR = "10.0.0.0/24"


def found_networks(house: House, user_id: UserId, project_id: ProjectId, public_cidr: str) -> None:
    """External network `public` on `public_cidr`, network `private` of the project, a router between them."""
    if house.store.read(lambda tx: tx.claims.get("name", "founded/networks")) is not None:
        return
    actor = Actor(user_id=user_id, user_name="", project_id=project_id, roles=frozenset({"admin"}))
    call = Call(actor=actor, request_id="req-founding", now=house.clock.now())
    public = _network(house, call, NetworkWish(name=PUBLIC, external=True))
    _subnet(house, call, SubnetWish(network_id=public, name=f"{PUBLIC}-subnet", cidr=public_cidr, dhcp=False))
    private = _network(house, call, NetworkWish(name=PRIVATE))
    dns = house.rules.dns_servers
    subnet = _subnet(
        house, call, SubnetWish(network_id=private, name=f"{PRIVATE}-subnet", cidr=PRIVATE_CIDR, dns_servers=dns)
    )
    _router(house, call, public, subnet)
    house.store.write(lambda tx: tx.claims.take(Claim(kind="name", key="founded/networks", owner="cloud", at=call.now)))


def _network(house: House, call: Call, wish: NetworkWish) -> NetworkId:
    same = Query(filters=(eq("name", wish.name), eq("project_id", call.project_id), alive()))
    there = house.store.read(lambda tx: tx.networks.find(same))
    return there[0].id if there else create_networks(house, call, (wish,))[0].network.id


def _subnet(house: House, call: Call, wish: SubnetWish) -> SubnetId:
    same = Query(filters=(eq("network_id", wish.network_id), alive()))
    there = house.store.read(lambda tx: tx.subnets.find(same))
    return there[0].id if there else create_subnets(house, call, (wish,))[0].subnet.id


def _router(house: House, call: Call, public: NetworkId, subnet: SubnetId) -> None:
    def read(tx: Transaction) -> tuple[VpcId | None, bool]:
        there = tx.vpcs.find(Query(filters=(eq("name", ROUTER), eq("project_id", call.project_id), alive())))
        if not there:
            return None, False
        legs = tx.nics.find(Query(filters=(eq("vpc_id", there[0].id), eq("use", "vpc_interface"), alive())))
        return there[0].id, bool(legs)

    vpc_id, has_leg = house.store.read(read)
    if vpc_id is None:
        wish = VpcWish(name=ROUTER, gateway=GatewayWish(network_id=public))
        vpc_id = create_vpc(house, call, wish).vpc.id
    if not has_leg:
        add_leg(house, call, vpc_id, LegWish(subnet_id=subnet))
