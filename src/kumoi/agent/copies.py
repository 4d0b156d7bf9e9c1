"""Copies of instances' disks: made, given to control, and let go once the plan does not name them any more.

A copy that is whole is given until control has it or wants it no more; whatever was cut off is begun anew. What does
not belong here: what to do next (planning.host_diff.copies), and how a copy is made (drivers).
"""

from contextlib import suppress
from functools import partial
from typing import Final

from kumoi.agent.hands import Hands
from kumoi.agent.turns import Turns
from kumoi.core.conditions import Condition, Facts, backoff_s
from kumoi.core.copies import CopyOffer, DiskCopy
from kumoi.core.errors import Invalid, KumoiError, NotFound, QuotaExceeded, Stale, TooLarge
from kumoi.core.ids import ImageId, InstanceId, SessionId
from kumoi.core.plan import entry_id
from kumoi.planning.host_diff.copies import CopyAct, next_act
from kumoi.planning.host_diff.instances import failed
from kumoi.runtime import log

PREFIX: Final = "copies/"
AGAIN_S: Final = 1.0
AT_ONCE: Final = 1  # a copy reads and writes a whole disk
ENDS: Final = (NotFound, Invalid, QuotaExceeded, TooLarge)  # offered again, it would be refused again


class _Known:
    """Of one instance. `done`: given or refused already. `conditions`: of the images whose copies fail."""

    def __init__(self) -> None:
        self.done: set[ImageId] = set()
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
    """At most one pass an instance at a time; otherwise safe for threads."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._log = log.get(part="copies")
        self._turns = Turns(AT_ONCE, lambda key: hands.loop.hint(key))
        self._known: dict[InstanceId, _Known] = {}

    def conditions(self) -> dict[ImageId, Condition]:
        """Of the images whose copies are not made, or not taken."""
        return {i: c for known in list(self._known.values()) for i, c in list(known.conditions.items())}

    def keys(self) -> set[str]:
        """Of all instances that have, or are to have, copies here."""
        found = {InstanceId(i) for i, entry in self._hands.ledger.own().instances.items() if entry.copies}
        found.update(list(self._known))
        with suppress(KumoiError):  # a folder that cannot be read holds up nothing else
            found.update(self._hands.drivers.storage.observe_copies().values())
        return {PREFIX + instance_id for instance_id in found}

    def hint(self, entry: str) -> None:
        """This instance's entry changed."""
        self._hands.loop.hint(PREFIX + entry.removeprefix("instance/"))

    def work(self, instance_id: InstanceId, session: SessionId | None) -> None:
        """One pass: harmless at any time."""
        if not self._hands.cleared:
            return
        wished = self._wished(instance_id)
        known = self._known.setdefault(instance_id, _Known())
        known.keep_only({copy.image_id for copy in wished})
        wait_s = known.next_try - self._hands.clock.monotonic()
        if wait_s > 0:
            self._hands.loop.again_in(PREFIX + instance_id, wait_s)
            return
        here = {i for i, owner in self._hands.drivers.storage.observe_copies().items() if owner == instance_id}
        act = next_act(wished, here, known.done)
        if act is not None:
            self._in_turn(instance_id, known, act, session)
        elif not wished:
            del self._known[instance_id]

    def _in_turn(self, instance_id: InstanceId, known: _Known, act: CopyAct, session: SessionId | None) -> None:
        key = PREFIX + instance_id
        if not self._turns.take(key):
            return
        try:
            self._hands.loop.again_in(key, self._do(instance_id, known, act, session))
        except KumoiError as e:
            self._hands.loop.again_in(key, self._failed(known, act, e))
        finally:
            self._turns.give_back(key)

    def _wished(self, instance_id: InstanceId) -> tuple[DiskCopy, ...]:
        entry = self._hands.ledger.own().instances.get(instance_id)
        return entry.copies if entry is not None else ()

    def _do(self, instance_id: InstanceId, known: _Known, act: CopyAct, session: SessionId | None) -> float:
        """Returns in how many seconds to look again."""
        self._log.info("copy", act=act.verb, instance=instance_id, image=act.image_id)
        if act.verb == "make" and not self._make(instance_id, act.image_id):
            return AGAIN_S
        if act.verb == "give":
            self._give(instance_id, act.image_id, session)
            known.done.add(act.image_id)
        if act.verb == "drop":
            self._hands.drivers.storage.drop_copy(act.image_id)
        known.conditions.pop(act.image_id, None)
        known.failures, known.next_try = 0, 0.0
        return 0.0

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

    def _give(self, instance_id: InstanceId, image_id: ImageId, session: SessionId | None) -> None:
        if session is None:
            raise Stale("host", kind="session", id=instance_id)
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
        self._log.warning("copy_failed", act=act.verb, image=act.image_id, attempts=known.failures, error=str(error))
        return wait_s
