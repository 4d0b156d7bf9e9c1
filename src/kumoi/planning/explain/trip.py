"""A packet under way: what it is by now, and which steps it made. Changed by every step."""

from ipaddress import ip_address
from typing import Final

from kumoi.core.ids import VpcId
from kumoi.planning.explain.case import Hop, Probe
from kumoi.planning.explain.rules import Packet

_SOURCE_PORT: Final = 49152
_ICMP: Final = {4: 1, 6: 58}


class Trip:
    """`came_by`: the router that passed it on last, if any."""

    def __init__(self, packet: Packet) -> None:
        self.packet = packet
        self.hops: list[Hop] = []
        self.came_by: VpcId | None = None

    def hop(self, code: str, where: str, **facts: str | int | float | bool | list[str] | None) -> None:
        self.hops.append(Hop(code=code, where=where, facts=dict(facts)))


def first(probe: Probe) -> Packet:
    """The packet that opens a flow."""
    version = ip_address(probe.destination).version
    protocol = _ICMP[version] if probe.protocol in _ICMP.values() else probe.protocol
    return Packet(
        version=version,
        protocol=protocol,
        source=probe.source,
        destination=probe.destination,
        source_port=_SOURCE_PORT,
        destination_port=probe.port,
    )


def answer(packet: Packet) -> Packet:
    """What the receiver sends back."""
    return Packet(
        version=packet.version,
        protocol=packet.protocol,
        source=packet.destination,
        destination=packet.source,
        source_port=packet.destination_port,
        destination_port=packet.source_port,
        state="established",
    )
