"""Many hosts in one process: each gets its own entries, shared ones are decoded once, sessions are renewed."""

import msgspec
from msgspec.structs import replace
from tests.usecase.agent_bench import GROUP, LAYER, NET, Bench, guest_data

from kumoi.adapters.fake.chance import FakeChance
from kumoi.adapters.fake.clock import FakeClock
from kumoi.adapters.fake.compute import FakeCompute
from kumoi.adapters.fake.gauges import FakeGauges
from kumoi.adapters.fake.guests import FakeGuestServices
from kumoi.adapters.fake.link import FakeLink
from kumoi.adapters.fake.network import FakeNetwork
from kumoi.adapters.fake.storage import FakeStorage
from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import World
from kumoi.agent.drivers import Drivers
from kumoi.agent.simulator import Ground, Simulator
from kumoi.core.disks import RootDisk
from kumoi.core.errors import Stale, Unavailable
from kumoi.core.flocks import FetchedMany, FetchMany, HostNews, ReportMany, ReportsTaken
from kumoi.core.hosts import Capacity
from kumoi.core.ids import HostId, InstanceId, NicId, SessionId, host_section
from kumoi.core.meters import CAPABILITY, SamplesMany
from kumoi.core.plan import Hello, InstanceEntry, NicPlug, Report, SectionDelta, Welcome
from kumoi.runtime.loop import settle

HOSTS = 20


class FakeManyLink(FakeLink):
    """Control in miniature for many hosts; every host has its own session."""

    def __init__(self) -> None:
        super().__init__(HostId(""))
        self.sessions: dict[HostId, SessionId] = {}
        self.told: dict[HostId, Report] = {}
        self.batches: list[SamplesMany] = []

    def hello(self, hello: Hello) -> Welcome:
        self.hellos.append(hello)
        session = self.sessions[HostId(hello.name)] = SessionId(f"session-{len(self.hellos)}")
        return Welcome(host_id=HostId(hello.name), session=session, epoch=self.epoch, capabilities=(CAPABILITY,))

    def fetch_many(self, ask: FetchMany) -> FetchedMany:
        sections: list[SectionDelta] = []
        hosts: list[HostNews] = []
        places: dict[tuple[str, int], int] = {}
        for one in ask.asks:
            stale = self.sessions.get(one.host_id) != one.session
            mine = []
            for key, have in one.have.items() if not stale else ():
                self.host_id, self.session = one.host_id, one.session
                delta = self._delta(key, have)
                if delta is not None:
                    place = places.setdefault((key, have), len(sections))
                    if place == len(sections):
                        sections.append(delta)
                    mine.append(place)
            if stale or mine:
                hosts.append(HostNews(host_id=one.host_id, sections=tuple(mine), stale=stale))
        answer = FetchedMany(epoch=self.epoch, sections=tuple(sections), hosts=tuple(hosts))
        return msgspec.json.decode(msgspec.json.encode(answer), type=FetchedMany)

    def report_many(self, reports: ReportMany) -> ReportsTaken:
        stale = []
        for report in reports.reports:
            if self.sessions.get(report.host_id) == report.session:
                self.told[report.host_id] = report
            else:
                stale.append(report.host_id)
        return ReportsTaken(stale=tuple(stale))

    def sample_many(self, samples: SamplesMany) -> None:
        if self.dead:
            raise Unavailable("host", what="control")
        self.batches.append(samples)

    def report(self, report: Report) -> None:
        raise Stale("host", kind="session", id=report.host_id)  # simulated hosts report together


class Cloud:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.link = FakeManyLink()
        self.worlds = {HostId(f"h{number}"): World(self.clock) for number in range(HOSTS)}
        grounds = [self.ground(host, world) for host, world in self.worlds.items()]
        self.simulator = Simulator(grounds, self.link, self.clock, FakeChance())
        self.plans = Bench()  # its makers of entries
        self.plans.link = self.link
        self.plans.network()

    def ground(self, host: HostId, world: World) -> Ground:
        drivers = Drivers(
            compute=FakeCompute(world),
            gauges=FakeGauges(world),
            network=FakeNetwork(world),
            storage=FakeStorage(world, fetches=False),
            pools={"files": FakeVolumePool(world, fetches=False)},
            guests=FakeGuestServices(world),
            config_files=lambda _entry, _nics, _subnets: {},
        )
        hello = Hello(name=host, boot_id="b", capacity=Capacity(vcpus=1, memory_mib=1, disk_gib=1), capabilities=())
        return Ground(hello, drivers)

    def instance(self, host: HostId) -> None:
        name = f"on-{host}"
        self.plans.nic(name, NET, (GROUP,))
        plug = NicPlug(nic_id=NicId(f"nic-{name}"), network_id=NET, vni=sum(NET.encode()), mac="", mtu=1450)
        entry = InstanceEntry(
            id=InstanceId(name),
            mode="run",
            vcpus=1,
            memory_mib=64,
            root=RootDisk(layers=(LAYER,), size_gib=1),
            nics=(plug,),
            power="on",
            run_wanted=1,
            reboot_wanted=0,
            reboot_hard=False,
            guest=guest_data(name),
        )
        self.link.put(host_section(host), f"instance/{name}", entry)

    def settle(self, within_s: float = 10.0) -> None:
        settle(self.simulator.loops, self.clock, within_s)


def test_every_host_runs_its_own_and_says_so() -> None:
    cloud = Cloud()
    cloud.settle()
    assert len(cloud.link.hellos) == HOSTS
    for host in cloud.worlds:
        cloud.instance(host)
    cloud.settle()
    assert {host: world.running() for host, world in cloud.worlds.items()} == {h: {f"on-{h}"} for h in cloud.worlds}
    assert {host: [i.power for i in told.instances] for host, told in cloud.link.told.items()} == {
        host: ["running"] for host in cloud.worlds
    }
    assert [problem for world in cloud.worlds.values() for problem in world.broken] == []


def test_shared_sections_are_decoded_once() -> None:
    cloud = Cloud()
    for host in cloud.worlds:
        cloud.instance(host)
    cloud.settle()
    segments = [world.segments[NET] for world in cloud.worlds.values()]
    assert {id(segment.nics) for segment in segments} == {id(segments[0].nics)}


def test_a_lost_session_is_greeted_anew() -> None:
    cloud = Cloud()
    cloud.settle()
    lost = HostId("h7")
    cloud.link.sessions[lost] = SessionId("somebody-elses")
    cloud.instance(lost)
    cloud.settle(40.0)
    assert [hello.name for hello in cloud.link.hellos].count(lost) == 2
    assert cloud.worlds[lost].running() == {f"on-{lost}"}


def test_an_idle_host_says_that_it_lives() -> None:
    cloud = Cloud()
    cloud.settle()
    before = {host: report.sequence for host, report in cloud.link.told.items()}
    cloud.settle(120.0)
    assert all(cloud.link.told[host].sequence >= sequence + 3 for host, sequence in before.items())
    assert replace(cloud.link.told[HostId("h0")], sequence=0).instances == ()


def test_samples_of_a_flock_are_told_together_and_wait_for_a_control_that_is_away() -> None:
    cloud = Cloud()
    for host in cloud.worlds:
        cloud.instance(host)
    cloud.settle(60.0)
    # Eight flocks, each at most once in five seconds.
    assert len(cloud.link.batches) <= 8 * 13
    told = {samples.host_id for batch in cloud.link.batches for samples in batch.hosts}
    assert told == set(cloud.worlds)
    cloud.link.dead = True
    cloud.settle(30.0)
    cloud.link.dead = False
    cloud.link.batches.clear()
    cloud.settle(20.0)
    seen = [point.at for batch in cloud.link.batches for samples in batch.hosts for point in samples.points]
    assert max(seen) - min(seen) > 30.0
