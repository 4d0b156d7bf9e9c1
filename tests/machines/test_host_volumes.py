"""The host's rule machine once more, with volumes and snapshots that come and go under guests that come and go.

What is written on a volume is a number that rises, so that it can be told of what moment a snapshot or a copy is.
Apart from `test_host`: what mutants are hunted with there keeps its dice.
"""

from collections.abc import Mapping

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from msgspec.structs import replace
from tests.machines.host_model import User
from tests.machines.host_races import HostRaces
from tests.usecase.agent_bench import OWN, POOL

from kumoi.adapters.fake.world import Crash
from kumoi.core.conditions import Ready
from kumoi.core.disks import SnapshotEntry, VolumeEntry, VolumePlug
from kumoi.core.ids import AttachmentId, InstanceId, SnapshotId, VolumeId
from kumoi.core.instances import Rest
from kumoi.core.plan import Report

VERBS = ("ensure_volume", "freeze", "remove_volume", "remove_snapshot", "attach_disk", "detach_disk", "resize_disk")


class Kept:
    """What the machine knows of a volume or snapshot: `since`, the oldest that may stand on it."""

    def __init__(self, since: int, size_gib: int, of: VolumeId | SnapshotId | None = None) -> None:
        self.since = since
        self.size_gib = size_gib
        self.of = of


class HostVolumes(HostRaces):
    def __init__(self) -> None:
        super().__init__()
        self.written = 0
        self.volumes: dict[VolumeId, Kept] = {}
        self.snapshots: dict[SnapshotId, Kept] = {}
        self.going: dict[str, int] = {}  # entry ids, and the serials at which they became absent
        self.gone: set[str] = set()

    # A database that is older than the disks is no affair of this machine.
    def backup(self) -> None:
        return

    def restore(self) -> None:
        return

    # --- control's side ------------------------------------------------------------------------

    def conclude(self, report: Report) -> None:
        super().conclude(report)
        seen = {*(f"volume/{one.id}" for one in report.volumes), *(f"snapshot/{one.id}" for one in report.snapshots)}
        for entry, serial in self.going.items():
            if entry not in self.gone and entry not in seen and report.acted.get(OWN, 0) >= serial:
                self.gone.add(entry)
                self.bench.link.purge(OWN, entry)

    def drop(self, entry: str) -> None:
        self.going[entry] = self.bench.link.drop(OWN, entry)

    # --- users ---------------------------------------------------------------------------------

    @rule(data=st.data(), size_gib=st.integers(1, 3), kind=st.sampled_from(["empty", "snapshot", "volume"]))
    def make_volume(self, data: st.DataObject, size_gib: int, kind: str) -> None:
        self.count += 1
        volume_id = VolumeId(f"v{self.count}")
        entry = VolumeEntry(id=volume_id, pool=POOL, size_gib=size_gib)
        known = Kept(0, size_gib)
        if kind == "snapshot" and self.frozen():
            of = data.draw(st.sampled_from(self.frozen()))
            entry = VolumeEntry(id=volume_id, pool=POOL, size_gib=size_gib, snapshot_id=of)
            known = Kept(self.snapshots[of].since, size_gib, of)
        elif kind == "volume" and self.standing():
            source = data.draw(st.sampled_from(self.standing()))
            entry = VolumeEntry(id=volume_id, pool=POOL, size_gib=size_gib, source_id=source)
            known = Kept(self.newest(source), size_gib, source)
        self.volumes[volume_id] = known
        self.bench.link.put(OWN, f"volume/{volume_id}", entry)

    @precondition(lambda self: self.standing())
    @rule(data=st.data())
    def take_snapshots(self, data: st.DataObject) -> None:
        self.count += 1
        of = data.draw(st.lists(st.sampled_from(self.standing()), min_size=1, max_size=2, unique=True))
        moment = f"m{self.count}"
        for volume_id in of:
            self.snapshot_of(volume_id, moment)

    @precondition(lambda self: self.standing())
    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        self.written += 1
        self.bench.world.volumes[data.draw(st.sampled_from(self.standing()))].content = b"%d" % self.written

    @precondition(lambda self: self.free())
    @rule(data=st.data())
    def delete_volume(self, data: st.DataObject) -> None:
        volume_id = data.draw(st.sampled_from(self.free()))
        del self.volumes[volume_id]
        self.drop(f"volume/{volume_id}")

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data())
    def delete_snapshot(self, data: st.DataObject) -> None:
        snapshot_id = data.draw(st.sampled_from(sorted(self.snapshots)))
        del self.snapshots[snapshot_id]
        self.drop(f"snapshot/{snapshot_id}")

    @precondition(lambda self: self.volumes)
    @rule(data=st.data())
    def extend(self, data: st.DataObject) -> None:
        self.grow(data.draw(st.sampled_from(sorted(self.volumes))))

    @precondition(lambda self: self.users and self.free())
    @rule(data=st.data())
    def attach(self, data: st.DataObject) -> None:
        self.give(self.someone(data), data.draw(st.sampled_from(self.free())))

    @precondition(lambda self: any(user.volumes for user in self.users.values()))
    @rule(data=st.data())
    def detach(self, data: st.DataObject) -> None:
        names = sorted(name for name, user in self.users.items() if user.volumes)
        user = self.users[data.draw(st.sampled_from(names))]
        user.volumes = user.volumes[1:]
        self.tell(user)

    @precondition(lambda self: self.users)
    @rule(data=st.data(), rest=st.sampled_from(["", "paused", "suspended"]))
    def rest_or_go_on(self, data: st.DataObject, rest: Rest) -> None:
        user = self.someone(data)
        if user.power == "on":
            user.rest = rest
            self.tell(user)

    @rule(verb=st.sampled_from([*VERBS, "freeze_disks"]), times=st.integers(1, 4))
    def verb_of_volumes_fails(self, verb: str, times: int) -> None:
        self.bench.world.faults.failing[verb] = times

    # --- races that are known ------------------------------------------------------------------

    @rule(clings=st.booleans())
    def deleted_while_a_guest_keeps_it(self, clings: bool) -> None:
        user, volume_id = self.kept_by_its_guest(clings=clings)
        del self.volumes[volume_id]
        self.drop(f"volume/{volume_id}")
        self.then_let_go(user)

    @rule(clings=st.booleans())
    def given_away_while_a_guest_keeps_it(self, clings: bool) -> None:
        other = self.healthy()
        user, volume_id = self.kept_by_its_guest(clings=clings)
        self.give(other, volume_id)
        self.then_let_go(user)

    @rule(clings=st.booleans())
    def frozen_while_a_guest_keeps_it(self, clings: bool) -> None:
        user, volume_id = self.kept_by_its_guest(clings=clings)
        self.snapshot_of(volume_id, "")
        self.then_let_go(user)

    @rule(clings=st.booleans())
    def cloned_and_extended_while_a_guest_keeps_it(self, clings: bool) -> None:
        user, volume_id = self.kept_by_its_guest(clings=clings)
        self.clone_of(volume_id)
        self.grow(volume_id)
        self.then_let_go(user)

    def kept_by_its_guest(self, *, clings: bool) -> tuple[User, VolumeId]:
        """Wished away, from a guest that clings to it or sleeps on it: what else is asked waits, or is done by it."""
        user, volume_id = self.healthy_with_volume()
        if clings:
            self.bench.world.clinging.add(InstanceId(user.name))
        else:
            user.rest = "suspended"
        self.tell(user)
        self.run(3.0)
        user.volumes = ()
        self.tell(user)
        return user, volume_id

    def then_let_go(self, user: User) -> None:
        self.run(12.0)
        self.bench.world.clinging.discard(InstanceId(user.name))

    @rule()
    def deleted_once_it_was_cloned(self) -> None:
        _, volume_id = self.healthy_with_volume()
        for user in self.users.values():
            user.volumes = tuple(plug for plug in user.volumes if plug.volume_id != volume_id)
            self.tell(user)
        self.run(12.0)
        self.bench.world.faults.failing["freeze"] = 2
        self.clone_of(volume_id)
        del self.volumes[volume_id]
        self.drop(f"volume/{volume_id}")
        self.run(1.0)

    @rule(verb=st.sampled_from([*VERBS, "freeze_disks"]), done=st.booleans())
    def agent_dies_over_a_volume(self, verb: str, done: bool) -> None:
        _, volume_id = self.healthy_with_volume()
        faults = self.bench.world.faults

        def meanwhile(now: str) -> None:
            if now == verb:
                self.meanwhile = None
                faults.crash_after = faults.acts if done else 0
                if not done:
                    raise Crash(now)

        self.meanwhile = meanwhile
        self.snapshot_of(volume_id, "")
        self.clone_of(volume_id)
        self.grow(volume_id)
        self.run(3.0)
        self.meanwhile = None
        faults.crash_after = 0

    def healthy_with_volume(self) -> tuple[User, VolumeId]:
        """A fresh guest that runs, and has a fresh volume on which something was written."""
        user = self.healthy()
        self.count += 1
        volume_id = VolumeId(f"v{self.count}")
        self.volumes[volume_id] = Kept(0, 1)
        self.bench.link.put(OWN, f"volume/{volume_id}", VolumeEntry(id=volume_id, pool=POOL, size_gib=1))
        self.give(user, volume_id)
        self.run(12.0)
        assert volume_id in self.bench.world.machines[InstanceId(user.name)].disks
        self.written += 1
        self.bench.world.volumes[volume_id].content = b"%d" % self.written
        return user, volume_id

    def give(self, user: User, volume_id: VolumeId) -> None:
        slot = next(n for n in range(9) if n not in {plug.slot for plug in user.volumes})
        plug = VolumePlug(volume_id=volume_id, attachment_id=AttachmentId(f"a-{volume_id}"), pool=POOL, slot=slot)
        user.volumes = (*user.volumes, plug)
        self.tell(user)

    def snapshot_of(self, volume_id: VolumeId, moment: str) -> None:
        self.count += 1
        name = SnapshotId(f"s{self.count}")
        self.snapshots[name] = Kept(self.newest(volume_id), 0, volume_id)
        entry = SnapshotEntry(id=name, volume_id=volume_id, pool=POOL, moment=moment)
        self.bench.link.put(OWN, f"snapshot/{name}", entry)

    def clone_of(self, volume_id: VolumeId) -> None:
        self.count += 1
        copy = VolumeId(f"v{self.count}")
        self.volumes[copy] = Kept(self.newest(volume_id), 1, volume_id)
        entry = VolumeEntry(id=copy, pool=POOL, size_gib=1, source_id=volume_id)
        self.bench.link.put(OWN, f"volume/{copy}", entry)

    def grow(self, volume_id: VolumeId) -> None:
        body = self.bench.agent.ledger.own().volumes.get(volume_id)
        if body is not None:
            self.volumes[volume_id].size_gib += 2
            entry = replace(body, size_gib=self.volumes[volume_id].size_gib)
            self.bench.link.put(OWN, f"volume/{volume_id}", entry)

    # --- what must be --------------------------------------------------------------------------

    @invariant()
    def nothing_careless_was_done(self) -> None:
        assert self.bench.world.broken == []
        assert self.wrong == []

    @invariant()
    def what_was_proved_absent_stays_absent(self) -> None:
        world = self.bench.world
        there = {*(f"volume/{one}" for one in world.volumes), *(f"snapshot/{one}" for one in world.snapshots)}
        assert self.risen() | (self.gone & there) == set()

    def teardown(self) -> None:
        for user in self.users.values():
            user.rest = ""
            self.tell(user)
        super().teardown()
        world, told = self.bench.world, self.bench.report()
        for user in self.users.values():
            inside = set(world.machines[InstanceId(user.name)].disks) if user.power == "on" else set[VolumeId]()
            assert inside == ({plug.volume_id for plug in user.volumes} if user.power == "on" else set())
        assert world.volumes.keys() == self.volumes.keys()
        assert world.snapshots.keys() == self.snapshots.keys()
        assert {one.id: one.condition for one in told.volumes} == dict.fromkeys(self.volumes, Ready())
        assert {one.id: one.condition for one in told.snapshots} == dict.fromkeys(self.snapshots, Ready())
        assert self.going.keys() == self.gone
        for volume_id, known in self.volumes.items():
            assert world.volumes[volume_id].size_gib >= known.size_gib
        self.is_no_older(self.volumes, {name: one.content for name, one in world.volumes.items()})
        self.is_no_older(self.snapshots, {name: one.content for name, one in world.snapshots.items()})

    def is_no_older(
        self, kept: Mapping[VolumeId, Kept] | Mapping[SnapshotId, Kept], there: Mapping[str, bytes]
    ) -> None:  # fmt: skip
        for name, known in kept.items():
            assert int(there[name] or b"0") >= known.since, name

    # --- for the rules ---

    def standing(self) -> list[VolumeId]:
        """A door makes nothing of what was not seen to stand."""
        return sorted(self.volumes.keys() & self.bench.world.volumes.keys())

    def frozen(self) -> list[SnapshotId]:
        return sorted(self.snapshots.keys() & self.bench.world.snapshots.keys())

    def free(self) -> list[VolumeId]:
        attached = {plug.volume_id for user in self.users.values() for plug in user.volumes}
        return sorted(self.volumes.keys() - attached)

    def newest(self, volume_id: VolumeId) -> int:
        return int(self.bench.world.volumes[volume_id].content or b"0")

    def remove(self, user: User) -> None:
        super().remove(user)
        user.volumes = ()


TestHostVolumes = pytest.mark.timeout(900)(HostVolumes.TestCase)
TestHostVolumes.settings = settings(max_examples=12, stateful_step_count=30)
