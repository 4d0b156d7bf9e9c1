"""A host under random plans, crashes, losses and reboots, against an independent record of what its users asked.

At every step: nothing that a careful agent must not do was done, and what was proved absent stays absent. In the end,
once everything is healed and some time has passed: world equals wish, and no orphans.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.usecase.agent_bench import NET, OWN, Bench

from kumoi.adapters.fake.link import Backup
from kumoi.adapters.fake.world import Crash
from kumoi.core.conditions import Ready, Working
from kumoi.core.errors import Stale
from kumoi.core.ids import GroupId, InstanceId, NetworkId, NicId, network_section
from kumoi.core.instances import Power
from kumoi.core.plan import FetchAsk, Fetched, Hello, NicPlug, Report, Welcome

OTHER = NetworkId("net-2")
VERBS = (
    "ensure_layer", "ensure_root", "ensure_machine", "start", "press", "cut", "reset", "remove_machine", "remove_root",
    "ensure_filters", "ensure_segment", "remove_segment", "publish",
)  # fmt: skip


class User:
    """What one user asked of one instance."""

    def __init__(self, name: str, networks: tuple[NetworkId, ...]) -> None:
        self.name = name
        self.networks = networks
        self.power: Power = "on"
        self.runs = 1
        self.reboots = 0
        self.hard = False
        self.ended_itself = False

    def copy(self) -> "User":
        other = User(self.name, self.networks)
        other.__dict__.update(self.__dict__)
        return other


class HostMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.users: dict[str, User] = {}
        self.deleted: dict[str, int] = {}
        self.proved: set[str] = set()
        self.strays: set[str] = set()
        self.saved: tuple[Backup, dict[str, User], dict[str, int]] | None = None
        self.count = 0
        self.greeted_boot = ""
        self.fetched_boot = ""
        self.wrong: list[str] = []
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
                if not user.ended_itself:
                    self.wrong.append(f"{one.id} is said to have ended itself, and did not")
                user.power = "off"
                self.tell(user)

    def tell(self, user: User) -> None:
        self.bench.instance(
            user.name,
            power=user.power,
            run_wanted=user.runs,
            reboot_wanted=user.reboots,
            reboot_hard=user.hard,
            nics=tuple(
                NicPlug(nic_id=nic_of(user.name, n), network_id=n, vni=sum(n.encode()), mac="", mtu=1450)
                for n in user.networks
            ),
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

    # --- users ---------------------------------------------------------------------------------

    @rule(networks=st.sampled_from([(NET,), (OTHER,), (NET, OTHER)]))
    def create(self, networks: tuple[NetworkId, ...]) -> None:
        self.count += 1
        user = self.users[f"i{self.count}"] = User(f"i{self.count}", networks)
        for network in networks:
            group = GroupId("group-1") if network == NET else GroupId("group-2")
            self.bench.nic(f"{user.name}-{network}", network, (group,))
        self.tell(user)

    def someone(self, data: st.DataObject) -> User:
        return self.users[data.draw(st.sampled_from(sorted(self.users)))]

    @precondition(lambda self: self.users)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.remove(self.someone(data))

    def remove(self, user: User) -> None:
        del self.users[user.name]
        for network in user.networks:
            self.bench.link.drop(network_section(network), f"nic/{nic_of(user.name, network)}")
        self.deleted[user.name] = self.bench.link.drop(OWN, f"instance/{user.name}")

    @precondition(lambda self: self.users)
    @rule(data=st.data())
    def power(self, data: st.DataObject) -> None:
        user = self.someone(data)
        user.power = "off" if user.power == "on" else "on"
        user.runs += user.power == "on"
        user.ended_itself = False
        self.tell(user)

    @precondition(lambda self: self.users)
    @rule(data=st.data(), hard=st.booleans())
    def reboot(self, data: st.DataObject, hard: bool) -> None:
        user = self.someone(data)
        user.reboots, user.hard = user.reboots + 1, hard
        self.tell(user)

    # --- time, and what goes wrong -------------------------------------------------------------

    @rule(within_s=st.sampled_from([0.1, 1.5, 3.0, 12.0, 70.0]))
    def time_passes(self, within_s: float) -> None:
        self.run(within_s)

    @rule(acts=st.integers(1, 12), done=st.booleans())
    def agent_dies_while_acting(self, acts: int, done: bool) -> None:
        self.bench.world.faults.crash_in(acts, done=done)
        self.run(3.0)
        self.bench.world.faults.crash_before = self.bench.world.faults.crash_after = 0

    @rule()
    def agent_restarts(self) -> None:
        self.bench.restart()

    @rule(verb=st.sampled_from(VERBS), times=st.integers(1, 4))
    def verb_fails(self, verb: str, times: int) -> None:
        self.bench.world.faults.failing[verb] = times

    @rule(dead=st.booleans())
    def control_dies_or_comes_back(self, dead: bool) -> None:
        self.bench.link.dead = dead

    @rule(times=st.integers(1, 3))
    def reports_get_lost(self, times: int) -> None:
        self.bench.link.lose_reports = times

    @rule()
    def session_is_lost(self) -> None:
        self.bench.link.session = type(self.bench.link.session)("nobody's")

    @rule()
    def host_reboots(self) -> None:
        self.count += 1
        self.bench.world.reboot(f"boot-{self.count}")
        self.bench.restart()

    @precondition(lambda self: self.bench.world.running())
    @rule(data=st.data())
    def guest_crashes(self, data: st.DataObject) -> None:
        self.bench.world.kill(data.draw(st.sampled_from(sorted(self.bench.world.running()))))

    @precondition(lambda self: self.bench.world.running())
    @rule(data=st.data())
    def guest_ends_itself(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.bench.world.running())))
        user = self.users.get(name)
        if user is not None:
            user.ended_itself = True
        self.bench.world.guest_powers_off(InstanceId(name))

    @precondition(lambda self: self.bench.world.machines)
    @rule(data=st.data())
    def somebody_undefines(self, data: st.DataObject) -> None:
        name = InstanceId(data.draw(st.sampled_from(sorted(self.bench.world.machines))))
        if self.bench.world.machines[name].power == "off":
            self.bench.world.lose(name)

    @precondition(lambda self: self.users)
    @rule(data=st.data(), stubborn=st.booleans())
    def guest_is_stubborn(self, data: st.DataObject, stubborn: bool) -> None:
        name = InstanceId(self.someone(data).name)
        (self.bench.world.stubborn.add if stubborn else self.bench.world.stubborn.discard)(name)

    @rule()
    def networks_are_flushed(self) -> None:
        self.bench.world.lose_networks()
        self.bench.clock.advance(3.0)  # whoever had just looked may not know

    # --- directed: one for each known race -----------------------------------------------------

    @rule()
    def deleted_while_it_starts(self) -> None:
        """The plan changes, and a report leaves, between deciding to start and having started."""
        self.create((NET,))
        user = self.users[f"i{self.count}"]

        def meanwhile(verb: str) -> None:
            if verb == "start" and user.name in self.users:
                self.remove(user)
                self.bench.agent.talk.hint("fetch")
                self.bench.agent.talk.run_due()
                self.bench.clock.advance(0.1)
                self.bench.agent.talk.run_due()

        self.bench.world.meanwhile = meanwhile
        self.run(3.0)
        self.bench.world.meanwhile = None

    @precondition(lambda self: not self.bench.link.dead)
    @rule()
    def an_older_plan_comes_late(self) -> None:
        ledger = self.bench.agent.ledger
        held = ledger.own()
        if held.serial < 2 or held.epoch != self.bench.link.epoch:
            return
        late = self.bench.link.fetch(
            FetchAsk(
                host_id=ledger.identity.host_id, session=self.bench.link.session, epoch=held.epoch, have={OWN: 0}
            )
        ).sections
        self.time_passes(1.5)
        for user in list(self.users.values()):
            self.remove(user)
        self.run(3.0)
        for delta in late:
            if self.bench.agent.ledger.own().serial > delta.serial:
                try:
                    self.bench.agent.ledger.accept(held.epoch, delta)
                except Stale:
                    continue
                self.wrong.append("an older plan was accepted")

    @rule()
    def given_to_another_host_while_this_one_was_down(self) -> None:
        self.run(12.0)
        self.control_dies_or_comes_back(dead=True)
        self.host_reboots()
        for user in list(self.users.values()):
            self.remove(user)
        self.run(12.0)

    @rule()
    def rebooted_but_it_went_off(self) -> None:
        """A guest that ends itself when asked to reboot is started again, and nobody says that its user ended it."""
        self.create((NET,))
        user = self.users[f"i{self.count}"]
        self.bench.world.stubborn.add(InstanceId(user.name))
        self.run(12.0)
        user.reboots, user.hard = user.reboots + 1, False
        self.tell(user)
        self.run(2.0)
        asked = self.bench.agent.condition(user.name)
        # If it was not asked to reboot, because one thing or another went wrong, then it did end itself.
        user.ended_itself = not (isinstance(asked, Working) and asked.code == "rebooting")
        self.bench.world.guest_powers_off(InstanceId(user.name))
        self.run(3.0)

    @rule()
    def progress(self) -> None:
        """Everything heals: deep states are reached."""
        self.heal()
        self.run(30.0)

    # --- a restored database -------------------------------------------------------------------

    @rule()
    def backup(self) -> None:
        users = {name: user.copy() for name, user in self.users.items()}
        self.saved = (self.bench.link.backup(), users, dict(self.deleted))

    @precondition(lambda self: self.saved is not None)
    @rule()
    def restore(self) -> None:
        assert self.saved is not None
        sections, users, deleted = self.saved
        self.saved = None
        self.bench.link.restore(sections)
        forgotten = {*self.users, *self.deleted} - users.keys() - deleted.keys()
        self.strays |= forgotten
        for name in users.keys() & self.users.keys():
            users[name].ended_itself |= self.users[name].ended_itself
        self.users, self.deleted = users, deleted
        self.proved -= users.keys() | deleted.keys()

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def nothing_careless_was_done(self) -> None:
        assert self.bench.world.broken == []
        assert self.wrong == []

    @invariant()
    def what_was_proved_absent_stays_absent(self) -> None:
        world = self.bench.world
        assert not self.proved & {*world.machines, *world.roots} - self.strays

    def heal(self) -> None:
        self.bench.world.faults.heal()
        self.bench.world.stubborn.clear()
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
        assert self.bench.running() - strays == on
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


def nic_of(name: str, network: NetworkId) -> NicId:
    return NicId(f"nic-{name}-{network}")


TestHost = HostMachine.TestCase
TestHost.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
