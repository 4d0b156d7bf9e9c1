"""Networks of a fake world."""

from kumoi.adapters.fake import pictures
from kumoi.adapters.fake.compute import bridge_name
from kumoi.adapters.fake.world import World
from kumoi.contracts.network import Filters, SeenNetwork, Segment
from kumoi.core.errors import Unavailable
from kumoi.core.ids import NetworkId, VpcId
from kumoi.core.pictures import Picture, Scope
from kumoi.core.plan import NetworkEntry, NicEntry, VpcEntry


class FakeNetwork:
    """See `contracts.network.Network`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def bridge(self, network: NetworkEntry) -> str:
        return bridge_name(network.vni)

    def ensure_segment(self, segment: Segment) -> None:
        with self._world.act("ensure_segment", "network"):
            self._world.segments[segment.network.id] = segment
            physical = segment.network.physical
            if physical and self._world.physical is not None and physical not in self._world.physical:
                raise Unavailable("network", what="physical_network", name=physical)

    def remove_segment(self, network: NetworkId) -> None:
        world = self._world
        with world.act("remove_segment", "network"):
            gone = world.segments.pop(network, None)
            if gone is None:
                return
            bridge = bridge_name(gone.network.vni)
            for one in world.machines.values():
                if any(plug.bridge == bridge for plug in one.plugged.values()):
                    world.broken.append(f"{network} was removed beneath {one.machine.id}")

    def ensure_filters(self, filters: Filters, nics: tuple[NicEntry, ...]) -> None:
        world = self._world
        with world.act("ensure_filters", "network"):
            world.filters = filters
            world.nics = {nic.id: nic for nic in nics}
            groups = {group.id for group in filters.groups}
            for nic in nics:
                if not groups.issuperset(nic.group_ids):
                    world.broken.append(f"{nic.id} was filtered without all of its groups")
            for one in world.machines.values():
                for plug in one.plugged.values():
                    if plug.nic_id not in world.nics:
                        world.broken.append(f"{plug.nic_id} lost its filters while {one.machine.id} ran")

    def ensure_vpc(self, vpc: VpcEntry) -> None:
        with self._world.act("ensure_vpc", "network"):
            for leg in vpc.all_legs:
                if leg.network_id not in self._world.segments:
                    raise Unavailable("network", what=bridge_name(leg.vni))
            self._world.vpcs[vpc.id] = vpc

    def remove_vpc(self, vpc: VpcId) -> None:
        with self._world.act("remove_vpc", "network"):
            self._world.vpcs.pop(vpc, None)

    def observe(self) -> SeenNetwork:
        world = self._world
        with world.lock:
            return SeenNetwork(
                segments=frozenset(world.segments),
                nics=frozenset(world.nics),
                vpcs=frozenset(world.vpcs),
                groups=frozenset(g.id for g in world.filters.groups) if world.filters else frozenset(),
            )

    def picture(self, scope: Scope) -> Picture:
        with self._world.lock:
            return pictures.take(self._world, scope)
