"""What guests are told when they ask: addresses by DHCP, names by DNS, themselves by the metadata service."""

from typing import Protocol

import msgspec

from kumoi.core.guest_data import GuestData
from kumoi.core.ids import InstanceId
from kumoi.core.plan import NetworkEntry, NicEntry, SubnetEntry, VpcEntry


class GuestNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """All that the guest services need to answer on one network of this host.

    `asked`: guests of it are here; else only a router's leg is, which advertises it.
    """

    network: NetworkEntry
    subnets: tuple[SubnetEntry, ...]
    nics: tuple[NicEntry, ...]
    asked: bool = True


class GuestServices(Protocol):
    """`publish` replaces everything known; sockets are kept or made as needed. Twice is harmless."""

    def publish(
        self,
        networks: tuple[GuestNetwork, ...],
        guests: dict[InstanceId, GuestData],
        routers: tuple[VpcEntry, ...] = (),
    ) -> None: ...
