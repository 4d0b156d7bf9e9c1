"""One fake host with its agent under a virtual clock, and a control in miniature that tells it what to do."""

import hashlib

from kumoi.adapters.fake.chance import FakeChance
from kumoi.adapters.fake.clock import FakeClock
from kumoi.adapters.fake.compute import FakeCompute
from kumoi.adapters.fake.gauges import FakeGauges
from kumoi.adapters.fake.guests import FakeGuestServices
from kumoi.adapters.fake.journal import FakeJournal
from kumoi.adapters.fake.link import FakeLink
from kumoi.adapters.fake.network import FakeNetwork
from kumoi.adapters.fake.storage import FakeStorage
from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import World
from kumoi.agent.agent import Agent
from kumoi.agent.drivers import Drivers, Manner
from kumoi.agent.hands import Papers, Tools
from kumoi.agent.ledger import Ledger
from kumoi.agent.notebook import Notebook
from kumoi.core.conditions import Condition
from kumoi.core.disks import LayerRef, PoolOffer, RootDisk
from kumoi.core.groups import SecurityRule
from kumoi.core.hosts import Capacity
from kumoi.core.ids import (
    GroupId,
    HostId,
    InstanceId,
    LayerId,
    NetworkId,
    NicId,
    ProjectId,
    RuleId,
    SubnetId,
    VpcId,
    group_section,
    host_section,
    network_section,
)
from kumoi.core.nics import FixedIp
from kumoi.core.plan import (
    GroupEntry,
    GuestData,
    Hello,
    InstanceEntry,
    MemberEntry,
    NetworkEntry,
    NicEntry,
    NicPlug,
    Report,
    SeenInstance,
    SubnetEntry,
    VpcEntry,
)
from kumoi.core.vpcs import Leg
from kumoi.runtime.loop import settle

HOST = HostId("host-1")
OWN = host_section(HOST)
NET = NetworkId("net-1")
POOL = "files"
SUBNET = SubnetId("subnet-1")
GROUP = GroupId("group-1")
BYTES = b"abc"
LAYER = LayerRef(
    id=LayerId("layer-1"),
    sha256=hashlib.sha256(BYTES).hexdigest(),
    format="qcow2",
    size_bytes=len(BYTES),
    virtual_bytes=1 << 20,
)
MANNER = Manner(poll_s=0.0)


class Bench:
    """`world` and `link` outlive the agent, as do its journals; `settle` lets virtual time pass."""

    def __init__(self, manner: Manner = MANNER, name: str = "one") -> None:
        self.name = name
        self.clock = FakeClock()
        self.manner = manner
        self.world = World(self.clock)
        self.link = FakeLink(HOST)
        self.link.layers[LAYER.sha256] = BYTES
        self.ledger_journal = FakeJournal()
        self.notebook_journal = FakeJournal()
        self.agent = self.new_agent()

    def new_agent(self) -> Agent:
        hello = Hello(
            name=self.name,
            boot_id=self.world.boot_id,
            capacity=Capacity(vcpus=8, memory_mib=8192, disk_gib=100),
            capabilities=("router",),
            pools=(PoolOffer(name=POOL, driver="fake", total_gib=100),),
        )
        drivers = Drivers(
            compute=FakeCompute(self.world),
            gauges=FakeGauges(self.world),
            network=FakeNetwork(self.world),
            storage=FakeStorage(self.world),
            pools={POOL: FakeVolumePool(self.world, POOL)},
            guests=FakeGuestServices(self.world),
            config_files=lambda entry, _nics, _subnets: {"name": entry.guest.name.encode()},
        )
        papers = Papers(Ledger(self.ledger_journal), Notebook(self.notebook_journal))
        tools = Tools(clock=self.clock, chance=FakeChance(), manner=self.manner)
        agent = Agent(hello, drivers, papers, self.link, tools)
        self.world.watchers[:] = [agent.noticed]
        return agent

    def restart(self) -> None:
        """The agent's process ends anywhere, and another one begins."""
        self.agent = self.new_agent()

    def settle(self, within_s: float = 3.0) -> None:
        settle([self.agent.talk, self.agent.loop, self.agent.samples], self.clock, within_s)

    # --- plans ---------------------------------------------------------------------------------

    def network(self, network: NetworkId = NET, group: GroupId = GROUP) -> None:
        section = network_section(network)
        vni = sum(network.encode())
        self.link.put(section, f"network/{network}", NetworkEntry(id=network, vni=vni, mtu=1450))
        subnet = SubnetEntry(
            id=SUBNET, network_id=network, cidr="10.0.0.0/24", gateway="10.0.0.1", dhcp=True, service_address="10.0.0.2"
        )
        self.link.put(section, f"subnet/{SUBNET}", subnet)
        rule = SecurityRule(id=RuleId("rule-1"), group_id=group, project_id=ProjectId("p"), direction="egress")
        self.link.put(group_section(group), f"group/{group}", GroupEntry(id=group, rules=(rule,)))

    def nic(self, name: str, network: NetworkId = NET, groups: tuple[GroupId, ...] = (GROUP,)) -> NicId:
        nic_id = NicId(f"nic-{name}")
        mark = 1 + sum(name.encode())
        entry = NicEntry(
            id=nic_id,
            network_id=network,
            mac=f"fa:16:3e:00:00:{mark % 256:02x}",
            mark=mark,
            fixed_ips=(FixedIp(SUBNET, f"10.0.0.{3 + mark % 250}"),),
            group_ids=groups,
            port_security=True,
            admin_up=True,
            host_id=HOST,
            instance_id=InstanceId(name),
        )
        self.link.put(network_section(network), f"nic/{nic_id}", entry)
        for group in groups:
            member = MemberEntry(id=nic_id, group_id=group, addresses=(entry.fixed_ips[0].address,))
            self.link.put(group_section(group), f"member/{nic_id}", member)
        return nic_id

    def instance(self, name: str, **changes: object) -> InstanceEntry:
        """Tell the host of an instance with one nic on `net-1`; `changes` to its entry."""
        fields: dict[str, object] = {
            "id": InstanceId(name),
            "mode": "run",
            "vcpus": 1,
            "memory_mib": 128,
            "root": RootDisk(layers=(LAYER,), size_gib=1),
            "nics": (NicPlug(nic_id=NicId(f"nic-{name}"), network_id=NET, vni=sum(NET.encode()), mac="", mtu=1450),),
            "power": "on",
            "run_wanted": 1,
            "reboot_wanted": 0,
            "reboot_hard": False,
            "guest": guest_data(name),
        }
        entry = InstanceEntry(**{**fields, **changes})  # type: ignore[arg-type]
        self.link.put(OWN, f"instance/{name}", entry)
        return entry

    def boot(self, *names: str) -> None:
        """Networks, nics and instances of these names, and time to start them."""
        self.network()
        for name in names:
            self.nic(name)
            self.instance(name)
        self.settle()

    def delete(self, name: str) -> int:
        """As a user's delete is told: instance and nic are absent."""
        self.link.drop(network_section(NET), f"nic/nic-{name}")
        self.link.drop(group_section(GROUP), f"member/nic-{name}")
        return self.link.drop(OWN, f"instance/{name}")

    def vpc(self, network: NetworkId = NET) -> None:
        leg = Leg(
            nic_id=NicId("nic-leg"),
            network_id=network,
            vni=sum(network.encode()),
            mac="fa:16:3e:00:01:00",
            addresses=("10.0.0.1/24",),
            mtu=1450,
        )
        self.link.put(OWN, "vpc/vpc-1", VpcEntry(id=VpcId("vpc-1"), legs=(leg,)))

    # --- what can be seen ----------------------------------------------------------------------

    def running(self) -> set[str]:
        return set(map(str, self.world.running()))

    def runs(self, name: str) -> list[int]:
        return [run for instance, run in self.world.starts if instance == name]

    def report(self) -> Report:
        return self.link.reports[-1]

    def told(self, name: str) -> SeenInstance | None:
        return next((one for one in self.report().instances if one.id == name), None)

    def condition(self, name: str) -> Condition:
        told = self.told(name)
        assert told is not None
        return told.condition


def guest_data(name: str) -> GuestData:
    return GuestData(
        name=name,
        hostname=name,
        project_id="p",
        account="123456789012",
        user_id="u",
        image_id="image",
        ec2_id=f"i-{name}",
        ec2_image_id="ami-1",
        reservation_id="r-1",
        launch_index=0,
        flavor_name="tiny",
        zone="nova",
    )
