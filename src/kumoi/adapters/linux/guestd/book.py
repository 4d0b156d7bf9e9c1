"""All that guests may be told, found by who asks: the network on whose socket it came, and the sender's MAC or address.

Pure. What does not belong here: how it is spelled (`dhcp`, `dns`, `documents`).
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

import msgspec

from kumoi.adapters.linux.addresses import link_local
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.guest_data import GuestData
from kumoi.core.ids import InstanceId, NetworkId
from kumoi.core.networks import DEFAULT_DOMAIN
from kumoi.core.nics import made_hostname
from kumoi.core.plan import NetworkEntry, NicEntry, SubnetEntry

Network = IPv4Network | IPv6Network


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A nic on its network, with its addresses and the subnets that these are of."""

    nic: NicEntry
    network: NetworkEntry
    addresses: tuple[tuple[str, SubnetEntry], ...]

    @property
    def hostname(self) -> str:
        """The instance's name in DNS; one made from the address where it has none."""
        return self.nic.hostname.lower() or (self.made_name if self.addresses else "")

    @property
    def domain(self) -> str:
        """Its own, or its network's."""
        return _domain(self.nic.dns_domain) or domain(self.network)

    @property
    def made_name(self) -> str:
        return made_hostname(self.addresses[0][0])


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """An instance with all its nics; `asked_by` is the one that asks. `http_proxy`: its way out, if any."""

    id: InstanceId
    data: GuestData
    asked_by: Place
    places: tuple[Place, ...]
    http_proxy: str = ""


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """A network's names: `name.domain` → addresses, and reverse. A nic may be of another domain than `domain`: it is
    known by both."""

    domain: str
    addresses: dict[str, tuple[str, ...]]
    names: dict[str, str]
    blocks: tuple[Network, ...]


class Book:
    def __init__(
        self, networks: tuple[GuestNetwork, ...], guests: dict[InstanceId, GuestData], http_proxy: str = ""
    ) -> None:
        self._guests = guests
        self._http_proxy = http_proxy
        self._by_mac: dict[tuple[NetworkId, str], Place] = {}
        self._by_address: dict[tuple[NetworkId, str], Place] = {}
        self._by_instance: dict[InstanceId, list[Place]] = {}
        self._names: dict[NetworkId, Names] = {}
        self._networks = {known.network.id: known for known in networks}
        for known in networks:
            self._enter(known)

    def network(self, network: NetworkId) -> GuestNetwork | None:
        return self._networks.get(network)

    def by_address(self, network: NetworkId, address: str) -> Place | None:
        """Also by the link-local address that is made of its MAC: no other of its kind passes the filter."""
        return self._by_address.get((network, address))

    def by_mac(self, network: NetworkId, mac: str) -> Place | None:
        """`mac` in lower case, with colons."""
        return self._by_mac.get((network, mac))

    def machine(self, network: NetworkId, address: str) -> Machine | None:
        """The instance that has this address on this network, if guests are told about it."""
        place = self._by_address.get((network, address))
        if place is None or place.nic.instance_id is None:
            return None
        data = self._guests.get(place.nic.instance_id)
        if data is None:
            return None
        places = tuple(self._by_instance[place.nic.instance_id])
        return Machine(id=place.nic.instance_id, data=data, asked_by=place, places=places, http_proxy=self._http_proxy)

    def names(self, network: NetworkId) -> Names | None:
        return self._names.get(network)

    def _enter(self, known: GuestNetwork) -> None:
        subnets = {subnet.id: subnet for subnet in known.subnets}
        places: list[Place] = []
        for nic in known.nics:
            addresses = tuple((ip.address, subnets[ip.subnet_id]) for ip in nic.fixed_ips if ip.subnet_id in subnets)
            place = Place(nic=nic, network=known.network, addresses=addresses)
            places.append(place)
            self._by_mac[known.network.id, nic.mac.lower()] = place
            self._by_address[known.network.id, str(link_local(nic.mac.lower()))] = place
            for address, _ in addresses:
                self._by_address[known.network.id, address] = place
            if nic.instance_id is not None:
                self._by_instance.setdefault(nic.instance_id, []).append(place)
        self._names[known.network.id] = _names(known, places)


def domain(network: NetworkEntry) -> str:
    return _domain(network.dns_domain) or DEFAULT_DOMAIN


def _domain(text: str) -> str:
    return text.strip(".").lower()


def is_v4(address: str) -> bool:
    return isinstance(ip_address(address), IPv4Address)


def _names(known: GuestNetwork, places: list[Place]) -> Names:
    suffix = domain(known.network)
    found: dict[str, tuple[str, ...]] = {}
    reverse: dict[str, str] = {}
    for place in places:
        if not place.addresses:
            continue
        own = tuple(address for address, _ in place.addresses)
        known_as = [f"{name}.{of}" for name in (place.hostname, place.made_name) for of in (place.domain, suffix)]
        for full in dict.fromkeys(known_as):
            found[full] = found.get(full, ()) + own
        for address in own:
            reverse[ip_address(address).reverse_pointer] = f"{place.hostname}.{place.domain}"
    blocks = tuple(ip_network(subnet.cidr, strict=False) for subnet in known.subnets)
    return Names(domain=suffix, addresses=found, names=reverse, blocks=blocks)
