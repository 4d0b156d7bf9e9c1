"""What users do with one host, and what goes wrong there: one rule for each. Races that are known: `host_races`."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.machines.host_model import OTHER, HostModel
from tests.usecase.agent_bench import NET

from kumoi.core.ids import InstanceId, NetworkId

VERBS = (
    "ensure_layer", "ensure_root", "ensure_machine", "start", "press", "cut", "reset", "remove_machine", "remove_root",
    "ensure_filters", "ensure_segment", "remove_segment", "publish", "attach_nic", "detach_nic",
)  # fmt: skip


class HostRules(HostModel):
    # --- users ---------------------------------------------------------------------------------

    @rule(networks=st.sampled_from([(NET,), (OTHER,), (NET, OTHER)]))
    def create(self, networks: tuple[NetworkId, ...]) -> None:
        self.new(networks)

    @precondition(lambda self: self.users)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.remove(self.someone(data))

    @precondition(lambda self: self.users)
    @rule(data=st.data())
    def power(self, data: st.DataObject) -> None:
        user = self.someone(data)
        if user.power == "on":
            user.off()
        else:
            user.power, user.runs = "on", user.runs + 1
        self.tell(user)

    @precondition(lambda self: self.users)
    @rule(data=st.data(), hard=st.booleans())
    def reboot(self, data: st.DataObject, hard: bool) -> None:
        user = self.someone(data)
        user.reboots, user.hard, user.rest = user.reboots + 1, hard, ""
        self.tell(user)

    @precondition(lambda self: self.users)
    @rule(data=st.data(), network=st.sampled_from([NET, OTHER]), keep=st.booleans())
    def plug_or_unplug(self, data: st.DataObject, network: NetworkId, keep: bool) -> None:
        user = self.someone(data)
        if network not in user.networks:
            self.plug(user, network)
        else:
            self.unplug(user, network, keep=keep)

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
    def session_is_lost_and_more_is_wished(self) -> None:
        self.healthy()
        self.session_is_lost()
        self.healthy()

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
        if name in self.users:
            self.ended_themselves.add(name)
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

    @precondition(lambda self: self.users)
    @rule(data=st.data(), clinging=st.booleans())
    def guest_lets_go_of_nothing(self, data: st.DataObject, clinging: bool) -> None:
        name = InstanceId(self.someone(data).name)
        (self.bench.world.clinging.add if clinging else self.bench.world.clinging.discard)(name)

    @rule()
    def networks_are_flushed(self) -> None:
        self.bench.world.lose_networks()
        self.bench.clock.advance(3.0)  # whoever had just looked may not know

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
        self.saved, self.restored = None, True
        self.bench.link.restore(sections)
        forgotten = {*self.users, *self.deleted} - users.keys() - deleted.keys()
        self.strays |= forgotten
        self.users, self.deleted = users, deleted
        self.proved -= users.keys() | deleted.keys()
