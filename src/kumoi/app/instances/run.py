"""Run instances: one transaction that checks, charges, claims a place, makes nics and rows, and marks the plan."""

import msgspec

from kumoi.app.house import House
from kumoi.app.instances.wish import NicChoice, RunWish, check, hostname_of
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.default_group import default_group
from kumoi.app.networks.nics import NicWish, make_nic, plug
from kumoi.app.writing import Thing, charge, mark_instance, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.conditions import Facts
from kumoi.core.errors import Invalid, KumoiError, NoCapacity, NotFound, WrongState
from kumoi.core.events import Label
from kumoi.core.flavors import Flavor
from kumoi.core.ids import GroupId, HostId, InstanceId, NetworkId, PlacementId, ec2_key
from kumoi.core.images import Image
from kumoi.core.instances import Instance, Placement, Refusal
from kumoi.core.nics import Nic
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq
from kumoi.core.quotas import Allocation, host_scope
from kumoi.core.tenancy import KeyPair
from kumoi.planning.scheduling import Wanted, candidates, refusal

GIB = 1 << 30


class _Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run reads once for all its instances. `group_ids` None: the default group."""

    image: Image
    flavor: Flavor
    key: KeyPair | None
    group_ids: tuple[GroupId, ...] | None
    nics: tuple[NicChoice, ...]


def run(house: House, call: Call, wish: RunWish) -> list[Instance]:
    """Make `count_max` instances if they all can be made, else as many as can, but at least `count_min`.

    Raises NotFound, Invalid, QuotaExceeded, NoAddress; NoCapacity only with `refuse_full`.
    """
    allow(call, "instance.create")
    check(wish)
    reservation = "r-" + ec2_key(house.chance.uuid())
    count = wish.count_max
    while True:
        try:
            return _run_exactly(house, call, wish, reservation, count)
        except KumoiError as e:
            if count <= wish.count_min or e.code not in {"quota_exceeded", "no_capacity", "no_address"}:
                raise
            count = max(wish.count_min, count // 2)


def _run_exactly(house: House, call: Call, wish: RunWish, reservation: str, count: int) -> list[Instance]:
    ids = [InstanceId(house.chance.uuid()) for _ in range(count)]
    wanted = house.store.read(lambda tx: _wanted(tx, wish))
    homes = candidates(house.rooms.look(call.now), wanted, call.now, house.chance.below)
    if not homes:
        homes = candidates(house.rooms.look(call.now, afresh=True), wanted, call.now, house.chance.below)

    def write(tx: Transaction, homes: list[HostId]) -> list[Instance]:
        parts = _parts(tx, house, call, wish)
        return [
            _make(
                tx,
                house,
                call,
                wish,
                _Slot(
                    parts=parts,
                    instance_id=instance_id,
                    reservation=reservation,
                    index=index,
                    count=count,
                    homes=homes,
                    wanted=wanted,
                ),
            )
            for index, instance_id in enumerate(ids)
        ]

    try:
        made = house.store.write(lambda tx: write(tx, homes))
    except NoCapacity:
        homes = candidates(house.rooms.look(call.now, afresh=True), wanted, call.now, house.chance.below)
        made = house.store.write(lambda tx: write(tx, homes))
    house.hints.publish("marks", "")
    return made


class _Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a run: its parts, its number, where it may live."""

    parts: _Parts
    instance_id: InstanceId
    reservation: str
    index: int
    count: int
    homes: list[HostId]
    wanted: Wanted


def _wanted(tx: Transaction, wish: RunWish) -> Wanted:
    flavor = _flavor(tx, wish)
    return Wanted(
        vcpus=flavor.vcpus, memory_mib=flavor.memory_mib, disk_gib=flavor.disk_gib,
        zone=wish.zone, host_name=wish.host_name,
    )  # fmt: skip


def _flavor(tx: Transaction, wish: RunWish) -> Flavor:
    flavor = tx.flavors.get(wish.flavor_id)
    if flavor is None:
        raise NotFound("compute", kind="flavor", id=wish.flavor_id)
    return flavor


def _parts(tx: Transaction, house: House, call: Call, wish: RunWish) -> _Parts:
    flavor, image = _flavor(tx, wish), tx.images.get(wish.image_id)
    visible = image is not None and image.deleted_at is None and (
        image.visibility in {"public", "community"} or image.project_id == call.actor.project_id or call.actor.is_admin
    )  # fmt: skip
    if image is None or not visible:
        raise NotFound("image", kind="image", id=wish.image_id)
    if image.status != "active" or image.layer_id is None:
        raise WrongState("image", kind="image", id=image.id, status=image.status, action="boot")
    if flavor.memory_mib < image.min_ram_mib:
        raise Invalid("compute", field="flavor", reason="min_ram", needs=image.min_ram_mib, has=flavor.memory_mib)
    least_gib = max(image.min_disk_gib, -(-(image.virtual_bytes or 0) // GIB))
    if flavor.disk_gib and flavor.disk_gib < least_gib:
        raise Invalid("compute", field="flavor", reason="min_disk", needs=least_gib, has=flavor.disk_gib)
    return _Parts(
        image=image,
        flavor=flavor,
        key=_key(tx, call, wish.keypair_name),
        group_ids=_groups(tx, house, call, wish.groups) if wish.groups else None,
        nics=_choices(tx, call, wish),
    )


def _groups(tx: Transaction, house: House, call: Call, named: tuple[str, ...]) -> tuple[GroupId, ...]:
    """Ids of the project's groups that are named by id or name."""
    default_group(tx, house, call, call.project_id)
    own = tx.security_groups.find(Query(filters=(eq("project_id", call.project_id), alive())))
    found: list[GroupId] = []
    for text in named:
        fitting = [g.id for g in own if g.id == text] or [g.id for g in own if g.name == text]
        if not fitting:
            raise Invalid("compute", field="security_groups", reason="no_such_group", value=text)
        if len(fitting) > 1:
            raise Invalid("compute", field="security_groups", reason="several_groups", value=text)
        found.append(fitting[0])
    return tuple(found)


def _key(tx: Transaction, call: Call, name: str) -> KeyPair | None:
    if not name:
        return None
    found = tx.key_pairs.find(Query(filters=(eq("user_id", call.actor.user_id), eq("name", name))))
    if not found:
        raise Invalid("compute", field="key_name", reason="no_such_key", name=name)
    return found[0]


def _make(tx: Transaction, house: House, call: Call, wish: RunWish, slot: _Slot) -> Instance:
    flavor = slot.parts.flavor
    instance_id = slot.instance_id
    charge(
        tx, call.project_id, instance_id,
        instances=1, vcpus=flavor.vcpus, memory_mib=flavor.memory_mib,
    )  # fmt: skip
    home = _claim_home(tx, house, slot)
    refused: Refusal | None = None
    if home is None:
        facts: Facts = refusal(house.rooms.look(call.now), slot.wanted, call.now)
        if wish.refuse_full:
            raise NoCapacity("compute", **facts)
        refused = Refusal(code="no_capacity", facts=facts, at=call.now)
    one = _row(call, wish, slot, refused)
    tx.instances.insert(one)
    _label(tx, house, one, wish)
    for number, choice in enumerate(slot.parts.nics):
        _plug(tx, house, call, _Plug(one=one, choice=choice, number=number, home=home, group_ids=slot.parts.group_ids))
    if home is not None:
        tx.placements.insert(
            Placement(id=PlacementId(house.chance.uuid()), instance_id=one.id, host_id=home, created_at=call.now)
        )
        mark_instance(tx, one.id)
    record(tx, house, call, "instance.create", Thing("instance", one.id, one.project_id), {"host": home or ""})
    return one


def _claim_home(tx: Transaction, house: House, slot: _Slot) -> HostId | None:
    """The first candidate whose counters all take the amounts."""
    amounts = slot.wanted.amounts()
    for host_id in slot.homes:
        scope = host_scope(host_id)
        if all(
            tx.counters.take(Allocation(consumer=slot.instance_id, provider=scope, resource=r, amount=n))
            for r, n in amounts.items()
            if n
        ):
            house.rooms.took(host_id, amounts)
            return host_id
        tx.counters.give_back(slot.instance_id, "host/")
    return None


def _row(call: Call, wish: RunWish, slot: _Slot, refused: Refusal | None) -> Instance:
    parts = slot.parts
    assert parts.image.layer_id is not None
    name = wish.name if slot.count == 1 else f"{wish.name}-{slot.index + 1}"
    return Instance(
        id=slot.instance_id,
        project_id=call.project_id,
        user_id=call.actor.user_id,
        name=name,
        hostname=hostname_of(name),
        flavor_id=parts.flavor.id,
        flavor_name=parts.flavor.name,
        vcpus=parts.flavor.vcpus,
        memory_mib=parts.flavor.memory_mib,
        disk_gib=parts.flavor.disk_gib,
        image_id=parts.image.id,
        root_layer_id=parts.image.layer_id,
        ec2_key=ec2_key(slot.instance_id),
        reservation_id=slot.reservation,
        launch_index=slot.index,
        keypair_name=parts.key.name if parts.key else "",
        public_key=parts.key.public_key if parts.key else "",
        user_data=wish.user_data,
        config_drive=wish.config_drive,
        description=wish.description,
        zone=wish.zone,
        access_ip_v4=wish.access_ip_v4,
        access_ip_v6=wish.access_ip_v6,
        refusal=refused,
        status="error" if refused else "building",
        status_changed_at=call.now,
        created_at=call.now,
        updated_at=call.now,
    )


def _label(tx: Transaction, house: House, one: Instance, wish: RunWish) -> None:
    for namespace, pairs in (
        ("metadata", wish.metadata),
        ("aws", wish.tags),
        ("tag", dict.fromkeys(wish.os_tags, "")),
    ):
        for key, value in pairs.items():
            tx.labels.put(
                Label(
                    id=house.chance.uuid(),
                    kind="instance",
                    resource_id=one.id,
                    namespace=namespace,
                    key=key,
                    value=value,
                )
            )


def _choices(tx: Transaction, call: Call, wish: RunWish) -> tuple[NicChoice, ...]:
    """The wished nics, or the project's only network."""
    if wish.nics is not None:
        return wish.nics
    own = tx.networks.find(
        Query(filters=(eq("project_id", call.project_id), eq("external", value=False), alive()), limit=2)
    )
    shared = tx.networks.find(Query(filters=(eq("shared", value=True), eq("external", value=False), alive()), limit=2))
    found = {n.id for n in (*own, *shared)}
    if len(found) > 1:
        raise Invalid("network", field="networks", reason="several_networks")
    return tuple(NicChoice(network_id=NetworkId(n)) for n in found)


class _Plug(msgspec.Struct, frozen=True, kw_only=True):
    one: Instance
    choice: NicChoice
    number: int
    home: HostId | None
    group_ids: tuple[GroupId, ...] | None


def _plug(tx: Transaction, house: House, call: Call, p: _Plug) -> Nic:
    if p.choice.nic_id is not None:
        nic = tx.nics.get(p.choice.nic_id)
        if nic is None or nic.deleted_at is not None or nic.project_id != call.project_id:
            raise NotFound("network", kind="nic", id=p.choice.nic_id)
    else:
        assert p.choice.network_id is not None
        nic = make_nic(
            tx, house, call,
            NicWish(
                network_id=p.choice.network_id,
                fixed_ips=(FixedWish(address=p.choice.fixed_ip),) if p.choice.fixed_ip else None,
                group_ids=p.group_ids,
                made_with_instance=True,
            ),
        )  # fmt: skip
    return plug(tx, nic, p.one.id, p.home, slot=p.number)
