"""One rule for each race of a host that is known, straight into it from any state: chance would find it too seldom."""

from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.machines.host_model import OTHER, User, nic_of
from tests.machines.host_rules import HostRules
from tests.usecase.agent_bench import NET, OWN

from kumoi.core.conditions import Working
from kumoi.core.errors import Stale
from kumoi.core.ids import InstanceId
from kumoi.core.nics import tap_name
from kumoi.core.plan import FetchAsk


class HostRaces(HostRules):
    @rule(during=st.sampled_from(["ensure_root", "ensure_machine", "start"]))
    def deleted_while_it_starts(self, during: str) -> None:
        """The plan changes, and a report leaves, between deciding to start and having started."""
        user = self.new((NET,))

        def meanwhile(verb: str) -> None:
            if verb == during and user.name in self.users:
                self.remove(user)
                self.bench.agent.talk.hint("fetch")
                self.bench.agent.talk.run_due()
                self.bench.clock.advance(0.1)
                self.bench.agent.talk.run_due()

        self.meanwhile = meanwhile
        self.run(3.0)
        self.meanwhile = None

    @rule()
    def an_older_plan_comes_late(self) -> None:
        self.healthy()
        ledger = self.bench.agent.ledger
        held = ledger.own()
        late = self.bench.link.fetch(
            FetchAsk(host_id=ledger.identity.host_id, session=self.bench.link.session, epoch=held.epoch, have={OWN: 0})
        ).sections
        for user in list(self.users.values()):
            self.remove(user)
        self.run(12.0)
        for delta in late:
            assert self.bench.agent.ledger.own().serial > delta.serial
            try:
                self.bench.agent.ledger.accept(held.epoch, delta)
            except Stale:
                continue
            self.wrong.append("an older plan was accepted")

    @rule()
    def given_to_another_host_while_this_one_was_down(self) -> None:
        self.healthy()
        self.control_dies_or_comes_back(dead=True)
        self.host_reboots()
        for user in list(self.users.values()):
            self.remove(user)
        self.run(12.0)

    @rule()
    def rebooted_but_it_went_off(self) -> None:
        """A guest that ends itself when asked to reboot is started again, and nobody says that its user ended it."""
        user = self.new((NET,))
        self.bench.world.stubborn.add(InstanceId(user.name))
        self.run(12.0)
        user.reboots, user.hard = user.reboots + 1, False
        self.tell(user)
        self.run(2.0)
        asked = self.bench.agent.condition(user.name)
        # If it was not asked to reboot, because one thing or another went wrong, then it did end itself.
        if not (isinstance(asked, Working) and asked.code == "rebooting"):
            self.ended_themselves.add(user.name)
        self.bench.world.guest_powers_off(InstanceId(user.name))
        self.run(3.0)

    @rule()
    def ended_by_its_user_while_control_is_away(self) -> None:
        """It stays off, whoever may hear of it."""
        user = self.healthy()
        self.control_dies_or_comes_back(dead=True)
        self.ended_themselves.add(user.name)
        self.bench.world.guest_powers_off(InstanceId(user.name))
        self.run(12.0)
        assert user.name not in self.bench.running()
        self.control_dies_or_comes_back(dead=False)

    @rule()
    def rebooted_before_it_ever_ran(self) -> None:
        """Its start is reboot enough."""
        self.heal()
        user = self.new((NET,))
        user.reboots, user.hard = 2, True
        self.tell(user)
        self.run(12.0)
        assert self.bench.world.machines[InstanceId(user.name)].resets == 0

    @rule()
    def crashed_after_filters_were_flushed(self) -> None:
        """It starts again behind filters only."""
        user = self.healthy()
        self.bench.world.lose_filters()
        self.bench.clock.advance(3.0)  # whoever had just looked may not know
        self.bench.world.kill(InstanceId(user.name))
        self.run(0.1)

    @rule()
    def restored_then_deleted_while_it_starts(self) -> None:
        """Serials begin anew lower: old ones prove nothing, and what was made since the backup goes on as a stray."""
        self.healthy()
        self.backup()
        for _ in range(3):
            self.new((OTHER,))
        self.run(12.0)
        self.restore()
        self.deleted_while_it_starts("ensure_root")

    @rule()
    def deleted_when_its_agent_has_just_died(self) -> None:
        """What is in it was not remembered yet: its filters stand until it is gone all the same."""
        user = self.started_by_an_agent_that_died()
        self.remove(user)
        self.run(3.0)

    @rule()
    def vanished_when_its_agent_has_just_died(self) -> None:
        """No plan names it any more, and nobody remembers what is in it: it keeps its network and its filters."""
        self.heal()
        self.backup()
        self.started_by_an_agent_that_died()
        self.restore()
        self.run(12.0)

    @rule(keep=st.booleans())
    def guest_lets_go_once_it_is_asked_again(self, keep: bool) -> None:
        """It did not hear the first time."""
        user = self.healthy()
        tap = tap_name(nic_of(user.name, NET))
        self.bench.world.clinging.add(InstanceId(user.name))
        self.unplug(user, NET, keep=keep)
        self.run(3.0)
        machine = self.bench.world.machines[InstanceId(user.name)]
        assert tap in machine.plugged
        self.bench.world.clinging.clear()
        self.run(12.0)
        assert tap not in machine.plugged

    @rule()
    def plugged_while_filters_fail(self) -> None:
        """What is not filtered does not go in."""
        user = self.healthy()
        self.bench.world.faults.failing["ensure_filters"] = 3
        self.plug(user, OTHER)
        self.run(3.0)

    @rule()
    def last_guest_of_a_network_goes(self) -> None:
        """The network goes after it."""
        self.heal()
        self.new((OTHER,))
        self.run(12.0)
        for user in list(self.users.values()):
            if OTHER in user.networks:
                self.remove(user)
        self.run(30.0)
        assert self.strays or OTHER not in self.bench.world.segments

    def started_by_an_agent_that_died(self) -> User:
        """A fresh guest that runs; its host's next agent has not looked at it yet."""
        self.heal()
        user = self.new((NET,))
        world = self.bench.world

        def meanwhile(verb: str) -> None:
            if verb == "start" and InstanceId(user.name) in world.machines:
                world.faults.crash_after = world.faults.acts

        self.meanwhile = meanwhile
        self.run(12.0)
        self.meanwhile = None
        assert user.name in self.bench.running()
        return user
