"""What must be true at every moment, whatever was asked and whatever went wrong."""

from collections import Counter

from tests.machines.ground import STRANGER, FakeHost, Ground
from tests.machines.record import Record, Strangers
from tests.machines.stage import MEMORY_MIB, VCPUS, Stage

from kumoi.app.instances import read as instances
from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES
from kumoi.app.networks.security_groups import GROUPS
from kumoi.app.networks.subnets import SUBNETS
from kumoi.app.networks.vpcs import VPCS
from kumoi.contracts.store import Transaction
from kumoi.core.instances import Instance, Observation, status_of
from kumoi.core.plan import VpcEntry
from kumoi.core.query import Query
from kumoi.core.quotas import project_scope

KEPT = (
    "nics", "networks", "subnets", "instances", "security_groups", "security_rules", "images", "vpcs",
    "public_addresses", "projects", "users", "access_keys", "key_pairs",
)  # fmt: skip
ROWS = " UNION ALL ".join(f"SELECT id FROM {name}" for name in KEPT)


def check(stage: Stage) -> None:
    ground, record, strangers = stage.ground, stage.record, stage.strangers
    assert stage.wrong == []
    for host in ground.hosts:
        assert host.world.broken == []
        check_strangers(host, strangers)
    check_one_copy(ground)
    check_claims(ground)
    check_counters(ground)
    check_charges(ground, record)
    check_standing(ground, record, strangers)
    check_guests(stage)
    check_visible(stage)


def check_strangers(host: FakeHost, strangers: Strangers) -> None:
    """Kill only what the plan names."""
    assert STRANGER in host.world.machines
    kept = {one for at, one in strangers.running if at == host.id}
    assert kept <= host.world.running(), "a stranger was stopped"


def check_one_copy(ground: Ground) -> None:
    running = Counter(one for host in ground.hosts for one in host.world.running() - {STRANGER})
    assert not [one for one, times in running.items() if times > 1]


def check_claims(ground: Ground) -> None:
    """Every claim and every allocation has an owner, living or in quarantine."""
    ownerless = ground.table(f"SELECT kind, key, owner FROM claims WHERE owner <> 'cloud' AND owner NOT IN ({ROWS})")
    assert ownerless == []
    homeless = ground.table(f"SELECT consumer, resource FROM allocations WHERE consumer NOT IN ({ROWS})")
    assert homeless == []
    unplaced = ground.table(
        "SELECT consumer FROM allocations WHERE provider LIKE 'host/%' AND NOT EXISTS"
        " (SELECT 1 FROM placements WHERE instance_id = consumer AND 'host/' || host_id = provider)"
    )
    assert unplaced == [], "room is taken for what has no place"


def check_counters(ground: Ground) -> None:
    wrong = ground.table(
        "SELECT scope, resource, used, (SELECT COALESCE(SUM(amount), 0) FROM allocations a"
        " WHERE a.provider = scope AND a.resource = c.resource) AS taken FROM counters c WHERE used <> taken"
    )
    assert wrong == []
    roomless = ground.table(
        "SELECT instance_id FROM placements p WHERE (SELECT amount FROM allocations WHERE consumer = p.instance_id"
        " AND provider = 'host/' || p.host_id AND resource = 'memory_mib') IS NOT ?",
        MEMORY_MIB,
    )
    assert roomless == [], "what has a place has no room"


def check_charges(ground: Ground, record: Record) -> None:
    """A project pays for exactly what its users see."""
    scope = project_scope(ground.cloud.project)
    used = dict(ground.table("SELECT resource, used FROM counters WHERE scope = ?", scope))
    assert {name: used[name] for name in record.charged(VCPUS, MEMORY_MIB)} == record.charged(VCPUS, MEMORY_MIB)


def check_standing(ground: Ground, record: Record, strangers: Strangers) -> None:
    """Whatever stands on a host is still claimed, under its own name, and so nobody else can be given it."""
    placed = {(host, one) for host, one in ground.table("SELECT host_id, instance_id FROM placements")}
    owners = dict(
        ground.table(
            "SELECT key, COALESCE(stands_for, owner) FROM claims LEFT JOIN nics ON id = owner WHERE kind = 'address'"
        )
    )
    for host in ground.hosts:
        loose = {one for one in host.things() - strangers.guests if (host.id, one) not in placed}
        assert loose == set(), "it was let go, and stands"
        for nic in host.world.nics.values():
            for ip in nic.fixed_ips:
                key = f"{ip.subnet_id}/{ip.address}"
                exempt = nic.id in strangers.nics or key in record.chosen
                fair = exempt or owners.get(key) == nic.id
                assert fair, f"{ip.address} is {owners.get(key)}'s while {nic.id} has it"
        for vpc in host.world.vpcs.values():
            if vpc.id not in strangers.routers:
                check_router(vpc, owners, record, strangers)


def check_router(vpc: VpcEntry, owners: dict[str, str], record: Record, strangers: Strangers) -> None:
    for leg in (*vpc.legs, *((vpc.gateway,) if vpc.gateway else ())):
        for ip in leg.fixed_ips:
            key = f"{ip.subnet_id}/{ip.address}"
            fair = leg.nic_id in strangers.nics or key in record.chosen or owners.get(key) == leg.nic_id
            assert fair, f"{ip.address} is {owners.get(key)}'s while the router's leg {leg.nic_id} has it"
    claimed = {key.partition("/")[2] for key in owners}
    holders = {public.address: public.id for public in record.publics.values()}
    for way in vpc.floating:
        led = record.led.get((way.public, vpc.id, way.fixed))
        if led is not None:
            assert way.public in claimed, f"{way.public} was let go, and is carried"
            assert holders.get(way.public, led) == led, f"{way.public} is somebody else's, and is carried"


def check_guests(stage: Stage) -> None:
    """Statuses follow from their inputs; wishes are as they were said; nothing is started or reset without a reason."""
    rows, seen = stage.ground.store.read(_instances)
    for one in rows:
        assert one.status == status_of(one, seen.get(one.id)), one.id
    alive = {one.id: one for one in rows if one.deleted_at is None}
    assert alive.keys() == stage.record.guests.keys()
    starts = Counter(one for host in stage.ground.hosts for one, _ in host.world.starts)
    resets = {one: m.resets for host in stage.ground.hosts for one, m in host.world.machines.items()}
    for guest in stage.record.guests.values():
        wished = alive[guest.id].power
        assert wished == ("on" if guest.on else "off") or guest.ended or guest.unsure, guest.id
        assert starts[guest.id] <= guest.excuses or guest.unsure, f"{guest.id} was started once too often"
        assert resets.get(guest.id, 0) <= guest.reboots or guest.unsure, f"{guest.id} was reset once too often"


def _instances(tx: Transaction) -> tuple[list[Instance], dict[str, Observation]]:
    return tx.instances.find(Query()), {one.id: one for one in tx.observations.find(Query())}


def check_visible(stage: Stage) -> None:
    """Users see what they made and did not delete, and nothing else."""
    house, call, record = stage.house, stage.call(), stage.record
    assert {one.id for one in instances.find(house, call, Query())} == record.guests.keys()
    listed = {
        NETWORKS: ({*record.networks, record.outer}, lambda v: v.network.id),
        SUBNETS: (record.subnets.keys(), lambda v: v.subnet.id),
        VPCS: (record.routers.keys(), lambda v: v.vpc.id),
        PUBLIC_ADDRESSES: (record.publics.keys(), lambda v: v.public.id),
        GROUPS: (record.groups.keys(), lambda v: v.group.id),
    }
    for noun, (known, id_of) in listed.items():
        assert {id_of(view) for view in reading.find(house, call, noun, Query())} == known, noun.kind
    nics = {view.nic.id: view.nic for view in reading.find(house, call, NICS, Query()) if view.nic.use != "dhcp"}
    legs = {leg for router in record.routers.values() for leg in router.legs}
    assert nics.keys() == record.nics.keys() | legs
    places = [(ip.subnet_id, ip.address) for nic in nics.values() for ip in nic.fixed_ips]
    assert len(places) == len(set(places)), "an address was given twice"
    for nic in record.nics.values():
        assert [(ip.subnet_id, ip.address) for ip in nics[nic.id].fixed_ips] == nic.places
