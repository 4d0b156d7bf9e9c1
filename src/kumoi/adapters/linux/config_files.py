"""What stands on an instance's config drive: the metadata service's own documents, by path. Pure but for the seed."""

import os

from kumoi.adapters.linux.guestd.book import Book
from kumoi.adapters.linux.guestd.openstack import CONTENT, SEED_BYTES, contents, documents
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.plan import InstanceEntry, NetworkEntry, NicEntry, SubnetEntry

FOLDER = "openstack/latest"


def config_files(
    http_proxy: str, entry: InstanceEntry, nics: list[NicEntry], subnets: list[SubnetEntry]
) -> dict[str, bytes]:
    """Path → content. Empty for an instance without an address: nothing is known of it that a drive could tell."""
    networks = tuple(
        GuestNetwork(
            network=NetworkEntry(id=plug.network_id, vni=plug.vni, mtu=plug.mtu),
            subnets=tuple(s for s in subnets if s.network_id == plug.network_id),
            nics=tuple(n for n in nics if n.network_id == plug.network_id),
        )
        for plug in entry.nics
    )
    book = Book(networks, {entry.id: entry.guest}, http_proxy)
    asking = ((n.network_id, ip.address) for n in nics for ip in n.fixed_ips if n.instance_id == entry.id)
    machine = next((m for network, address in asking if (m := book.machine(network, address))), None)
    if machine is None:
        return {}
    found = {f"{FOLDER}/{name}": content for name, content in documents(machine, os.urandom(SEED_BYTES)).items()}
    return found | {f"openstack/{CONTENT}/{name}": content for name, content in contents(machine).items()}
