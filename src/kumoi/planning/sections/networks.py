"""The entries of a network's section: the network, its subnets, its nics."""

from kumoi.core.networks import Network, Subnet
from kumoi.core.nics import Nic
from kumoi.core.plan import NetworkEntry, NicEntry, SubnetEntry
from kumoi.core.qos import Shaping


def network_entry(network: Network) -> NetworkEntry:
    return NetworkEntry(
        id=network.id,
        vni=network.vni,
        mtu=network.mtu,
        external=network.external,
        dns_domain=network.dns_domain,
        admin_up=network.admin_up,
        physical=network.physical,
        vlan=network.vlan,
    )


def subnet_entry(subnet: Subnet, service: Nic | None) -> SubnetEntry:
    """`service`: the nic of the network's DHCP, DNS and metadata service, when there is one."""
    addresses = [ip.address for ip in service.fixed_ips if ip.subnet_id == subnet.id] if service else []
    return SubnetEntry(
        id=subnet.id,
        network_id=subnet.network_id,
        cidr=subnet.cidr,
        gateway=subnet.gateway,
        dhcp=subnet.dhcp,
        ra_mode=subnet.ra_mode,
        address_mode=subnet.address_mode,
        service_address=addresses[0] if addresses else None,
        pools=subnet.pools,
        dns_servers=subnet.dns_servers,
        host_routes=subnet.host_routes,
    )


def nic_entry(nic: Nic, hostname: str, shaping: Shaping | None) -> NicEntry:
    return NicEntry(
        id=nic.id,
        network_id=nic.network_id,
        mac=nic.mac,
        mark=nic.mark,
        fixed_ips=nic.fixed_ips,
        group_ids=nic.group_ids,
        port_security=nic.port_security,
        admin_up=nic.admin_up,
        pairs=nic.pairs,
        pvlan=nic.pvlan,
        community=nic.community,
        shaping=shaping,
        host_id=nic.host_id,
        instance_id=nic.instance_id,
        hostname=hostname,
        dns_domain=nic.dns_domain,
        dhcp_options=nic.dhcp_options,
    )
