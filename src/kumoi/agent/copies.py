"""Copies of instances' disks and of volumes: made, given to control, and let go once the plan names them no more.

A copy that is whole is given until control has it or wants it no more; whatever was cut off is begun anew. What does
not belong here: what to do next (planning.host_diff.copies), and how a copy is made (drivers).
"""

from contextlib import suppress
from functools import partial
from typing import Final

from kumoi.agent.hands import Hands
from kumoi.agent.turns import Turns
from kumoi.agent.volumes import Volumes
from kumoi.core.conditions import Blocked, Condition, Facts, backoff_s
from kumoi.core.copies import Copied, CopyOffer, DiskCopy
from kumoi.core.disks import VolumeEntry
from kumoi.core.errors import Invalid, KumoiError, NotFound, QuotaExceeded, Stale, TooLarge
from kumoi.core.ids import ImageId, InstanceId, SessionId, SnapshotId, VolumeId
from kumoi.core.plan import entry_id
from kumoi.planning.host_diff.copies import CopyAct, next_act
from kumoi.planning.host_diff.instances import failed
from kumoi.runtime import log

PREFIX: Final = "copies/"
AGAIN_S: Final = 1.0
AT_ONCE: Final = 1  # a copy reads and writes a whole disk
ENDS: Final = (NotFound, Invalid, QuotaExceeded, TooLarge)  # offered again, it would be refused again


class _Known:
    """Of one disk. `done`: given or refused already. `read`: those for which the volume was frozen.
    `conditions`: of the images whose copies fail."""

    def __init__(self) -> None:
        self.done: set[ImageId] = set()
        self.read: set[ImageId] = set()
        self.conditions: dict[ImageId, Condition] = {}
        self.failures = 0
        self.next_try = 0.0

    def keep_only(self, named: set[ImageId]) -> None:
        """What is not wished any more is no trouble any more."""
        self.done &= named
        for image_id in self.conditions.keys() - named:
            del self.conditions[image_id]
        if not self.conditions:
            self.failures, self.next_try = 0, 0.0


class Copies:
    """At most one pass a disk at a time; otherwise safe for threads."""

    def __init__(self, hands: Hands, volumes: Volumes) -> None:
        self._hands = hands
        self._volumes = volumes
        self._log = log.get(part="copies")
        self._turns = Turns(AT_ONCE, lambda key: hands.loop.hint(key))
        self._known: dict[Copied, _Known] = {}

    def conditions(self) -> dict[ImageId, Condition]:
        """Of the images whose copies are not made, or not taken."""
        return {i: c for known in list(self._known.values()) for i, c in list(known.conditions.items())}

    def keys(self) -> set[str]:
        """Of all disks that have, or are to have, copies here."""
        own = self._hands.ledger.own()
        found: set[Copied] = {entry.id for entry in own.instances.values() if entry.copies}
        found.update(entry.id for entry in own.volumes.values() if entry.copies)
        found.update(list(self._known))
        with suppress(KumoiError):  # a folder that cannot be read holds up nothing else
            found.update(self._hands.drivers.storage.observe_copies().values())
        return {PREFIX + owner for owner in found}

    def hint(self, entry: str) -> None:
        """The entry of this instance or volume changed."""
        self._hands.loop.hint(PREFIX + entry.partition("/")[2])

    def work(self, owner: Copied, session: SessionId | None) -> None:
        """One pass: harmless at any time."""
        if not self._hands.cleared:
            return
        wished = self._wished(owner)
        known = self._known.setdefault(owner, _Known())
        named = {copy.image_id for copy in wished}
        for image_id in known.read - named:
            self._let_go(known, image_id)
        known.keep_only(named)
        wait_s = known.next_try - self._hands.clock.monotonic()
        if wait_s > 0:
            self._hands.loop.again_in(PREFIX + owner, wait_s)
            return
        here = {i for i, of in self._hands.drivers.storage.observe_copies().items() if of == owner}
        act = next_act(wished, here, known.done)
        if act is not None:
            self._in_turn(owner, known, act, session)
        elif not wished:
            del self._known[owner]

    def _in_turn(self, owner: Copied, known: _Known, act: CopyAct, session: SessionId | None) -> None:
        key = PREFIX + owner
        if not self._turns.take(key):
            return
        try:
            self._hands.loop.again_in(key, self._do(owner, known, act, session))
        except KumoiError as e:
            self._hands.loop.again_in(key, self._failed(known, act, e))
        finally:
            self._turns.give_back(key)

    def _wished(self, owner: Copied) -> tuple[DiskCopy, ...]:
        own = self._hands.ledger.own()
        entry = own.instances.get(owner) or own.volumes.get(VolumeId(owner))
        return entry.copies if entry is not None else ()

    def _do(self, owner: Copied, known: _Known, act: CopyAct, session: SessionId | None) -> float:
        """Returns in how many seconds to look again."""
        self._log.info("copy", act=act.verb, instance=owner, image=act.image_id)
        volume = self._hands.ledger.own().volumes.get(VolumeId(owner))
        if volume is not None and act.verb == "make":
            if not self._make_of_volume(volume, known, _named(volume, act.image_id)):
                return AGAIN_S
        elif act.verb == "make" and not self._make(InstanceId(owner), act.image_id):
            return AGAIN_S
        if act.verb == "give":
            self._let_go(known, act.image_id)  # one who died before could not
            self._give(owner, act.image_id, session)
            known.done.add(act.image_id)
        if act.verb == "drop":
            self._hands.drivers.storage.drop_copy(act.image_id)
        known.conditions.pop(act.image_id, None)
        known.failures, known.next_try = 0, 0.0
        return 0.0

    def _make_of_volume(self, volume: VolumeEntry, known: _Known, copy: DiskCopy) -> bool:
        """It is frozen for a moment, also in a guest, and read in peace; or was frozen long ago. False where that
        cannot be now."""
        handle: str | None
        if copy.snapshot_id is not None:
            handle = self._volumes.kept(copy.snapshot_id)
        else:
            known.read.add(copy.image_id)
            handle = self._volumes.frozen(volume, SnapshotId(copy.image_id))
        if handle is None:
            return False
        self._hands.drivers.storage.copy_volume(volume.id, copy.image_id, handle)
        self._let_go(known, copy.image_id)
        return True

    def _let_go(self, known: _Known, image_id: ImageId) -> None:
        self._volumes.let_go(SnapshotId(image_id))
        known.read.discard(image_id)

    def _make(self, instance_id: InstanceId, image_id: ImageId) -> bool:
        """Where nothing runs, nothing is started until it is made. False while it is just being started."""
        storage, compute = self._hands.drivers.storage, self._hands.drivers.compute
        still = self._hands.disks.take(instance_id)
        try:
            if not self._hands.scene.machines.get().sight(instance_id).up:
                if still:
                    storage.copy_root(instance_id, image_id, None)
                return still
        finally:
            if still:
                self._hands.disks.give_back(instance_id)
                self._hands.loop.hint(entry_id("instance", instance_id))
        storage.copy_root(instance_id, image_id, partial(compute.copy_disk, instance_id))
        return True

    def _give(self, owner: Copied, image_id: ImageId, session: SessionId | None) -> None:
        if session is None:
            raise Stale("host", kind="session", id=owner)
        storage = self._hands.drivers.storage
        copied = storage.look_at_copy(image_id)
        host = self._hands.ledger.identity.host_id
        offer = CopyOffer(host_id=host, session=session, image_id=image_id, copied=copied)
        try:
            self._hands.link.give(offer, storage.read_copy(image_id))
        except ENDS as e:
            self._log.warning("copy_refused", image=image_id, error=str(e))

    def _failed(self, known: _Known, act: CopyAct, error: KumoiError) -> float:
        """It is tried again for as long as it is wished; returns in how many seconds."""
        known.failures += 1
        wait_s = backoff_s(known.failures - 1)
        known.next_try = self._hands.clock.monotonic() + wait_s
        facts: Facts = {"layer": error.layer, **error.facts}
        if act.verb != "drop":
            until = self._hands.clock.now() + wait_s
            known.conditions[act.image_id] = failed(error.code, facts, known.failures, until)
        if isinstance(error, NotFound) and error.facts.get("kind") == "disk":  # it went with its host's storage
            known.conditions[act.image_id] = Blocked(code=error.code, facts=facts, retry=False)
        self._log.warning("copy_failed", act=act.verb, image=act.image_id, attempts=known.failures, error=str(error))
        return wait_s


def _named(volume: VolumeEntry, image_id: ImageId) -> DiskCopy:
    """As the entry names it now; what it names no more is dropped by the next pass."""
    return next((copy for copy in volume.copies if copy.image_id == image_id), DiskCopy(image_id=image_id))
