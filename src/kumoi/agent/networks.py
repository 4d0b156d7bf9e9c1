"""The networks, filters and routers of this host: one pass draws all that its instances and routers need.

Filters and segments before guests start, routers after their segments; what nobody needs any more goes in the opposite
order. One key, so one pass at a time.
"""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from kumoi.agent.hands import NETWORK, Hands
from kumoi.agent.wish import Wish, carried_in, nic_of, segment_of, subnets_of, wish
from kumoi.contracts.guests import GuestNetwork
from kumoi.contracts.network import Carried, Filters, Segment
from kumoi.core.conditions import Condition, Facts, Ready, Working, backoff_s, same_reason
from kumoi.core.errors import KumoiError
from kumoi.core.guest_data import GuestData
from kumoi.core.ids import InstanceId, NetworkId, NicId, VpcId, network_section
from kumoi.core.plan import InstanceEntry, NicEntry, VpcEntry, entry_id
from kumoi.planning.host_diff import networks as diff
from kumoi.planning.host_diff import vpcs as vpc_diff

Published = tuple[tuple[GuestNetwork, ...], dict[InstanceId, GuestData], tuple[VpcEntry, ...]]


class Networks:
    """`conditions` by entry id, of what is wanted here. What was drawn is drawn anew every resync: it may be undone."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self.conditions: dict[str, Condition] = {}
        self._failed = False
        self._failures = 0
        self._filters: tuple[Filters, tuple[NicEntry, ...]] | None = None
        self._filtered: frozenset[NicId] = frozenset()
        self._drawn: dict[NetworkId, Segment] = {}
        self._routed: dict[VpcId, VpcEntry] = {}
        self._published: Published | None = None
        self._anew_at = 0.0

    # --- questions of the guests' hands --------------------------------------------------------

    def lacking(self, entry: InstanceEntry) -> tuple[str, ...]:
        """What has to stand before this instance may start and does not, as entry ids: as drawn by us, and as seen."""
        seen = self._hands.scene.network.get()
        filtered, drawn = self._filtered & seen.nics, self._drawn.keys() & seen.segments
        late = [entry_id("nic", nic_id) for nic_id, _ in entry.all_nics if nic_id not in filtered]
        networks = {network_id for _, network_id in entry.all_nics} - drawn
        return (*late, *(entry_id("network", network) for network in networks))

    def bridge(self, network: NetworkId) -> str:
        """Of a network that was drawn."""
        return self._hands.drivers.network.bridge(self._drawn[network].network)

    def config_files(self, entry: InstanceEntry) -> dict[str, bytes]:
        ledger = self._hands.ledger
        nics = [nic for plug in entry.nics if (nic := nic_of(ledger, plug.network_id, plug.nic_id)) is not None]
        return self._hands.drivers.config_files(entry, nics, subnets_of(ledger, entry))

    # --- the pass ------------------------------------------------------------------------------

    def work(self) -> None:
        """Draw what is wanted, publish it to the guest services, and take away what nobody needs."""
        now = self._hands.clock.monotonic()
        if now >= self._anew_at:
            self._anew_at = now + self._hands.manner.resync_s * 0.8
            self._filters, self._drawn, self._routed, self._published = None, {}, {}, None
        self._forget_undone()
        wanted = wish(self._hands.ledger, self._hands.notebook)
        old, stood = self.conditions, (self._filtered, set(self._drawn))
        self.conditions = {entry_id("nic", nic): _waiting(late) for nic, late in wanted.late.items()}
        self._failed = False
        self._filter(wanted)
        self._draw(wanted)
        self._route(wanted)
        self._publish(wanted)
        self._take_away(wanted)
        self._tell(old)
        if stood != (self._filtered, set(self._drawn)):
            for key in self._hands.ledger.own().instances:
                self._hands.loop.hint(entry_id("instance", key))

    def _forget_undone(self) -> None:
        """What somebody else took away is to be drawn again."""
        seen = self._hands.scene.network.get()
        if self._filters is not None and not seen.nics.issuperset(nic.id for nic in self._filters[1]):
            self._filters = None
        for network in self._drawn.keys() - seen.segments:
            del self._drawn[network]
        for vpc in self._routed.keys() - seen.vpcs:
            del self._routed[vpc]

    def _filter(self, wanted: Wish) -> None:
        local, filters = wanted.local(), wanted.filters()
        ids = [entry_id("nic", nic.id) for nic in local]
        if (filters, local) != self._filters and self._try(
            ids, partial(self._hands.drivers.network.ensure_filters, filters, local)
        ):
            self._filters = (filters, local)
            self._filtered = frozenset(nic.id for nic in local if nic.id not in wanted.late)
        for entry in ids:
            self.conditions.setdefault(entry, Ready())

    def _draw(self, wanted: Wish) -> None:
        local, carried = frozenset(wanted.nics), self._carried()
        for network in sorted(wanted.needs.networks):
            entry = entry_id("network", network)
            segment = segment_of(self._hands.ledger, network, local, carried.get(network, ()))
            if segment is None:
                self.conditions[entry] = _waiting(network_section(network))
            elif self._drawn.get(network) == segment or self._try(
                [entry], partial(self._hands.drivers.network.ensure_segment, segment)
            ):
                self._drawn[network] = segment
                self.conditions[entry] = Ready()

    def _carried(self) -> dict[NetworkId, tuple[Carried, ...]]:
        """Guests are looked at only where one of them has a trunk."""
        trunked = [i for i in self._hands.ledger.own().instances.values() if any(plug.carries for plug in i.nics)]
        if not trunked:
            return {}
        machines = self._hands.scene.machines.get()
        return carried_in(trunked, {tap for one in trunked for tap in machines.sight(one.id).taps})

    def _route(self, wanted: Wish) -> None:
        own = self._hands.ledger.own()
        absent = frozenset(VpcId(e.partition("/")[2]) for e in own.entries if e.startswith("vpc/") and own.absent(e))
        seen = self._hands.scene.network.get()
        todo = vpc_diff.decide(wanted.vpcs, absent, self._drawn.keys(), seen.vpcs)
        for vpc_id, network in todo.waiting.items():
            self.conditions[entry_id("vpc", vpc_id)] = _waiting(entry_id("network", network))
        for vpc in todo.ensure:
            entry = entry_id("vpc", vpc.id)
            if self._routed.get(vpc.id) == vpc or self._try(
                [entry], partial(self._hands.drivers.network.ensure_vpc, vpc)
            ):
                self._routed[vpc.id] = vpc
                self.conditions[entry] = Ready()
        for vpc_id in todo.remove:
            self._routed.pop(vpc_id, None)
            self._try([entry_id("vpc", vpc_id)], partial(self._hands.drivers.network.remove_vpc, vpc_id))
        self._hands.ledger.settle(own.key, [entry_id("vpc", v) for v in absent - seen.vpcs])

    def _publish(self, wanted: Wish) -> None:
        """Before the guests that will ask."""
        busy = {*wanted.needs.plugs.values()}
        routers = tuple(vpc for _, vpc in sorted(self._routed.items()))
        legs = {leg.network_id for vpc in routers for leg in vpc.legs}
        networks = tuple(
            GuestNetwork(network=s.network, subnets=s.subnets, nics=s.nics, asked=network in busy)
            for network, s in sorted(self._drawn.items())
            if network in busy | legs
        )
        guests = {one.id: one.guest for one in self._hands.ledger.own().instances.values()}
        if (networks, guests, routers) != self._published and self._try(
            [], partial(self._hands.drivers.guests.publish, networks, guests, routers)
        ):
            self._published = (networks, guests, routers)

    def _take_away(self, wanted: Wish) -> None:
        ledger = self._hands.ledger
        seen = self._hands.scene.network.get()
        known = {NetworkId(key.partition("/")[2]) for key in ledger.held() if key.startswith("network/")}
        standing = diff.Standing(segments=seen.segments, vpcs=seen.vpcs)
        for network in diff.segments_to_go(standing, wanted.needs, known):
            self._drawn.pop(network, None)
            self._try([entry_id("network", network)], partial(self._hands.drivers.network.remove_segment, network))
        self._forget_plans(wanted)

    def _forget_plans(self, wanted: Wish) -> None:
        """What the plan said of things that are gone, and sections that nobody here follows any more."""
        ledger = self._hands.ledger
        standing = {network_section(n) for n in self._hands.scene.network.get().segments}
        with ledger.still():
            kept = {*wish(ledger, self._hands.notebook).sections, ledger.own().key, *standing}
            for key in ledger.held():
                if key in kept:
                    gone = [e for e in ledger.before(key) if e.startswith("nic/") and NicId(e[4:]) not in wanted.nics]
                    ledger.settle(key, gone)
                else:
                    ledger.drop(key)
                    self._hands.progress.dropped(key)

    # --- telling -------------------------------------------------------------------------------

    def _try(self, entries: list[str], act: Callable[[], None]) -> bool:
        """Act for these entries; a refusal becomes their condition, and the others go on."""
        try:
            act()
        except KumoiError as e:
            self._failed = True
            facts: Facts = {"layer": e.layer, **e.facts}
            for entry in entries:
                self.conditions[entry] = Working(code=e.code, facts=facts)
            return False
        finally:
            self._hands.scene.network.touch()
        return True

    def _tell(self, old: dict[str, Condition]) -> None:
        """Keep since when a condition holds; report what is new; come back for what failed."""
        now = self._hands.clock.now()
        for entry, condition in self.conditions.items():
            before = old.get(entry)
            if before is not None and same_reason(before, condition):
                self.conditions[entry] = before
            elif isinstance(condition, Working):
                self.conditions[entry] = replace(condition, since=now)
        if self.conditions != old:
            self._hands.changed()
        self._failures = self._failures + 1 if self._failed else 0
        if self._failures:
            self._hands.loop.again_in(NETWORK, backoff_s(self._failures - 1))


def _waiting(what: str) -> Condition:
    return Working(code="waiting_for_plan", facts={"entry": what})
