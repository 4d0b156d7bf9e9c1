"""The nic of a network's DHCP, DNS and metadata service: one a network, with an address on every subnet that serves."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks.addresses import Claimer, FixedWish, release_fixed
from kumoi.app.networks.nics import NicWish, drop_nic, make_nic
from kumoi.app.writing import mark_nic
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import NetworkId
from kumoi.core.networks import Network, Subnet
from kumoi.core.nics import Nic
from kumoi.core.query import Query, alive, eq

DEVICE = "reserved_dhcp_port"


def serve(tx: Transaction, house: House, call: Call, network: Network, subnet: Subnet) -> None:
    """Claim a service address on the subnet, unless it has one."""
    nic = service_nic(tx, network.id)
    wish = FixedWish(subnet_id=subnet.id)
    if nic is None:
        make_nic(
            tx,
            house,
            call,
            NicWish(
                network_id=network.id,
                project_id=network.project_id,
                fixed_ips=(wish,),
                use="dhcp",
                device_id=DEVICE,
            ),
        )
    elif all(ip.subnet_id != subnet.id for ip in nic.fixed_ips):
        more = Claimer(tx, network.id, nic.id, call.now).fixed((wish,), nic.mac)
        mark_nic(tx, tx.nics.save(replace(nic, fixed_ips=(*nic.fixed_ips, *more), updated_at=call.now)))


def unserve(tx: Transaction, house: House, call: Call, subnet: Subnet) -> None:
    """Let the subnet's service address go, and the nic with its last one."""
    nic = service_nic(tx, subnet.network_id)
    if nic is None:
        return
    gone = tuple(ip for ip in nic.fixed_ips if ip.subnet_id == subnet.id)
    if not gone:
        return
    if len(gone) == len(nic.fixed_ips):
        drop_nic(tx, house, call, nic)
        return
    release_fixed(tx, nic, gone)
    left = tuple(ip for ip in nic.fixed_ips if ip not in gone)
    mark_nic(tx, tx.nics.save(replace(nic, fixed_ips=left, updated_at=call.now)))


def service_nic(tx: Transaction, network_id: NetworkId) -> Nic | None:
    found = tx.nics.find(Query(filters=(eq("network_id", network_id), eq("use", "dhcp"), alive()), limit=1))
    return found[0] if found else None
