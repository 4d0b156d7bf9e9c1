"""What must have come true once everything was healed and two resyncs have passed; and what must be left of a cloud
from which everything was deleted."""

from tests.machines.ground import STRANGER, FakeHost
from tests.machines.record import Nic
from tests.machines.stage import MEMORY_MIB, Stage

from kumoi.core.ids import NetworkId
from kumoi.core.instances import TRANSIENT
from kumoi.core.plan import VpcEntry
from kumoi.core.quotas import host_scope

GONE = (
    "instances", "placements", "observations", "nics", "vpcs", "public_addresses", "images", "layers", "labels",
    "section_marks",
)  # fmt: skip


def check(stage: Stage) -> None:
    """World equals wish."""
    learn_who_ended(stage)
    check_statuses(stage)
    placed = dict(stage.ground.table("SELECT instance_id, host_id FROM placements"))
    for host in stage.ground.hosts:
        guests = [g for g in stage.record.guests.values() if placed.get(g.id) == host.id]
        nics = {nic.id: nic for guest in guests for nic in stage.record.plugged(guest)}
        strange = stage.strangers.guests | {STRANGER}
        assert host.world.running() - strange == {guest.id for guest in guests if guest.on}
        assert host.things() - strange <= {guest.id for guest in guests}
        assert {guest.id for guest in guests if guest.on} <= host.world.roots.keys()
        for guest in guests:
            if guest.on:
                plugs = host.world.machines[guest.id].machine.plugs
                assert {plug.nic_id for plug in plugs} <= set(guest.nics)
        check_filters(stage, host, nics)
        check_published(stage, host)
        room = stage.ground.table(
            "SELECT used FROM counters WHERE scope = ? AND resource = 'memory_mib'", host_scope(host.id)
        )
        assert room == [(len(guests) * MEMORY_MIB,)], (room, [guest.id for guest in guests])
    check_routers(stage)
    check_segments(stage, placed)
    check_rests(stage)


def learn_who_ended(stage: Stage) -> None:
    """Who ended itself is off by now; of whom too much happened, the wish is what its user is shown."""
    for guest in stage.record.guests.values():
        if guest.unsure:
            one = stage.show(guest.id)
            guest.on, guest.reboots = one.power == "on", 10**6
        elif guest.ended:
            guest.on = False
        guest.ended = guest.unsure = False


def check_statuses(stage: Stage) -> None:
    for guest in stage.record.guests.values():
        status = stage.show(guest.id).status
        assert status not in TRANSIENT, f"{guest.id} is {status}"
        assert status == ("error" if guest.refused else "active" if guest.on else "stopped"), guest.id
    troubled = stage.ground.table("SELECT id, condition FROM observations WHERE condition IS NOT NULL")
    assert troubled == []


def check_filters(stage: Stage, host: FakeHost, wanted: dict[str, Nic]) -> None:
    strange, found = stage.strangers.nics, host.world.nics
    assert found.keys() - strange == wanted.keys() - strange
    for nic_id, nic in wanted.items():
        if nic_id in found:
            assert [(ip.subnet_id, ip.address) for ip in found[nic_id].fixed_ips] == nic.places
            assert set(found[nic_id].group_ids) == nic.groups
    groups = {group for nic in wanted.values() for group in nic.groups}
    filters = host.world.filters
    rules = {group.id: {rule.id for rule in group.rules} for group in filters.groups} if filters else {}
    assert {group: rules.get(group) for group in groups} == {group: stage.record.groups[group] for group in groups}
    members = {(m.group_id, address) for m in filters.members for address in m.addresses} if filters else set()
    remote = {r.remote_group_id for g in filters.groups for r in g.rules if g.id in groups} if filters else set()
    for group in remote & stage.record.groups.keys():
        expected = {a for nic in stage.record.nics.values() if group in nic.groups for _, a in nic.places}
        assert {address for of, address in members if of == group} == expected


def check_published(stage: Stage, host: FakeHost) -> None:
    record = stage.record
    for guest_id, data in host.world.guests.items():
        guest = record.guests[guest_id]
        assert data.labels == guest.labels
        public = {p.address for p in record.publics.values() if p.nic in guest.nics}
        assert data.public_ipv4 in (public or {""})


def check_routers(stage: Stage) -> None:
    found: dict[str, VpcEntry] = {}
    for host in stage.ground.hosts:
        for vpc_id, entry in host.world.vpcs.items():
            if vpc_id not in stage.strangers.routers:
                assert vpc_id not in found, "a router stands twice"
                found[vpc_id] = entry
    assert found.keys() == stage.record.routers.keys()
    for router in stage.record.routers.values():
        entry = found[router.id]
        assert {leg.nic_id for leg in entry.legs} == router.legs.keys()
        assert (entry.gateway is not None) == router.gateway
        assert {(way.public, way.fixed) for way in entry.floating} == stage.record.floating(router.id)


def check_segments(stage: Stage, placed: dict[str, str]) -> None:
    record = stage.record
    for host in stage.ground.hosts:
        legs = [leg for v in host.world.vpcs.values() for leg in (*v.legs, *((v.gateway,) if v.gateway else ()))]
        wanted: set[NetworkId] = {leg.network_id for leg in legs}
        for guest in record.guests.values():
            if placed.get(guest.id) == host.id:
                wanted |= {nic.network for nic in record.plugged(guest)}
        standing = host.world.segments.keys()
        assert wanted <= standing
        assert standing - stage.strangers.networks <= wanted or stage.strangers.guests


def check_rests(stage: Stage) -> None:
    """Nothing waits for anybody."""
    table = stage.ground.table
    assert table("SELECT * FROM section_marks") == []
    assert table("SELECT section, id FROM section_entries WHERE section LIKE 'host/%' AND body IS NULL") == []
    assert table("SELECT id FROM nics WHERE deleted_at IS NOT NULL") == []
    assert table("SELECT id FROM vpcs WHERE deleted_at IS NOT NULL") == []
    orphans = table(
        "SELECT instance_id FROM placements WHERE instance_id NOT IN"
        " (SELECT id FROM instances WHERE deleted_at IS NULL)"
    )
    assert orphans == []


def check_empty(stage: Stage) -> None:
    """All was deleted, and its time has passed: the outer network is left, the default group, and nothing else."""
    table, record = stage.ground.table, stage.record
    for name in GONE:
        assert table(f"SELECT * FROM {name}") == [], name
    kinds = {kind for (kind,) in table("SELECT DISTINCT kind FROM claims")}
    assert kinds <= {"account", "access_key", "name", "vni"}
    assert table("SELECT owner FROM claims WHERE kind = 'vni'") == [(record.outer,)]
    group = next(iter(record.groups))
    shared = {f"network/{record.outer}", f"group/{group}"}
    sections = {str(key) for (key,) in table("SELECT key FROM sections WHERE key NOT LIKE 'host/%'")}
    assert sections <= shared, "the plan is never forgotten"
    assert table("SELECT scope, resource FROM counters WHERE scope LIKE 'host/%' AND used > 0") == []
