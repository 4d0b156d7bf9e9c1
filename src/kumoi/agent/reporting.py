"""What this host tells control: everything it sees, under the plan that it really acted on."""

from msgspec.structs import replace

from kumoi.agent.copies import Copies
from kumoi.agent.guests import Guests
from kumoi.agent.hands import Hands
from kumoi.agent.networks import Networks
from kumoi.agent.scene import Machines
from kumoi.agent.volumes import Volumes
from kumoi.core.conditions import Blocked, Condition, Ready, Working
from kumoi.core.ids import InstanceId, NetworkId, SessionId
from kumoi.core.plan import InstanceEntry, Report, SeenInstance, SeenThing, Stray, entry_id
from kumoi.planning.host_diff import networks as diff
from kumoi.planning.host_diff.brake import brakes
from kumoi.planning.host_diff.instances import Sight

LOOKING = Working(code="waiting_for_host")


class Reporting:
    """Builds reports; sending them is the agent's."""

    def __init__(
        self, hands: Hands, guests: Guests, networks: Networks, copies: Copies, volumes: Volumes
    ) -> None:  # fmt: skip
        self._hands = hands
        self._copies = copies
        self._volumes = volumes
        self._guests = guests
        self._networks = networks

    def build(self, boot_id: str) -> Report:
        """A report without session and sequence. What was acted upon is asked before looking, never after."""
        acted = self._hands.progress.acted()
        machines = self._hands.scene.machines.get()
        things, strays = self._things()
        volumes, snapshots = self._volumes.seen()
        return Report(
            host_id=self._hands.ledger.identity.host_id,
            session=SessionId(""),
            epoch=self._hands.ledger.identity.epoch,
            sequence=0,
            boot_id=boot_id,
            acted=acted,
            instances=self._instances(machines),
            things=things,
            volumes=volumes,
            snapshots=snapshots,
            strays=(*machines.strays, *self._unnamed(machines), *strays, *self._volumes.strays()),
            halted=self.halted(machines),
        )

    def halted(self, machines: Machines) -> str:
        """Why this host would rather be asked about: many running guests vanished from the plan without a word."""
        own = self._hands.ledger.own()
        lost = sum(
            machines.sight(spec.id).up
            for spec in self._hands.ledger.vanished(own.key).values()
            if isinstance(spec, InstanceEntry)
        )
        running = sum(sight.up for sight in machines.sights.values())
        return "entries_vanished" if brakes(lost, running) else ""

    def _instances(self, machines: Machines) -> tuple[SeenInstance, ...]:
        own = self._hands.ledger.own()
        ids = {InstanceId(i) for i in own.instances} | {i for i in machines.sights if own.absent(f"instance/{i}")}
        return tuple(self._instance(i, machines.sight(i)) for i in sorted(ids))

    def _instance(self, instance_id: InstanceId, sight: Sight) -> SeenInstance:
        memory = self._hands.notebook.get(instance_id)
        return SeenInstance(
            id=instance_id,
            power=sight.power,
            condition=self._guests.conditions.get(instance_id, LOOKING),
            runs_done=memory.run if memory else sight.run,
            reboots_done=memory.reboots_done if memory else 0,
            forms_done=memory.form if memory else 0,
            ended_by="" if sight.up else memory.ended_by if memory else sight.ended_by,
            pid=sight.pid,
            volumes=tuple(sorted(sight.volumes)),
        )

    def _things(self) -> tuple[tuple[SeenThing, ...], tuple[Stray, ...]]:
        """What stands and is named, and what is wanted but cannot stand yet; and what stands unnamed."""
        ledger, conditions = self._hands.ledger, self._networks.conditions
        seen = self._hands.scene.network.get()
        own = ledger.own()
        known = {NetworkId(k.partition("/")[2]) for k in ledger.held() if k.startswith("network/")}
        vpcs = frozenset(v for v in seen.vpcs if entry_id("vpc", v) in own.entries or self._vanished(f"vpc/{v}"))
        standing = {
            *(entry_id("network", n) for n in seen.segments & known),
            *(entry_id("nic", n) for n in seen.nics),
            *(entry_id("vpc", v) for v in vpcs),
        }
        told = sorted({*standing, *_troubled(conditions)})
        things = tuple(SeenThing(entry=entry, condition=conditions.get(entry, Ready())) for entry in told)
        copies = sorted(self._copies.conditions().items())
        things += tuple(SeenThing(entry=entry_id("image", i), condition=condition) for i, condition in copies)
        unnamed = diff.strays(diff.Standing(segments=seen.segments, vpcs=seen.vpcs), known, vpcs)
        strays = (*unnamed, *(("network", name) for name in seen.strays))
        return things, tuple(Stray(kind=kind, name=name) for kind, name in strays)

    def _unnamed(self, machines: Machines) -> tuple[Stray, ...]:
        """Machines and disks of ids that no plan names."""
        own = self._hands.ledger.own()
        return tuple(
            Stray(kind="root" if sight.power == "missing" else "machine", name=i)
            for i, sight in sorted(machines.sights.items())
            if entry_id("instance", i) not in own.entries
        )

    def _vanished(self, entry: str) -> bool:
        return entry in self._hands.ledger.vanished(self._hands.ledger.own().key)


def _troubled(conditions: dict[str, Condition]) -> set[str]:
    return {entry for entry, condition in conditions.items() if not isinstance(condition, Ready)}


def says_the_same(a: Report, b: Report) -> bool:
    """Whether two reports tell the same: times and sequence apart, and how far shared sections were acted upon.

    Absence is proved under a host's own section alone, so a change of a thousand hosts' network need not make a
    thousand of them speak at once; control hears of it with what they say next.
    """
    return _timeless(a) == _timeless(b)


def _timeless(report: Report) -> Report:
    return replace(
        report,
        sequence=0,
        acted={key: serial for key, serial in report.acted.items() if key.startswith("host/")},
        instances=tuple(replace(i, condition=_without_times(i.condition)) for i in report.instances),
        things=tuple(replace(t, condition=_without_times(t.condition)) for t in report.things),
        volumes=tuple(replace(v, condition=_without_times(v.condition)) for v in report.volumes),
        snapshots=tuple(replace(s, condition=_without_times(s.condition)) for s in report.snapshots),
    )


def _without_times(condition: Condition) -> Condition:
    match condition:
        case Working():
            return replace(condition, since=0.0, next_try=0.0)
        case Blocked():
            return replace(condition, since=0.0)
        case Ready():
            return condition
