"""What a walk looks up of what stands, with the reasons that end it where something does not. Pure."""

from ipaddress import ip_address, ip_network

from kumoi.core.ids import NetworkId
from kumoi.core.pictures import SeenDevice, SeenRoom
from kumoi.core.plan import NetworkEntry, NicEntry, SubnetEntry, VpcEntry
from kumoi.core.vpcs import Leg
from kumoi.planning.explain.case import Case, Stopped


class Ground:
    """The wish says which thing should be there; the picture whether it is."""

    def __init__(self, case: Case) -> None:
        self.wished = case.wished
        self.picture = case.picture

    def home(self) -> SeenRoom:
        """The host's own namespace."""
        found = self.picture.room("")
        if found is None:
            raise Stopped("no_bridge", network="")
        return found

    def device(self, name: str) -> SeenDevice | None:
        home = self.picture.room("")
        return device_in(home, name) if home is not None and name else None

    def bridge(self, network: NetworkId) -> SeenDevice:
        found = self.device(self.picture.bridges.get(network, ""))
        if found is None:
            raise Stopped("no_bridge", network=network)
        if not found.up:
            raise Stopped("device_down", device=found.name)
        return found

    def check_port(self, port: SeenDevice, network: NetworkId) -> None:
        """Up, and in the network's bridge."""
        bridge = self.bridge(network)
        if not port.up:
            raise Stopped("device_down", device=port.name)
        if port.master != bridge.name:
            raise Stopped("not_in_bridge", device=port.name, bridge=bridge.name)

    def foot(self, network: NetworkId) -> SeenDevice:
        """The cloud's own end of its wire into an external network, the other one in its bridge."""
        name, port_name = self.picture.feet.get(network, ("", ""))
        near, port = self.device(name), self.device(port_name)
        if near is None or port is None:
            raise Stopped("no_foot", device=name, network=network)
        self.check_port(port, network)
        if not near.up:
            raise Stopped("device_down", device=near.name)
        return near

    def physical(self, network: NetworkEntry) -> SeenDevice:
        """The port that leads to the network outside that this one is a part of."""
        port = self.device(self.picture.physical.get(network.id, ""))
        if port is None:
            raise Stopped("no_physical", physical=network.physical, network=network.id)
        self.check_port(port, network.id)
        return port

    def check_guest(self, nic: NicEntry) -> SeenDevice:
        """Running, plugged in, up, and in its network's bridge: its tap."""
        name = self.name(nic)
        self._check_host(nic.instance_id or "", name)
        if nic.instance_id is not None:
            seen = self.picture.powers.get(nic.instance_id, "missing")
            if seen != "running":
                raise Stopped("guest_not_running", name=name, power=seen)
        if not nic.admin_up:
            raise Stopped("nic_down", name=name)
        network = self.wished.networks.get(nic.network_id)
        if network is not None and not network.admin_up:
            raise Stopped("network_down", network=network.id)
        tap = self.device(self.picture.taps.get(nic.id, ""))
        if tap is None:
            raise Stopped("nic_not_plugged", name=name)
        self.check_port(tap, nic.network_id)
        return tap

    def _check_host(self, thing: str, name: str) -> None:
        if thing in self.wished.elsewhere:
            raise Stopped("on_another_host", name=name, host=self.wished.elsewhere[thing])

    def subnets(self, network: NetworkId) -> list[SubnetEntry]:
        return [subnet for subnet in self.wished.subnets if subnet.network_id == network]

    def on_link(self, network: NetworkId, address: str) -> bool:
        """Whether guests of the network ask for the address themselves, and need nobody who leads there."""
        return any(within(address, subnet.cidr) for subnet in self.subnets(network))

    def owner(self, network: NetworkId, address: str) -> NicEntry | None:
        """The guest's nic with the address."""
        return next(
            (
                nic
                for nic in self.wished.nics.values()
                if nic.network_id == network
                and nic.instance_id is not None
                and any(ip_address(ip.address) == ip_address(address) for ip in nic.fixed_ips)
            ),
            None,
        )

    def router_at(self, network: NetworkId, address: str) -> tuple[VpcEntry, Leg] | None:
        """The router that has the address on the network, or leads it in as a public one."""
        for vpc in self.wished.vpcs.values():
            for leg in vpc.all_legs:
                if leg.network_id == network and any(text.partition("/")[0] == address for text in leg.addresses):
                    return vpc, leg
            for way in vpc.exits:
                if way.leg.network_id == network and address in way.carries:
                    return vpc, way.leg
        if address in self.wished.nowhere:
            raise Stopped("public_leads_nowhere", address=address)
        return None

    def through_wire(self, vpc: VpcEntry, leg: Leg) -> tuple[SeenRoom, SeenDevice]:
        """A router's namespace and its end of the leg's wire: both ends up and in place."""
        self._check_host(vpc.id, vpc.id)
        room = self.picture.room(self.picture.rooms_of.get(vpc.id, ""))
        if room is None or not room.name:
            raise Stopped("no_router", router=vpc.id)
        name = self.picture.legs.get(leg.nic_id, "")
        outer, inner = self.device(name), device_in(room, name)
        if outer is None or inner is None:
            raise Stopped("no_wire", device=name or leg.nic_id, router=vpc.id)
        self.check_port(outer, leg.network_id)
        if not inner.up:
            raise Stopped("device_down", device=f"{room.name}/{inner.name}")
        return room, inner

    def name(self, nic: NicEntry) -> str:
        return self.wished.names.get(nic.instance_id or "", "") or nic.hostname or nic.id


def device_in(room: SeenRoom, name: str) -> SeenDevice | None:
    return next((device for device in room.devices if device.name == name), None)


def within(address: str, block: str) -> bool:
    there, around = ip_address(address), ip_network(block, strict=False)
    return there.version == around.version and there in around
