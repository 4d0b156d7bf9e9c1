"""What somebody waits for: a console's text, diagnostics, pictures of networks, what is done to a guest at once, and
consoles, dialled for once."""

import msgspec
from msgspec.structs import replace

from kumoi.agent.consoles import KINDS, Consoles
from kumoi.agent.hands import FETCH, Hands
from kumoi.core.errors import KumoiError, NotFound
from kumoi.core.guest_acts import Acted
from kumoi.core.ids import InstanceId
from kumoi.core.nics import tap_name
from kumoi.core.pictures import Picture, Scope
from kumoi.core.plan import Ask
from kumoi.core.readings import Diagnosis
from kumoi.runtime import log

PREFIX = "ask/"


class Asks:
    """Safe for threads: an ask is one key of the talking loop."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._open: dict[str, Ask] = {}
        self._consoles = Consoles(hands)
        self._log = log.get(part="asks")

    def open(self, ask: Ask) -> None:
        """Answer it soon; one that is open already is not answered twice."""
        if ask.id not in self._open:
            self._open[ask.id] = ask
            self._hands.talk.hint(PREFIX + ask.id)

    def answer(self, key: str) -> None:
        ask = self._open.get(key.removeprefix(PREFIX))
        if ask is None:
            return
        try:
            if ask.kind in KINDS:
                self._consoles.open(ask)
            else:
                self._hands.link.read(ask.id, self._look(ask))
        except NotFound:
            pass  # nobody waits any more
        finally:
            self._open.pop(ask.id, None)
            self._hands.talk.hint(FETCH)

    def _look(self, ask: Ask) -> bytes:
        if ask.kind == "picture":
            return msgspec.json.encode(self._picture(ask.scope or Scope()))
        if ask.kind == "console":
            return self._hands.drivers.compute.console(ask.instance_id, ask.limit)
        if ask.kind in ("interrupt", "set_password"):
            return msgspec.json.encode(self._acted(ask))
        return msgspec.json.encode(self._diagnosis(ask.instance_id))

    def _acted(self, ask: Ask) -> Acted:
        compute = self._hands.drivers.compute
        self._log.info("act", act=ask.kind, instance=ask.instance_id)
        try:
            if ask.kind == "interrupt":
                compute.interrupt(ask.instance_id)
            else:
                compute.set_password(ask.instance_id, ask.user, ask.secret)
        except KumoiError as e:
            return Acted(code=e.code, layer=e.layer, facts=e.facts)
        return Acted()

    def _picture(self, scope: Scope) -> Picture:
        """With what the hypervisor says of the nics' instances."""
        machines, instances = self._hands.scene.machines.get(), self._hands.ledger.own().instances
        owners = [one for one in instances.values() if any(plug.nic_id in scope.nics for plug in one.nics)]
        powers = {one.id: machines.sight(one.id).power for one in owners}
        return replace(self._hands.drivers.network.picture(scope), powers=powers)

    def _diagnosis(self, instance_id: InstanceId) -> Diagnosis:
        """Told by the hypervisor now, not by the last sample."""
        drivers = self._hands.drivers
        entry = self._hands.ledger.own().instances.get(instance_id)
        return Diagnosis(
            power=self._hands.scene.machines.get().sight(instance_id).power,
            reading=next((one for one in drivers.gauges.read() if one.id == instance_id), None),
            taps={tap_name(plug.nic_id): plug.nic_id for plug in (entry.nics if entry is not None else ())},
            accelerator=drivers.compute.accelerator,
        )
