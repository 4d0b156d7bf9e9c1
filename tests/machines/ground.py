"""What the cloud machine stands on: a whole cloud in one thread with several hosts, each with a link of its own, and
a database that can be copied and brought back."""

import hashlib
import sqlite3
import tempfile
from pathlib import Path

from tests.machines.faulty_link import FaultyLink
from tests.usecase.cloud import Cloud

from kumoi.adapters.fake.compute import FakeCompute
from kumoi.adapters.fake.gauges import FakeGauges
from kumoi.adapters.fake.guests import FakeGuestServices
from kumoi.adapters.fake.journal import FakeJournal
from kumoi.adapters.fake.network import FakeNetwork
from kumoi.adapters.fake.storage import FakeStorage
from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import Crash, FakeMachine, World
from kumoi.adapters.link_local import LocalLink
from kumoi.agent.agent import Agent
from kumoi.agent.drivers import Drivers, Manner
from kumoi.agent.hands import Papers, Tools
from kumoi.agent.ledger import Ledger
from kumoi.agent.notebook import Notebook
from kumoi.contracts.compute import Machine
from kumoi.contracts.store import Transaction
from kumoi.control.loops import Control
from kumoi.control.purge import Retention
from kumoi.core.disks import PoolOffer
from kumoi.core.hosts import Capacity
from kumoi.core.ids import HostId, ImageId, InstanceId, LayerId
from kumoi.core.images import Image, Layer
from kumoi.core.plan import Hello
from kumoi.core.quotas import Allocation, project_scope
from kumoi.runtime.loop import settle

CAPACITIES = (
    Capacity(vcpus=8, memory_mib=512, disk_gib=100),
    Capacity(vcpus=8, memory_mib=384, disk_gib=100),
)
MANNER = Manner(poll_s=0.0, idle_s=3.0)
STRANGER = InstanceId("stranger")
RIVAL = "rival"
LAYER_BYTES = b"\0" * 64


class FakeHost:
    """A machine with an agent on it: `world`, papers and `link` outlive the agent's process.

    Somebody else's machine runs there, in our name and in nobody's plan.
    """

    def __init__(self, cloud: Cloud, number: int) -> None:
        self.name = f"host-{number}"
        self._cloud = cloud
        self._capacity = CAPACITIES[number]
        self._boots = 1
        self.world = World(cloud.clock, boot_id=f"{self.name}-boot-1")
        self.link = FaultyLink(LocalLink(cloud.house))
        self._ledger, self._notebook = FakeJournal(), FakeJournal()
        self.world.machines[STRANGER] = stranger = FakeMachine(
            Machine(id=STRANGER, name="stranger", vcpus=1, memory_mib=1, disk="", plugs=())
        )
        stranger.power = "running"
        self.agent = self._agent()

    def _agent(self) -> Agent:
        hello = Hello(
            name=self.name,
            boot_id=self.world.boot_id,
            capacity=self._capacity,
            capabilities=("router",),
            pools=(PoolOffer(name="files", driver="fake", total_gib=1000),),
        )
        drivers = Drivers(
            compute=FakeCompute(self.world),
            gauges=FakeGauges(self.world),
            network=FakeNetwork(self.world),
            storage=FakeStorage(self.world),
            pools={"files": FakeVolumePool(self.world)},
            guests=FakeGuestServices(self.world),
            config_files=lambda _entry, _nics, _subnets: {},
        )
        papers = Papers(Ledger(self._ledger), Notebook(self._notebook))
        tools = Tools(clock=self._cloud.clock, chance=self._cloud.chance, manner=MANNER)
        agent = Agent(hello, drivers, papers, self.link, tools)
        self.world.watchers[:] = [agent.noticed]
        return agent

    @property
    def id(self) -> HostId:
        """Empty until control has given it one."""
        return self.agent.ledger.identity.host_id

    def restart(self) -> None:
        """The agent's process ends anywhere, and another one begins."""
        self.world.faults.crash_before = self.world.faults.crash_after = 0
        self.world.meanwhile = None
        self.agent = self._agent()

    def reboot(self) -> None:
        self._boots += 1
        self.world.reboot(f"{self.name}-boot-{self._boots}")
        self.restart()

    def crashed(self) -> bool:
        """Whether the agent died at the act that was chosen for it."""
        faults = self.world.faults
        return 0 < max(faults.crash_before, faults.crash_after) <= faults.acts

    def dies_at(self, verbs: tuple[str, ...], *, done: bool) -> None:
        """The agent dies at the next act of these kinds, before or after it is done."""
        faults = self.world.faults

        def meanwhile(verb: str) -> None:
            if verb not in verbs:
                return
            if done:
                faults.crash_after = faults.acts
            else:
                faults.crash_before = faults.acts
                raise Crash(verb)

        self.world.meanwhile = meanwhile

    def heal(self) -> None:
        self.world.faults.heal()
        self.world.stubborn.clear()
        self.world.meanwhile = None
        self.link.heal()

    def things(self) -> set[InstanceId]:
        """Instances of which anything stands here."""
        world = self.world
        return {*world.machines, *world.roots, *world.drives} - {STRANGER}


class Ground:
    """`hosts` are all that there are. `control_works`: whether control's loops run when time passes."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kumoi-machine-")
        self.cloud = Cloud(Path(self._folder.name))
        self.house = self.cloud.house
        self.store = self.cloud.store
        self.clock = self.cloud.clock
        self.hosts = [FakeHost(self.cloud, n) for n in range(len(CAPACITIES))]
        self.control = self.cloud.control
        self.control_works = True
        self._bytes: dict[str, bytes] = {}
        assert self.store.folder is not None
        self.rows = sqlite3.connect(self.store.folder / "kumoi.db")

    def pass_time(self, within_s: float) -> None:
        """Everything that works does what falls due; an agent that dies is followed by another."""
        end = self.clock.monotonic() + within_s
        while True:
            loops = [loop for host in self.hosts for loop in (host.agent.talk, host.agent.loop)]
            if self.control_works:
                loops += self.control.loops
            try:
                settle(loops, self.clock, end - self.clock.monotonic())
            except Crash:
                for host in self.hosts:
                    if host.crashed():
                        host.restart()
            else:
                return

    def restart_control(self) -> None:
        self.control = Control(self.house, "test", Retention())

    def rival_stamps(self, *, rival: bool) -> None:
        """Somebody else holds the stamper's lease, and does nothing with it."""
        with self.rows:
            self.rows.execute("DELETE FROM leases WHERE name = 'stamper'")
        if rival:
            assert self.store.write(lambda tx: tx.leases.take("stamper", RIVAL, 1e9))

    # --- the database --------------------------------------------------------------------------

    def copy(self) -> sqlite3.Connection:
        copied = sqlite3.connect(":memory:")
        self.rows.backup(copied)
        return copied

    def restore(self, copied: sqlite3.Connection) -> None:
        """The database is as it was, and so are the images' bytes; control is started anew, as it has to be."""
        copied.backup(self.rows)
        for sha256, data in self._bytes.items():
            if self.house.blobs.size(sha256) is None:
                self._put(data)
        self.store.raise_epoch()
        self.restart_control()
        self.house.rooms.look(self.clock.now(), afresh=True)

    def ids(self, table: str) -> set[str]:
        return {str(row[0]) for row in self.table(f"SELECT id FROM {table}")}

    def table(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        return self.rows.execute(sql, values).fetchall()

    def image(self) -> ImageId:
        """An active image, put there without the trouble of sending and inspecting it."""
        chance, now = self.cloud.chance, self.clock.now()
        data = LAYER_BYTES + chance.secret(8)
        layer = Layer(
            id=LayerId(chance.uuid()),
            sha256=hashlib.sha256(data).hexdigest(),
            format="raw",
            size_bytes=len(data),
            virtual_bytes=len(data),
            created_at=now,
        )
        image = Image(
            id=ImageId(chance.uuid()),
            project_id=self.cloud.project,
            name="blank",
            status="active",
            visibility="public",
            disk_format="raw",
            container_format="bare",
            size_bytes=len(data),
            virtual_bytes=len(data),
            layer_id=layer.id,
            created_at=now,
        )
        self._bytes[layer.sha256] = data
        self._put(data)

        def write(tx: Transaction) -> None:
            tx.layers.insert(layer)
            tx.images.insert(image)
            scope = project_scope(self.cloud.project)
            assert tx.counters.take(Allocation(consumer=image.id, provider=scope, resource="images", amount=1))

        self.store.write(write)
        return image.id

    def _put(self, data: bytes) -> None:
        upload = self.house.blobs.begin(len(data))
        upload.write(data)
        upload.commit()

    def close(self) -> None:
        self.rows.close()
        self.cloud.close()
        self._folder.cleanup()
