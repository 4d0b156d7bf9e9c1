"""What the agent process is made of when the cloud is simulated: as many fake worlds as the settings say, no root."""

from msgspec.structs import replace

from kumoi.adapters.fake.compute import FakeCompute
from kumoi.adapters.fake.exports import FakeExporter, Wire
from kumoi.adapters.fake.gauges import FakeGauges
from kumoi.adapters.fake.guests import FakeGuestServices
from kumoi.adapters.fake.network import FakeNetwork
from kumoi.adapters.fake.storage import FakeStorage
from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import World
from kumoi.adapters.link_http import HttpLink
from kumoi.adapters.system import SystemChance, SystemClock
from kumoi.agent.drivers import Drivers
from kumoi.agent.simulator import MANNER, Ground, Simulator
from kumoi.contracts.clock import Clock
from kumoi.core.disks import PoolOffer
from kumoi.core.exports import INITIATES
from kumoi.core.hosts import Capacity
from kumoi.core.plan import Hello
from kumoi.core.qos import GUARANTEES, LIMITS
from kumoi.core.subnet_rules import ADVERTISES
from kumoi.core.trunks import CARRIES
from kumoi.runtime.settings import Settings
from kumoi.runtime.state_folder import StateFolder

CAPACITY = Capacity(
    vcpus=16,
    memory_mib=64 * 1024,
    disk_gib=1000,
    egress_kbps=10_000_000,
    ingress_kbps=10_000_000,
    kpps=10_000,
)
CAPABILITIES = ("router", ADVERTISES, LIMITS, GUARANTEES, CARRIES, INITIATES)
POOL = "files"
BOOT_S = 0.5


def simulator(settings: Settings) -> Simulator:
    """Ready to start; serve need not be there yet."""
    clock, chance = SystemClock(), SystemChance()
    # A world is memory: with this process all of them end, and boot anew with the next one.
    boot_id = chance.uuid()
    wire = Wire()
    grounds = [_ground(number, boot_id, clock, wire) for number in range(1, settings.cloud.hosts + 1)]
    link = HttpLink(StateFolder(settings.state).link_socket)
    manner = replace(MANNER, sample_s=settings.metrics.sample_s)
    return Simulator(grounds, link, clock, chance, manner)


def _ground(number: int, boot_id: str, clock: Clock, wire: Wire) -> Ground:
    world = World(clock, boot_id, BOOT_S)
    world.log_in = wire.log_in
    portal = f"simulated-{number:04}:3260"
    drivers = Drivers(
        compute=FakeCompute(world),
        gauges=FakeGauges(world),
        network=FakeNetwork(world),
        storage=FakeStorage(world, fetches=False),
        pools={POOL: FakeVolumePool(world, fetches=False)},
        guests=FakeGuestServices(world),
        config_files=lambda _entry, _nics, _subnets: {},
        exporter=FakeExporter(world, wire, portal),
    )
    hello = Hello(
        name=f"simulated-{number:04}",
        boot_id=boot_id,
        capacity=CAPACITY,
        capabilities=CAPABILITIES,
        accelerator="fake",
        pools=(PoolOffer(name=POOL, driver="fake", total_gib=1000, portal=portal),),
        booted_at=clock.now(),
    )
    return Ground(hello, drivers)
