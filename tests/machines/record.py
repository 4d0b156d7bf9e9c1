"""What users asked for, kept apart from everything that the cloud keeps: what must come true is read from here."""

from collections.abc import Iterable

from kumoi.core.ids import (
    GroupId,
    HostId,
    ImageId,
    InstanceId,
    NetworkId,
    NicId,
    PublicAddressId,
    RuleId,
    SubnetId,
    VpcId,
)

Place = tuple[SubnetId, str]  # an address on its subnet


class Guest:
    """`ended`: its own shutdown has not been heard of yet. `unsure`: too much happened to say whether it is to run.

    `excuses`: for how many starts there is a reason.
    """

    def __init__(self, guest_id: InstanceId, image: ImageId, nics: list[NicId], *, refused: bool) -> None:
        self.id = guest_id
        self.image = image
        self.nics = nics
        self.refused = refused
        self.on = True
        self.reboots = 0
        self.excuses = 1
        self.ended = False
        self.unsure = False
        self.labels: dict[str, str] = {}


class Nic:
    """`own`: goes with its guest."""

    def __init__(self, nic_id: NicId, network: NetworkId, places: list[Place], groups: set[GroupId]) -> None:
        self.id = nic_id
        self.network = network
        self.places = places
        self.groups = groups
        self.guest: InstanceId | None = None
        self.own = False


class Router:
    def __init__(self, router_id: VpcId, *, gateway: bool) -> None:
        self.id = router_id
        self.gateway = gateway
        self.legs: dict[NicId, Place] = {}


class Public:
    """A public address, and where it leads: to a nic by a router."""

    def __init__(self, public_id: PublicAddressId, address: str) -> None:
        self.id = public_id
        self.address = address
        self.nic: NicId | None = None
        self.fixed = ""
        self.router: VpcId | None = None


class Record:
    """All of it, by id. `outer`: the external network. `chosen`: addresses that somebody asked for by name: these may
    be taken over from what is deleted. `led`: which public address ever led where, by address, router and fixed one.
    """

    def __init__(self) -> None:
        self.guests: dict[InstanceId, Guest] = {}
        self.networks: dict[NetworkId, set[SubnetId]] = {}
        self.subnets: dict[SubnetId, tuple[NetworkId, str]] = {}
        self.nics: dict[NicId, Nic] = {}
        self.routers: dict[VpcId, Router] = {}
        self.publics: dict[PublicAddressId, Public] = {}
        self.groups: dict[GroupId, set[RuleId]] = {}
        self.images: set[ImageId] = set()
        self.outer = NetworkId("")
        self.chosen: set[str] = set()
        self.led: dict[tuple[str, VpcId, str], PublicAddressId] = {}

    def plugged(self, guest: Guest) -> list[Nic]:
        return [self.nics[nic] for nic in guest.nics]

    def free_nics(self) -> list[NicId]:
        return sorted(nic.id for nic in self.nics.values() if nic.guest is None)

    def network_of(self, subnet: SubnetId) -> NetworkId:
        return self.subnets[subnet][0]

    def forget_guest(self, guest: Guest) -> None:
        del self.guests[guest.id]
        for nic in self.plugged(guest):
            if nic.own:
                self.forget_nic(nic.id)
            else:
                nic.guest = None

    def forget_nic(self, nic_id: NicId) -> None:
        del self.nics[nic_id]
        for public in self.publics.values():
            if public.nic == nic_id:
                self.lead(public, None)

    def lead(self, public: Public, to: tuple[NicId, str, VpcId] | None) -> None:
        if to is None:
            public.nic, public.fixed, public.router = None, "", None
        else:
            public.nic, public.fixed, public.router = to
            self.led[public.address, to[2], to[1]] = public.id

    def floating(self, router: VpcId) -> set[tuple[str, str]]:
        return {(p.address, p.fixed) for p in self.publics.values() if p.router == router}

    def charged(self, vcpus: int, memory_mib: int) -> dict[str, int]:
        """What the project's counters should say, for guests of that size."""
        return {
            "instances": len(self.guests),
            "vcpus": len(self.guests) * vcpus,
            "memory_mib": len(self.guests) * memory_mib,
            "networks": len(self.networks) + 1,
            "subnets": len(self.subnets),
            "nics": len(self.nics) + sum(len(router.legs) for router in self.routers.values()),
            "vpcs": len(self.routers),
            "public_addresses": len(self.publics),
            "security_groups": len(self.groups),
            "security_rules": sum(len(rules) for rules in self.groups.values()),
            "images": len(self.images),
        }


class Strangers:
    """What stands in the hosts' worlds although the database, being older, has never heard of it."""

    def __init__(self) -> None:
        self.guests: set[InstanceId] = set()
        self.nics: set[NicId] = set()
        self.routers: set[VpcId] = set()
        self.networks: set[NetworkId] = set()
        self.running: set[tuple[HostId, InstanceId]] = set()

    def stopped(self, guests: Iterable[tuple[HostId, InstanceId]]) -> None:
        self.running -= set(guests)
