"""The model of a host's rule machine: what users asked, what control concludes, what the world must be in the end."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from tests.usecase.agent_bench import LAYER, NET, OWN, Bench

from kumoi.adapters.fake.link import Backup
from kumoi.adapters.fake.world import Crash
from kumoi.core.conditions import Ready
from kumoi.core.disks import RescueDisk, RootDisk, VolumePlug
from kumoi.core.ids import GroupId, InstanceId, NetworkId, NicId, network_section
from kumoi.core.instances import Power, Rest
from kumoi.core.nics import tap_name
from kumoi.core.plan import FetchAsk, Fetched, Hello, NicPlug, Report, Welcome

OTHER = NetworkId("net-2")
SLOTS = {NET: 0, OTHER: 1}


class User:
    """What one user asked of one instance."""

    def __init__(self, name: str, networks: tuple[NetworkId, ...]) -> None:
        self.name = name
        self.networks = networks
        self.power: Power = "on"
        self.runs = 1
        self.reboots = 0
        self.hard = False
        self.rest: Rest = ""
        self.forms = 0
        self.disk = 0
        self.rescued = False
        self.volumes: tuple[VolumePlug, ...] = ()

    def off(self) -> None:
        self.power, self.rest = "off", ""

    def copy(self) -> "User":
        other = User(self.name, self.networks)
        other.__dict__.update(self.__dict__)
        return other


class HostModel(RuleBasedStateMachine):
    """`wrong`: what should never have been, said when it is noticed."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.users: dict[str, User] = {}
        self.deleted: dict[str, int] = {}
        self.proved: set[str] = set()
        self.strays: set[str] = set()
        self.ended_themselves: set[str] = set()
        self.saved: tuple[Backup, dict[str, User], dict[str, int]] | None = None
        self.count = 0
        self.restored = False
        self.greeted_boot = ""
        self.fetched_boot = ""
        self.wrong: list[str] = []
        self.meanwhile: Callable[[str], None] | None = None
        self.bench.world.meanwhile = self.during
        self.watch_link()
        self.bench.network(NET)
        self.bench.network(OTHER, GroupId("group-2"))

    # --- control's side, kept honest -----------------------------------------------------------

    def watch_link(self) -> None:
        """What control concludes from what it hears."""
        link = self.bench.link
        hello, fetch, report = link.hello, link.fetch, link.report

        def hear_hello(one: Hello) -> Welcome:
            self.greeted_boot = one.boot_id
            return hello(one)

        def hear_fetch(ask: FetchAsk) -> Fetched:
            fetched = fetch(ask)
            self.fetched_boot = self.greeted_boot
            return fetched

        def hear_report(one: Report) -> None:
            heard = len(link.reports)
            report(one)
            if len(link.reports) > heard:
                self.conclude(one)

        link.hello, link.fetch, link.report = hear_hello, hear_fetch, hear_report  # type: ignore[method-assign]

    def conclude(self, report: Report) -> None:
        seen = {one.id for one in report.instances}
        for name, serial in self.deleted.items():
            if name not in self.proved and name not in seen and report.acted.get(OWN, 0) >= serial:
                self.proved.add(name)
                self.bench.link.purge(OWN, f"instance/{name}")
        for one in report.instances:
            user = self.users.get(one.id)
            if user and user.power == "on" and one.ended_by == "guest" and one.runs_done == user.runs:
                if user.name not in self.ended_themselves:
                    self.wrong.append(f"{one.id} is said to have ended itself, and did not")
                user.off()
                self.tell(user)

    def tell(self, user: User) -> None:
        self.bench.instance(
            user.name,
            power=user.power,
            run_wanted=user.runs,
            reboot_wanted=user.reboots,
            reboot_hard=user.hard,
            rest=user.rest,
            form=user.forms,
            root=RootDisk(layers=(LAYER,), size_gib=1, number=user.disk),
            rescue=RescueDisk(layers=(LAYER,)) if user.rescued else None,
            nics=tuple(
                NicPlug(nic_id=nic_of(user.name, n), network_id=n, vni=sum(n.encode()), mac="", mtu=1450, slot=SLOTS[n])
                for n in user.networks
            ),
            volumes=user.volumes,
        )

    def run(self, within_s: float) -> None:
        """Time passes; an agent that dies is followed by another."""
        starts = len(self.bench.world.starts)
        try:
            self.bench.settle(within_s)
        except Crash:
            self.bench.world.faults.crash_before = self.bench.world.faults.crash_after = 0
            self.bench.restart()
        if len(self.bench.world.starts) > starts and self.fetched_boot != self.bench.world.boot_id:
            self.wrong.append("a guest was started in a boot in which control was not heard")

    # --- for the rules ---

    def someone(self, data: st.DataObject) -> User:
        return self.users[data.draw(st.sampled_from(sorted(self.users)))]

    def during(self, verb: str) -> None:
        """At every act: what a pass undoes before it ends would not be seen after it."""
        if self.risen():
            self.wrong.append(f"what was proved absent is there at {verb}")
        if self.meanwhile is not None:
            self.meanwhile(verb)

    def risen(self) -> set[str]:
        """What was proved absent, and its claims let go, and is there nevertheless."""
        world = self.bench.world
        return self.proved & {*world.machines, *world.roots} - self.strays

    def new(self, networks: tuple[NetworkId, ...]) -> User:
        """A fresh instance, as its user asked for it and as control told it."""
        self.count += 1
        user = self.users[f"i{self.count}"] = User(f"i{self.count}", networks)
        for network in networks:
            self.make_nic(user, network)
        self.tell(user)
        return user

    def make_nic(self, user: User, network: NetworkId) -> None:
        group = GroupId("group-1") if network == NET else GroupId("group-2")
        self.bench.nic(nic_of(user.name, network).removeprefix("nic-"), network, (group,))

    def plug(self, user: User, network: NetworkId) -> None:
        self.make_nic(user, network)
        user.networks = (*user.networks, network)
        self.tell(user)

    def unplug(self, user: User, network: NetworkId, *, keep: bool) -> None:
        """`keep`: the nic lives on."""
        user.networks = tuple(n for n in user.networks if n != network)
        if not keep:
            self.bench.link.drop(network_section(network), f"nic/{nic_of(user.name, network)}")
        self.tell(user)

    def remove(self, user: User) -> None:
        del self.users[user.name]
        for network in user.networks:
            self.bench.link.drop(network_section(network), f"nic/{nic_of(user.name, network)}")
        self.deleted[user.name] = self.bench.link.drop(OWN, f"instance/{user.name}")

    def healthy(self) -> User:
        """A fresh instance that runs."""
        self.heal()
        user = self.new((NET,))
        self.run(12.0)
        assert user.name in self.bench.running()
        return user

    def heal(self) -> None:
        self.bench.world.faults.heal()
        self.bench.world.stubborn.clear()
        self.bench.world.clinging.clear()
        self.bench.link.dead = False
        self.bench.link.lose_reports = 0

    def teardown(self) -> None:
        self.heal()
        running = {name for name in self.strays if name in self.bench.running()}
        for _ in range(4):
            self.run(60.0)
        self.nothing_careless_was_done()
        self.what_was_proved_absent_stays_absent()
        self.world_equals_wish(running)

    def world_equals_wish(self, strays_that_ran: set[str]) -> None:
        world, strays = self.bench.world, self.strays
        on = {user.name for user in self.users.values() if user.power == "on"}
        assert self.bench.running() - strays == {name for name in on if not self.users[name].rest}
        for name in on:
            machine, disk = world.machines[InstanceId(name)], world.roots[InstanceId(name)]
            assert machine.power == (self.users[name].rest or "running")
            # What was rebuilt or rescued since the copy was made that control was restored from stays so.
            if not self.restored:
                assert (disk.number, bool(machine.machine.rescue)) == (self.users[name].disk, self.users[name].rescued)
        assert strays_that_ran <= self.bench.running()
        assert set(world.machines) - strays <= self.users.keys()
        assert set(world.roots) - strays <= self.users.keys()
        assert on <= set(world.roots)
        wanted = {nic_of(u.name, n) for u in self.users.values() for n in u.networks}
        known = {nic_of(name, n) for name in strays for n in (NET, OTHER)}
        assert wanted <= set(world.nics) <= wanted | known
        networks = {n for u in self.users.values() for n in u.networks}
        assert networks <= set(world.segments)
        assert strays or networks == set(world.segments)
        assert set(world.guests) == self.users.keys()
        assert self.deleted.keys() - strays <= self.proved | strays
        told = {one.id: one for one in self.bench.report().instances}
        for user in self.users.values():
            assert told[InstanceId(user.name)].condition == Ready(), user.name
            if user.power == "on":
                assert told[InstanceId(user.name)].reboots_done == user.reboots
            if user.power == "on" and not user.rest:  # one at rest takes no nic
                plugged = world.machines[InstanceId(user.name)].plugged
                assert plugged.keys() == {tap_name(nic_of(user.name, n)) for n in user.networks}


def nic_of(name: str, network: NetworkId) -> NicId:
    """Also its tap's name is its own."""
    return NicId(f"nic-{name}-{network[-1]}")
