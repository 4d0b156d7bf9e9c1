"""What of our own stands on this host, in the terms of the plan; what no plan names is a stray, told and left alone."""

from collections.abc import Iterable, Set

import msgspec

from kumoi.agent.drivers import Drivers
from kumoi.agent.glance import Glance
from kumoi.contracts.clock import Clock
from kumoi.contracts.compute import SeenMachine
from kumoi.contracts.network import SeenNetwork
from kumoi.contracts.volumes import Stock
from kumoi.core.ids import InstanceId, VolumeId
from kumoi.core.plan import Stray
from kumoi.planning.host_diff.instances import Sight

NOTHING = Sight()
Offered = dict[VolumeId, Set[str]]


class Machines(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that has a machine or a disk here, named by a plan or not; `strays` are names that are no ids."""

    sights: dict[InstanceId, Sight]
    strays: tuple[Stray, ...]

    def sight(self, instance_id: InstanceId) -> Sight:
        return self.sights.get(instance_id, NOTHING)

    def held(self, taps: Iterable[str], instance_id: InstanceId) -> dict[str, InstanceId]:
        """Those of these taps that another guest has, and which."""
        wanted = frozenset(taps)
        others = ((one, sight.taps & wanted) for one, sight in self.sights.items() if one != instance_id)
        return {tap: one for one, found in others for tap in found}

    def guests(self) -> dict[VolumeId, InstanceId]:
        """Who has a volume, running or with its memory on disk."""
        return {volume: one for one, sight in self.sights.items() for volume in sight.volumes}


class Scene:
    """Four glances: machines with their disks, the kernel's network, the pools of volumes by name, and what of those
    other hosts reach (None where there is no way)."""

    def __init__(self, drivers: Drivers, clock: Clock) -> None:
        self._drivers = drivers
        self.machines: Glance[Machines] = Glance(self._look_at_machines, clock)
        self.network: Glance[SeenNetwork] = Glance(drivers.network.observe, clock)
        self.stock: Glance[dict[str, Stock]] = Glance(self._look_at_pools, clock)
        self.offered: Glance[Offered | None] = Glance(self._look_at_exports, clock)

    def _look_at_pools(self) -> dict[str, Stock]:
        return {name: pool.observe() for name, pool in self._drivers.pools.items()}

    def _look_at_exports(self) -> Offered | None:
        return None if self._drivers.exporter is None else dict(self._drivers.exporter.observe())

    def _look_at_machines(self) -> Machines:
        seen, odd_machines = self._drivers.compute.observe()
        roots, odd_roots = self._drivers.storage.observe_roots()
        sights = {one.id: _sight(one, root=one.id in roots) for one in seen}
        for instance_id in roots - sights.keys():
            sights[instance_id] = Sight(root=True)
        machines = tuple(Stray(kind="machine", name=name) for name in sorted(odd_machines))
        disks = tuple(Stray(kind="root", name=name) for name in sorted(odd_roots))
        return Machines(sights=sights, strays=machines + disks)


def _sight(one: SeenMachine, *, root: bool) -> Sight:
    return Sight(
        power=one.power,
        run=one.run,
        ended_by=one.ended_by,
        resets=one.resets,
        pid=one.pid,
        root=root,
        taps=one.taps,
        volumes=one.volumes,
    )
