"""One rule for each race that is known: what chance alone would find too seldom."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.machines.fault_rules import FaultRules
from tests.machines.guest_rules import GuestRules
from tests.machines.network_rules import NetworkRules
from tests.machines.record import Guest

from kumoi.app.instances.wish import NicChoice


class DirectedRules(GuestRules, NetworkRules, FaultRules):
    def somewhere(self, data: st.DataObject) -> tuple[NicChoice, ...]:
        """A nic on some network with a subnet; none where there is none."""
        ready = [n for n, subnets in self.record.networks.items() if subnets]
        return (NicChoice(network_id=self.pick(data, ready)),) if ready else ()

    def started(self, data: st.DataObject) -> Guest | None:
        """A guest that runs, in a cloud where all goes well."""
        self.heal()
        guest = self.run_with(data, self.somewhere(data))
        self.ground.pass_time(20.0)
        return None if guest is None or guest.refused else guest

    @rule(data=st.data())
    def deleted_while_it_starts(self, data: st.DataObject) -> None:
        """Between deciding to start it and having started it."""
        guest = self.run_with(data, self.somewhere(data))
        if guest is None or guest.refused:
            return

        def meanwhile(verb: str) -> None:
            if verb == "start" and guest.id in self.record.guests:
                self.remove(guest)

        for host in self.ground.hosts:
            host.world.meanwhile = meanwhile
        self.ground.pass_time(15.0)
        for host in self.ground.hosts:
            host.world.meanwhile = None

    @rule(data=st.data(), times=st.integers(1, 6))
    def deleted_behind_a_dead_link_and_made_again(self, data: st.DataObject, times: int) -> None:
        """Its host goes on with it; what it has must be given to nobody."""
        guest = self.started(data)
        if guest is None:
            return
        networks = [nic.network for nic in self.record.plugged(guest)]
        for host in self.ground.hosts:
            host.link.dead = True
        self.remove(guest)
        self.ground.pass_time(6.0)
        for _ in range(times):
            self.run_with(data, tuple(NicChoice(network_id=network) for network in networks))

    @rule(data=st.data())
    def ends_itself_unheard_and_its_agent_dies(self, data: st.DataObject) -> None:
        """The agent has seen it, control has not: who comes after the agent has to know."""
        guest = self.started(data)
        host = next((h for h in self.ground.hosts if guest is not None and guest.id in h.world.running()), None)
        if guest is None or host is None or not self.nobody_asked(guest, host):
            return
        host.link.unheard["report"] = 6
        guest.ended = True
        host.world.guest_powers_off(guest.id)
        self.ground.pass_time(1.5)
        host.restart()

    @rule(data=st.data(), hard=st.booleans(), done=st.booleans())
    def agent_dies_while_rebooting(self, data: st.DataObject, hard: bool, done: bool) -> None:
        guest = self.started(data)
        if guest is None:
            return
        self.reboot_of(guest, hard=hard)
        for host in self.ground.hosts:
            host.dies_at(("reset", "press_reset"), done=done)
        self.ground.pass_time(12.0)
        for host in self.ground.hosts:
            host.world.meanwhile = None

    @rule(data=st.data(), back=st.integers(1, 12))
    def old_report_in_hand_while_much_happens(self, data: st.DataObject, back: int) -> None:
        guest = self.started(data)
        if guest is None:
            return
        self.remove(guest)
        self.ground.pass_time(3.0)
        self.old_report_comes_again(data=data, back=back)
        self.run_with(data, self.somewhere(data))
        for host in self.ground.hosts:
            host.restart()
        self.ground.pass_time(3.0)
        self.old_report_comes_again(data=data, back=back)

    @precondition(lambda self: self.record.free_nics())
    @rule(data=st.data(), away_s=st.sampled_from([3.0, 70.0]))
    def a_nic_moves_on(self, data: st.DataObject, away_s: float) -> None:
        """Its guest is deleted, and another has it, perhaps elsewhere, before the first one's host has heard."""
        self.heal()
        nic = self.pick(data, self.record.free_nics())
        first = self.run_with(data, (NicChoice(nic_id=nic),))
        self.ground.pass_time(12.0)
        host = next((h for h in self.ground.hosts if first is not None and first.id in h.world.machines), None)
        if first is None or host is None:
            return
        host.link.dead = True
        self.remove(first)
        self.ground.pass_time(away_s)
        self.run_with(data, (NicChoice(nic_id=nic),))
        self.ground.pass_time(12.0)

    @rule(data=st.data())
    def made_after_the_copy_and_the_copy_comes_back(self, data: st.DataObject) -> None:
        """What the older database does not know goes on; what it knows again comes back."""
        old = self.started(data)
        self.database_is_copied()
        for _ in range(3):
            self.started(data)
        if old is not None and data.draw(st.booleans()):
            self.remove(old)
            self.ground.pass_time(12.0)
        self.database_comes_back()
        self.ground.pass_time(12.0)

    @rule(data=st.data())
    def changed_while_stamping(self, data: st.DataObject) -> None:
        """The stamper works between two changes of the same thing."""
        guest = self.started(data)
        if guest is None:
            return
        for key in "ab":
            self.relabel(guest, key, data.draw(st.sampled_from("xyz")))
            self.ground.control.run_due()

    @rule(data=st.data())
    def a_report_from_before_comes_after(self, data: st.DataObject) -> None:
        """It was made before its host had heard of the guest, and comes when the guest is deleted and still runs."""
        self.heal()
        self.ground.pass_time(6.0)
        for host in self.ground.hosts:
            host.link.late.clear()
            host.link.delaying = 99
        self.ground.pass_time(12.0)
        guest = self.run_with(data, self.somewhere(data))
        self.ground.pass_time(9.0)
        for host in self.ground.hosts:
            host.link.unheard["fetch"] = 99
        if guest is not None:
            self.remove(guest)
        self.ground.pass_time(9.0)
        for host in self.ground.hosts:
            if host.link.late:
                self.comes_late(host, host.link.late.popleft())

    @rule(data=st.data(), answers=st.integers(1, 4))
    def an_older_plan_comes_again(self, data: st.DataObject, answers: int) -> None:
        """It knows a guest that is gone by now."""
        guest = self.started(data)
        if guest is None:
            return
        fetched = [(host, answer) for host in self.ground.hosts for answer in list(host.link.fetched)[-answers:]]
        self.remove(guest)
        self.ground.pass_time(20.0)
        for host, answer in fetched:
            host.link.again = answer
            self.ground.pass_time(3.5)

    @rule(data=st.data())
    def started_again_before_its_end_is_told_twice(self, data: st.DataObject) -> None:
        """The end of a run is old news, however late it comes."""
        guest = self.started(data)
        host = next((h for h in self.ground.hosts if guest is not None and guest.id in h.world.running()), None)
        if guest is None or host is None or not self.nobody_asked(guest, host):
            return
        guest.ended = True
        host.world.guest_powers_off(guest.id)
        self.ground.pass_time(0.1)
        host.link.late.clear()
        host.link.delaying = 99
        self.ground.pass_time(12.0)
        host.link.delaying = 0
        self.start_of(guest)
        while host.link.late:
            self.comes_late(host, host.link.late.popleft())
