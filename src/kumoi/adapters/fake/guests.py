"""Guest services of a fake world: what was published is there to be looked at."""

from kumoi.adapters.fake.world import World
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.guest_data import GuestData
from kumoi.core.ids import InstanceId
from kumoi.core.plan import VpcEntry


class FakeGuestServices:
    """See `contracts.guests.GuestServices`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def publish(
        self,
        networks: tuple[GuestNetwork, ...],
        guests: dict[InstanceId, GuestData],
        routers: tuple[VpcEntry, ...] = (),
    ) -> None:
        with self._world.act("publish", "network"):
            self._world.networks = networks
            self._world.advertised = routers
            self._world.guests = dict(guests)
