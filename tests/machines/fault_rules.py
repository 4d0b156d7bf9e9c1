"""Time, and what goes wrong: agents die, links fail, hosts reboot, worlds change behind our back, databases return."""

from copy import deepcopy

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.machines.faulty_link import VERBS, Verb
from tests.machines.ground import FakeHost
from tests.machines.record import Record
from tests.machines.stage import Stage

from kumoi.core.errors import Stale
from kumoi.core.ids import InstanceId
from kumoi.core.plan import Report

ACTS = (
    "ensure_layer", "ensure_root", "ensure_machine", "start", "press", "cut", "reset", "press_reset", "remove_machine",
    "remove_root", "ensure_filters", "ensure_segment", "remove_segment", "ensure_vpc", "remove_vpc", "publish",
)  # fmt: skip
HOUR = 3600.0
hosts = st.integers(0, 1)


class FaultRules(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.saved: tuple[object, Record] | None = None

    def host(self, number: int) -> FakeHost:
        return self.ground.hosts[number]

    # --- time ----------------------------------------------------------------------------------

    @rule(within_s=st.sampled_from([0.1, 1.5, 6.0, 15.0, 70.0]))
    def time_passes(self, within_s: float) -> None:
        self.ground.pass_time(within_s)

    @rule()
    def hours_pass(self) -> None:
        self.ground.clock.advance(2 * HOUR)
        self.ground.pass_time(70.0)

    @rule(works=st.booleans())
    def control_stops_or_works(self, works: bool) -> None:
        self.ground.control_works = works

    @rule()
    def control_restarts(self) -> None:
        self.ground.restart_control()

    @rule(rival=st.booleans())
    def somebody_else_is_the_stamper(self, rival: bool) -> None:
        self.ground.rival_stamps(rival=rival)

    # --- agents and their links ----------------------------------------------------------------

    @rule(number=hosts, acts=st.integers(1, 12), done=st.booleans())
    def agent_dies_while_acting(self, number: int, acts: int, done: bool) -> None:
        self.host(number).world.faults.crash_in(acts, done=done)
        self.ground.pass_time(6.0)

    @rule(number=hosts)
    def agent_restarts(self, number: int) -> None:
        self.host(number).restart()

    @rule(number=hosts, verb=st.sampled_from(ACTS), times=st.integers(1, 4))
    def act_fails(self, number: int, verb: str, times: int) -> None:
        self.host(number).world.faults.failing[verb] = times

    @rule(number=hosts, dead=st.booleans())
    def link_dies_or_works(self, number: int, dead: bool) -> None:
        self.host(number).link.dead = dead

    @rule(number=hosts, verb=st.sampled_from(VERBS), heard=st.booleans(), times=st.integers(1, 3))
    def words_are_lost(self, number: int, verb: Verb, heard: bool, times: int) -> None:
        link = self.host(number).link
        (link.unanswered if heard else link.unheard)[verb] = times

    @rule(number=hosts, times=st.integers(1, 3))
    def reports_are_delayed(self, number: int, times: int) -> None:
        self.host(number).link.delaying = times

    @precondition(lambda self: any(host.link.late for host in self.ground.hosts))
    @rule(data=st.data())
    def delayed_report_comes(self, data: st.DataObject) -> None:
        number = self.pick(data, (n for n, host in enumerate(self.ground.hosts) if host.link.late))
        late = self.host(number).link.late
        self.comes_late(self.host(number), late.popleft())

    @precondition(lambda self: any(host.link.told for host in self.ground.hosts))
    @rule(data=st.data(), back=st.integers(1, 12))
    def old_report_comes_again(self, data: st.DataObject, back: int) -> None:
        """What was heard before, perhaps in another session, says nothing now."""
        number = self.pick(data, (n for n, host in enumerate(self.ground.hosts) if host.link.told))
        told = list(self.host(number).link.told)
        before = self.heard_so_far()
        self.comes_late(self.host(number), told[-min(back, len(told))])
        if self.heard_so_far() != before:
            self.wrong.append("an old report was believed")

    def comes_late(self, host: FakeHost, report: Report) -> None:
        try:
            host.link.arrives(report)
        except Stale:
            return

    def heard_so_far(self) -> object:
        """All that reports leave behind, but when which of those that say the same was heard last."""
        table = self.ground.table
        kept = ("SELECT * FROM observations", "SELECT * FROM placements", "SELECT id, session, boot_id FROM hosts")
        return [table(f"{statement} ORDER BY 1, 2") for statement in kept]

    @rule(number=hosts, back=st.integers(1, 12))
    def old_answer_comes_again(self, number: int, back: int) -> None:
        link = self.host(number).link
        if link.fetched:
            link.again = link.fetched[-min(back, len(link.fetched))]
            self.ground.pass_time(1.5)

    # --- the worlds ----------------------------------------------------------------------------

    @rule(number=hosts)
    def host_reboots(self, number: int) -> None:
        host = self.host(number)
        for guest in self.record.guests.values():
            guest.excuses += guest.id in host.world.machines
        self.strangers.stopped({(host.id, one) for one in host.world.machines})
        host.reboot()

    @rule(number=hosts)
    def networks_are_flushed(self, number: int) -> None:
        """Whoever had just looked may not know; a guest started now would find no bridge, which is not its agent's
        doing."""
        self.host(number).world.lose_networks()
        self.ground.clock.advance(3.0)

    @rule(data=st.data(), number=hosts)
    def somebody_undefines(self, data: st.DataObject, number: int) -> None:
        world = self.host(number).world
        found = [one for one in world.machines if one in self.record.guests and not self.record.guests[one].ended]
        if found:
            one = self.pick(data, found)
            self.record.guests[one].excuses += 1
            world.lose(InstanceId(one))
            self.ground.clock.advance(3.0)

    # --- the database --------------------------------------------------------------------------

    @rule()
    def epoch_rises(self) -> None:
        self.ground.store.raise_epoch()

    @rule()
    def database_is_copied(self) -> None:
        self.saved = (self.ground.copy(), deepcopy(self.record))

    @precondition(lambda self: self.saved is not None)
    @rule()
    def database_comes_back(self) -> None:
        """As it was; what was made since is strange to it, and is to be left alone."""
        assert self.saved is not None
        copied, record = self.saved
        self.saved = None
        self.ground.restore(copied)  # type: ignore[arg-type]
        record.chosen |= self.record.chosen
        self.record = record
        self.estrange()
        for guest in record.guests.values():
            guest.unsure = True
            guest.excuses += 3

    def estrange(self) -> None:
        """Everything that stands and that the database has no row of."""
        strange = self.strangers
        placed = {(host, one) for host, one in self.ground.table("SELECT host_id, instance_id FROM placements")}
        nics, routers, networks = (self.ground.ids(table) for table in ("nics", "vpcs", "networks"))
        for host in self.ground.hosts:
            world = host.world
            lost = {one for one in host.things() if (host.id, one) not in placed}
            strange.guests |= lost
            strange.running |= {(host.id, one) for one in lost & world.running()}
            legs = {leg.nic_id for vpc in world.vpcs.values() for leg in (*vpc.legs, vpc.gateway) if leg is not None}
            strange.nics |= (world.nics.keys() | legs) - nics
            strange.networks |= world.segments.keys() - networks
            strange.routers |= world.vpcs.keys() - routers
            host.link.late.clear()
