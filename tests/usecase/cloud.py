"""A whole cloud in one thread: real doors, real store, control's loops, and one agent on the fake world; virtual
time."""

import hashlib
from pathlib import Path

from tests.usecase.agent_bench import MANNER

from kumoi.adapters.backups.chunks import ChunkedBackups
from kumoi.adapters.fake.backups import FakeObjects
from kumoi.adapters.fake.chance import FakeChance
from kumoi.adapters.fake.clock import START, FakeClock
from kumoi.adapters.fake.compute import FakeCompute
from kumoi.adapters.fake.exports import FakeExporter, Wire
from kumoi.adapters.fake.fetcher import FakeFetcher
from kumoi.adapters.fake.gauges import FakeGauges
from kumoi.adapters.fake.guests import FakeGuestServices
from kumoi.adapters.fake.journal import FakeJournal
from kumoi.adapters.fake.network import FakeNetwork
from kumoi.adapters.fake.shelf import FakeShelf
from kumoi.adapters.fake.storage import FakeStorage
from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import World
from kumoi.adapters.hints_local import LocalHints
from kumoi.adapters.link_local import LocalLink
from kumoi.adapters.openid import HttpOpenId
from kumoi.adapters.secrets import FernetTokens, FernetVault, SshKeys
from kumoi.adapters.sql.store import open_store
from kumoi.adapters.storage.blobs import FileBlobs
from kumoi.adapters.storage.converter import ConfinedConverter
from kumoi.adapters.storage.inspector import ConfinedInspector
from kumoi.agent.agent import Agent
from kumoi.agent.drivers import Drivers
from kumoi.agent.hands import Papers, Tools
from kumoi.agent.ledger import Ledger
from kumoi.agent.notebook import Notebook
from kumoi.app.founding import found_networks
from kumoi.app.house import House
from kumoi.app.identity.bootstrap import FirstUser, bootstrap
from kumoi.app.images import doors as images
from kumoi.app.images import upload
from kumoi.app.rooms import Rooms
from kumoi.contracts.link import Link
from kumoi.control.loops import Control
from kumoi.control.purge import Retention
from kumoi.core.call import Actor, Call
from kumoi.core.disks import PoolOffer
from kumoi.core.hosts import Capacity
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.images import Image
from kumoi.core.plan import Hello
from kumoi.runtime.asks import AskDesk
from kumoi.runtime.loop import settle
from kumoi.runtime.series import Series


def _portal(host: str) -> str:
    return f"{host}:3260"


class PlainPasswords:
    """Quick hashes for tests, behind the same contract."""

    dummy = hashlib.sha256(b"nobody").hexdigest()

    def hash(self, password: str) -> str:
        return hashlib.sha256(password.encode()).hexdigest()

    def verify(self, hashed: str, password: str) -> bool:
        return hashed == self.hash(password)


class Cloud:
    """`call` is the demo user's, `admin` the administrator's. `settle` lets control and agent work until all is
    quiet. `capabilities` and `promised`: what the one host says of itself."""

    def __init__(
        self,
        folder: Path,
        url: str = "sqlite://",
        start: float = START,
        capabilities: tuple[str, ...] = ("router",),
        chance: FakeChance | None = None,
        **promised: int,
    ) -> None:
        self._capabilities = capabilities
        self._capacity = Capacity(vcpus=8, memory_mib=8192, disk_gib=100, **promised)
        self.clock = FakeClock(start)
        self.chance = chance or FakeChance()
        self.hints, self.web = LocalHints(), FakeFetcher()
        self.store = open_store(url)
        self.house = House(
            store=self.store,
            hints=self.hints,
            clock=self.clock,
            chance=self.chance,
            blobs=FileBlobs(folder / "blobs"),
            backups=ChunkedBackups(FakeObjects()),
            inspector=ConfinedInspector(),
            converter=ConfinedConverter(),
            fetcher=self.web,
            passwords=PlainPasswords(),
            vault=FernetVault(folder / "keys"),
            tokens=FernetTokens(folder / "keys" / "tokens"),
            keys=SshKeys(),
            openid=HttpOpenId(self.clock),
            rooms=Rooms(self.store),
            asks=AskDesk(lambda _host: None),
            series=Series(FakeShelf()),
        )
        self.control = Control(self.house, "test", Retention())
        self._ground()
        self.ledger, self.notebook = FakeJournal(), FakeJournal()
        self._found()
        self.link: Link = LocalLink(self.house)
        self.agent = self.new_agent()

    def _found(self) -> None:
        admin = FirstUser(name="admin", password="a", roles=(("admin", "admin"), ("demo", "admin")), key_project="demo")
        demo = FirstUser(name="demo", password="d", roles=(("demo", "member"),), key_project="demo")
        first, second = bootstrap(self.house, (admin, demo))
        self.project = ProjectId(first.key_project_id)
        found_networks(self.house, first.user_id, self.project, "172.24.4.0/24")
        self._admin, self._demo = first.user_id, second.user_id

    def new_agent(self) -> Agent:
        """Another process of the agent, on the same papers and the same world."""
        return self._agent_of("one", Papers(Ledger(self.ledger), Notebook(self.notebook)))

    def add_host(self, name: str, capabilities: tuple[str, ...] | None = None) -> Agent:
        """Another host, with a world and an agent of its own, on the same wire; like the first unless told."""
        self._raise(name, World(self.clock, boot_id=name))
        papers = Papers(Ledger(FakeJournal()), Notebook(FakeJournal()))
        self.others[name] = self._agent_of(name, papers, capabilities)
        return self.others[name]

    def _ground(self) -> None:
        """What the agents stand on: a world for each, and the wire between them."""
        self.wire = Wire()
        self.worlds: dict[str, World] = {}
        self.exporters: dict[str, FakeExporter] = {}
        self.others: dict[str, Agent] = {}
        self.world = self._raise("one", World(self.clock))

    def _raise(self, name: str, world: World) -> World:
        world.log_in = self.wire.log_in
        self.worlds[name], self.exporters[name] = world, FakeExporter(world, self.wire, _portal(name))
        return world

    def _agent_of(self, name: str, papers: Papers, capabilities: tuple[str, ...] | None = None) -> Agent:
        world = self.worlds[name]
        hello = Hello(
            name=name,
            boot_id=world.boot_id,
            capacity=self._capacity,
            capabilities=self._capabilities if capabilities is None else capabilities,
            pools=(PoolOffer(name="files", driver="fake", total_gib=1000, portal=_portal(name)),),
        )
        drivers = Drivers(
            compute=FakeCompute(world),
            gauges=FakeGauges(world),
            network=FakeNetwork(world),
            storage=FakeStorage(world),
            pools={"files": FakeVolumePool(world)},
            guests=FakeGuestServices(world),
            config_files=lambda _entry, _nics, _subnets: {},
            exporter=self.exporters[name],
        )
        tools = Tools(clock=self.clock, chance=self.chance, manner=MANNER)
        agent = Agent(hello, drivers, papers, self.link, tools)
        world.watchers[:] = [agent.noticed]
        self.exporters[name].watch(agent.offered_no_more)
        return agent

    def restart_agent(self) -> None:
        self.agent = self.new_agent()

    def call(self, *, admin: bool = False) -> Call:
        user, role = (self._admin, "admin") if admin else (self._demo, "member")
        actor = Actor(user_id=user, user_name="x", project_id=self.project, roles=frozenset({role}))
        return Call(actor=actor, request_id="req-test", now=self.clock.now())

    def control_only(self) -> None:
        """Control works; the agent is stopped."""
        self.control.run_due()

    def settle(self, within_s: float = 15.0) -> None:
        """Both work until nothing is due within that time."""
        agents = (self.agent, *self.others.values())
        loops = [loop for agent in agents for loop in (agent.talk, agent.loop, agent.samples)]
        settle([*self.control.loops, *loops], self.clock, within_s)

    def image(self, data: bytes = b"\0" * 4096) -> ImageId:
        """An active image of raw bytes."""
        call = self.call(admin=True)
        wish = Image(
            id=ImageId(self.chance.uuid()),
            project_id=self.project,
            name="blank",
            disk_format="raw",
            container_format="bare",
            visibility="public",
        )
        made = images.create(self.house, call, wish)
        filling = upload.begin(self.house, call, made.id)
        filling.write(data)
        return upload.finish(self.house, call, filling).id

    def close(self) -> None:
        self.store.close()
