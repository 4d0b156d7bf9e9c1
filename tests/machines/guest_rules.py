"""What users ask of instances and images, and what their guests do by themselves."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.machines.ground import FakeHost
from tests.machines.record import Guest
from tests.machines.stage import FLAVOR, MEMORY_MIB, Stage

from kumoi.app.images import doors as images
from kumoi.app.instances import change, delete, power, read, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.core.errors import NoAddress, QuotaExceeded, Taken, WrongState
from kumoi.core.hosts import state
from kumoi.core.ids import FlavorId, InstanceId
from kumoi.core.instances import Instance
from kumoi.core.query import Query
from kumoi.core.quotas import host_scope


class GuestRules(Stage):
    # --- run and delete ------------------------------------------------------------------------

    @rule(data=st.data(), nics=st.integers(1, 2))
    def run(self, data: st.DataObject, nics: int) -> None:
        ready = [n for n, subnets in self.record.networks.items() if subnets]
        choices = tuple(NicChoice(network_id=self.pick(data, ready)) for _ in range(nics)) if ready else ()
        self.run_with(data, choices)

    @precondition(lambda self: self.record.free_nics())
    @rule(data=st.data())
    def run_with_a_nic_made_before(self, data: st.DataObject) -> None:
        self.run_with(data, (NicChoice(nic_id=self.pick(data, self.record.free_nics())),))

    @rule(data=st.data(), last=st.integers(2, 4))
    def run_at_an_address(self, data: st.DataObject, last: int) -> None:
        """Perhaps one that was just let go."""
        subnet = self.pick(data, (s for s, (n, _) in self.record.subnets.items() if n != self.record.outer))
        network, cidr = self.record.subnets[subnet]
        address = f"{cidr.rpartition('.')[0]}.{last}"
        self.record.chosen.add(f"{subnet}/{address}")
        self.run_with(data, (NicChoice(network_id=network, fixed_ip=address),))

    def run_with(self, data: st.DataObject, nics: tuple[NicChoice, ...]) -> Guest | None:
        image = self.pick(data, self.record.images)
        wish = RunWish(name="guest", flavor_id=FlavorId(FLAVOR), image_id=image, nics=nics)
        made = self.ask(lambda: run.run(self.house, self.call(), wish), NoAddress, QuotaExceeded, Taken)
        if made is None:
            return None
        one = made[0]
        if one.refusal is not None:
            assert not any(self.has_room(host) for host in self.ground.hosts), one.refusal
        view = read.get(self.house, self.call(), one.id)
        guest = Guest(one.id, image, [nic.id for nic in view.nics], refused=one.refusal is not None)
        self.record.guests[one.id] = guest
        for nic, choice in zip(view.nics, nics, strict=True):
            known = self.learn_nic(nic)
            known.guest, known.own = one.id, choice.nic_id is None
        return guest

    def has_room(self, host: FakeHost) -> bool:
        """Whether control should have found room there."""

        def room(tx: object) -> bool:
            known = tx.hosts.get(host.id)  # type: ignore[attr-defined]
            memory = tx.counters.get(host_scope(host.id), "memory_mib")  # type: ignore[attr-defined]
            if known is None or memory is None or state(known, self.ground.clock.now()) != "up":
                return False
            return bool(memory.used + MEMORY_MIB <= memory.most)

        return self.ground.store.read(room)

    def someone(self, data: st.DataObject) -> Guest:
        return self.record.guests[self.pick(data, self.record.guests)]

    @precondition(lambda self: self.record.guests)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.remove(self.someone(data))

    def remove(self, guest: Guest) -> None:
        delete.delete(self.house, self.call(), guest.id)
        self.record.forget_guest(guest)

    # --- power ---------------------------------------------------------------------------------

    @precondition(lambda self: self.record.guests)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        guest = self.someone(data)
        self.heard(guest)
        sure = guest.on and not guest.refused and not guest.unsure
        if self.power(guest, power.stop, sure=sure):
            guest.on = guest.ended = False

    @precondition(lambda self: self.record.guests)
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        self.start_of(self.someone(data))

    def start_of(self, guest: Guest) -> None:
        self.heard(guest)
        sure = not guest.on and not guest.refused and not guest.unsure
        if self.power(guest, power.start, sure=sure):
            guest.on, guest.ended = True, False
            guest.excuses += 1

    @precondition(lambda self: self.record.guests)
    @rule(data=st.data(), hard=st.booleans())
    def reboot(self, data: st.DataObject, hard: bool) -> None:
        self.reboot_of(self.someone(data), hard=hard)

    def reboot_of(self, guest: Guest, *, hard: bool) -> None:
        self.heard(guest)
        if self.power(guest, lambda house, call, one: power.reboot(house, call, one, hard=hard), sure=False):
            guest.excuses += 1
            if guest.on:
                guest.reboots += 1
            guest.on = True

    def power(self, guest: Guest, door: object, *, sure: bool) -> Instance | None:
        """`sure`: there is no reason to refuse."""
        refusals = () if sure else (WrongState,)
        done: Instance | None = self.ask(lambda: door(self.house, self.call(), guest.id), *refusals)  # type: ignore[operator]
        return done

    def heard(self, guest: Guest) -> None:
        """Its user looks first: whether it has ended itself by now."""
        if (guest.ended or guest.unsure) and self.show(guest.id).power == "off":
            guest.on = guest.ended = False

    @precondition(lambda self: self.record.guests)
    @rule(data=st.data(), key=st.sampled_from("ab"), value=st.sampled_from("xyz"))
    def label(self, data: st.DataObject, key: str, value: str) -> None:
        self.relabel(self.someone(data), key, value)

    def relabel(self, guest: Guest, key: str, value: str) -> None:
        change.put_labels(self.house, self.call(), guest.id, "metadata", {key: value}, whole=False)
        guest.labels[key] = value

    # --- images --------------------------------------------------------------------------------

    @rule()
    def bring_an_image(self) -> None:
        if len(self.record.images) < 3:
            self.record.images.add(self.ground.image())

    @precondition(lambda self: len(self.record.images) > 1)
    @rule(data=st.data())
    def delete_an_image(self, data: st.DataObject) -> None:
        """Whoever runs on it goes on, and starts again from it."""
        image = self.pick(data, self.record.images)
        images.delete(self.house, self.ground.cloud.call(admin=True), image)
        self.record.images.discard(image)

    # --- what guests do by themselves ----------------------------------------------------------

    def running(self) -> list[tuple[int, InstanceId]]:
        """Guests of users that run, and on which host (by number)."""
        return [
            (number, one)
            for number, host in enumerate(self.ground.hosts)
            for one in host.world.running()
            if one in self.record.guests
        ]

    @precondition(lambda self: self.running())
    @rule(data=st.data())
    def guest_crashes(self, data: st.DataObject) -> None:
        number, one = self.pick(data, self.running())
        self.record.guests[one].excuses += 1
        self.ground.hosts[number].world.kill(one)

    @precondition(lambda self: self.running())
    @rule(data=st.data())
    def guest_ends_itself(self, data: st.DataObject) -> None:
        """Where nobody else had asked for it: only then it is the guest's own doing."""
        number, one = self.pick(data, self.running())
        guest, host = self.record.guests[one], self.ground.hosts[number]
        if not guest.unsure and self.nobody_asked(guest, host):
            guest.ended = True
            host.world.guest_powers_off(one)

    def nobody_asked(self, guest: Guest, host: FakeHost) -> bool:
        """The last that control has heard of it is that all was done that was asked."""
        seen = self.ground.store.read(lambda tx: tx.observations.get(guest.id))
        one = self.show(guest.id)
        return (
            guest.on
            and seen is not None
            and seen.power == "running"
            and seen.condition is None
            and seen.runs_done == one.run_wanted == host.world.machines[guest.id].run
            and seen.reboots_done >= one.reboot_wanted
        )

    @precondition(lambda self: self.record.guests)
    @rule(data=st.data(), stubborn=st.booleans())
    def guest_is_stubborn(self, data: st.DataObject, stubborn: bool) -> None:
        guest = self.someone(data)
        for host in self.ground.hosts:
            (host.world.stubborn.add if stubborn else host.world.stubborn.discard)(guest.id)

    def visible_guests(self) -> set[InstanceId]:
        return {one.id for one in read.find(self.house, self.call(), Query())}
