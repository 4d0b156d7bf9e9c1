"""The rows of a new instance, inside the transaction of a run: its place, its nics, itself, its labels."""

from collections import Counter

import msgspec
from msgspec.structs import replace

from kumoi.app.flavors import usable
from kumoi.app.house import House
from kumoi.app.images.sight import may_see
from kumoi.app.instances.disks import keepers_of, plug_disk
from kumoi.app.instances.nics import choose, only_network
from kumoi.app.instances.personality import check_files
from kumoi.app.instances.whereabouts import check_zone, neighbours_of, zones_of
from kumoi.app.instances.wish import NicChoice, RunWish, hostname_of
from kumoi.app.networks.default_group import default_group
from kumoi.app.networks.nics import plug
from kumoi.app.networks.public_addresses import PublicWish, make_public
from kumoi.app.networks.reservations import fits, needed_by, needed_on
from kumoi.app.quota_defaults import check_single
from kumoi.app.volumes.attaching import Guest
from kumoi.app.writing import Thing, charge, mark_instance, record
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import ZONE
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NoCapacity, Unsupported, WrongState
from kumoi.core.events import Label
from kumoi.core.flavors import Flavor
from kumoi.core.ids import (
    FlavorId,
    GroupId,
    HostId,
    ImageId,
    InstanceId,
    LayerId,
    NetworkId,
    PlacementId,
    ServerGroupId,
    ec2_id,
    ec2_key,
)
from kumoi.core.images import Image
from kumoi.core.instances import Instance, Placement, Refusal
from kumoi.core.nics import Nic
from kumoi.core.policy import may
from kumoi.core.query import Query, alive, eq
from kumoi.core.quotas import Allocation, host_scope
from kumoi.core.tenancy import KeyPair
from kumoi.planning.neighbours import dropped_by, preferred
from kumoi.planning.scheduling import Room, Wanted, refusal

GIB = 1 << 30


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where instances of this run may live, best first. `last`: what fits nowhere is refused rather than looked at
    again."""

    homes: tuple[HostId, ...]
    rooms: tuple[Room, ...]
    wanted: Wanted
    last: bool


class Maker:
    """What the instances of one run share, read once. Raises NotFound, Invalid, WrongState when they cannot be made."""

    def __init__(self, tx: Transaction, house: House, call: Call, wish: RunWish, place: Place) -> None:
        self._tx = tx
        self._house = house
        self._call = call
        self._wish = wish
        self._place = place
        self.homes: list[HostId] = []
        self._flavor = flavor_of(tx, wish, call)
        check_files(tx, call.project_id, wish.files)
        check_single(tx, call.project_id, "metadata_items", len(wish.metadata))
        self._image = image_of(tx, call, wish.image_id) if wish.image_id is not None else None
        if self._image is not None:
            check_fits(self._flavor.memory_mib, self._flavor.disk_gib, self._image)
        self._zones = zones_of(tx)
        check_zone(self._zones, wish.zone)
        self._wanted = replace(place.wanted, neighbours=neighbours_of(tx, call, wish))
        self._key = key_of(tx, call, wish.keypair_name)
        self._groups = _groups(tx, house, call, wish.groups)
        self._nics = wish.nics if wish.nics is not None else only_network(tx, call)

    def make(self, instance_id: InstanceId, reservation: str, index: int, count: int) -> Instance:
        """One instance. Raises QuotaExceeded, NoAddress, and NoCapacity where it is to be tried again or refused."""
        flavor, call = self._flavor, self._call
        amounts = {"instances": 1, "vcpus": flavor.vcpus, "memory_mib": flavor.memory_mib}
        charge(self._tx, call.project_id, instance_id, **amounts)
        home = self._claim_home(instance_id)
        row = self._row(instance_id, reservation, index, count, self._refused(home))
        properties = self._image.properties if self._image is not None else {}
        one = replace(row, zone=self._zone_of(home), extra_specs=flavor.extra_specs, image_properties=properties)
        self._tx.instances.insert(one)
        self._label(one)
        for slot, choice in enumerate(self._nics):
            self._plug(one, choice, slot, home)
        if home is not None:
            placement_id = PlacementId(self._house.chance.uuid())
            self._tx.placements.insert(
                Placement(id=placement_id, instance_id=one.id, host_id=home, created_at=call.now)
            )
            mark_instance(self._tx, one.id)
            guest = Guest(instance=one, home=home)
            for disk in self._wish.disks:
                plug_disk(self._tx, self._house, self._call, guest, disk)
        thing = Thing("instance", one.id, one.project_id)
        record(self._tx, self._house, call, "instance.create", thing, {"host": home or ""})
        return one

    def _claim_home(self, instance_id: InstanceId) -> HostId | None:
        """The first candidate whose counters all take the amounts."""
        amounts, by = self._wanted.amounts(), self._wanted.neighbours
        for host_id in preferred(self._place.homes, by):
            if dropped_by(host_id, by) or self._wish.zone not in {"", self._zone_of(host_id)}:
                continue
            scope = host_scope(host_id)
            if fits(self._tx, host_id, self._place.wanted.promised) and all(
                self._tx.counters.take(Allocation(consumer=instance_id, provider=scope, resource=r, amount=n))
                for r, n in amounts.items()
                if n
            ):
                self.homes.append(host_id)
                self._wanted = replace(self._wanted, neighbours=by.with_one_on(host_id))
                return host_id
            self._tx.counters.give_back(instance_id, "host/")
        return None

    def _zone_of(self, home: HostId | None) -> str:
        return self._zones.get(home, ZONE) if home is not None else self._wish.zone or ZONE

    def _refused(self, home: HostId | None) -> Refusal | None:
        """Nova's way: it is made and says why it is nowhere. EC2's: it is not made at all."""
        if home is not None:
            return None
        if not self._place.last:
            raise NoCapacity("compute")
        facts = refusal(list(self._place.rooms), self._wanted, self._call.now)
        if not may(self._call, "instance.see_host"):
            facts.pop("nearest", None)
        if self._wish.refuse_full:
            raise NoCapacity("compute", **facts)
        return Refusal(code=NoCapacity.code, facts=facts, at=self._call.now)

    def _row(
        self, instance_id: InstanceId, reservation: str, index: int, count: int, refused: Refusal | None
    ) -> Instance:
        wish, flavor, image, now = self._wish, self._flavor, self._image, self._call.now
        name = _name(wish, instance_id, index, count)
        return Instance(
            id=instance_id,
            project_id=self._call.project_id,
            user_id=self._call.actor.user_id,
            name=name,
            hostname=_hostname(wish, name, index, count),
            flavor_id=flavor.id,
            flavor_name=flavor.name,
            vcpus=flavor.vcpus,
            memory_mib=flavor.memory_mib,
            disk_gib=flavor.disk_gib,
            image_id=image.id if image is not None else ImageId(""),
            root_layer_id=(image.layer_id if image is not None else None) or LayerId(""),
            ec2_key=ec2_key(instance_id),
            reservation_id=reservation,
            launch_index=index,
            keypair_name=self._key.name if self._key else "",
            public_key=self._key.public_key if self._key else "",
            user_data=wish.user_data,
            config_drive=wish.config_drive or bool(wish.files),
            files=wish.files,
            auto_disk=wish.auto_disk,
            description=wish.description,
            zone_wanted=wish.zone,
            server_group_id=ServerGroupId(wish.server_group_id),
            hints=wish.hints,
            access_ip_v4=wish.access_ip_v4,
            access_ip_v6=wish.access_ip_v6,
            refusal=refused,
            status="error" if refused else "building",
            status_changed_at=now,
            created_at=now,
            updated_at=now,
        )

    def _label(self, one: Instance) -> None:
        wish = self._wish
        spaces = (("metadata", wish.metadata), ("aws", wish.tags), ("tag", dict.fromkeys(wish.os_tags, "")))
        for namespace, pairs in spaces:
            for key, value in pairs.items():
                row_id = self._house.chance.uuid()
                self._tx.labels.put(
                    Label(id=row_id, kind="instance", resource_id=one.id, namespace=namespace, key=key, value=value)
                )

    def _plug(self, one: Instance, choice: NicChoice, slot: int, home: HostId | None) -> Nic:
        nic = choose(self._tx, self._house, self._call, choice, self._groups)
        plugged = plug(self._tx, self._house, nic, one.id, home, slot=slot)
        if choice.public:
            make_public(self._tx, self._house, self._call, PublicWish(nic_id=plugged.id), made_for=plugged.id)
        return plugged


def _name(wish: RunWish, instance_id: InstanceId, index: int, count: int) -> str:
    if wish.name is None:
        return ec2_id("i", instance_id)
    return wish.name if count == 1 else f"{wish.name}-{index + 1}"


def _hostname(wish: RunWish, name: str, index: int, count: int) -> str:
    if not wish.hostname:
        return hostname_of(name)
    return wish.hostname if count == 1 else f"{wish.hostname}-{index + 1}"


def wanted_of(tx: Transaction, call: Call, wish: RunWish) -> Wanted:
    """What one instance of the wish takes of a host."""
    flavor = flavor_of(tx, wish)
    promised: Counter[str] = Counter()
    for choice in wish.nics if wish.nics is not None else only_network(tx, call):
        nic = tx.nics.get(choice.nic_id) if choice.nic_id is not None else None
        promised.update(needed_by(tx, nic) if nic is not None else needed_on(tx, NetworkId(choice.network_id or "")))
    return Wanted(
        vcpus=flavor.vcpus,
        memory_mib=flavor.memory_mib,
        disk_gib=flavor.disk_gib if wish.image_id is not None else 0,
        zone=wish.zone,
        host_name=wish.host_name,
        keepers=keepers_of(tx, call, wish),
        promised=dict(promised),
        project_id=call.project_id,
        specs=flavor.extra_specs,
        neighbours=neighbours_of(tx, call, wish),
    )


def flavor_of(tx: Transaction, wish: RunWish, call: Call | None = None) -> Flavor:
    """With a call: one that the caller may use."""
    return usable_flavor(tx, call, wish.flavor_id)


def usable_flavor(tx: Transaction, call: Call | None, flavor_id: FlavorId) -> Flavor:
    flavor = tx.flavors.get(flavor_id)
    if flavor is None or (call is not None and not usable(tx, call, flavor)):
        raise Invalid("compute", field="flavor", reason="no_such_flavor", value=flavor_id)
    if flavor.swap_mib or flavor.ephemeral_gib:
        raise Unsupported("compute", what="further_disks")
    return flavor


def image_of(tx: Transaction, call: Call, image_id: ImageId) -> Image:
    """What a guest can be booted from. Raises Invalid, WrongState."""
    image = tx.images.get(image_id)
    if image is None or image.deleted_at is not None or not may_see(tx, call, image):
        raise Invalid("image", field="image", reason="no_such_image", value=image_id)
    if image.status != "active" or image.layer_id is None:
        raise WrongState("image", kind="image", id=image.id, status=image.status, action="boot")
    if image.virtual_bytes is None:
        raise Invalid("image", field="image", reason="not_bootable", value=image.disk_format)
    return image


def check_fits(memory_mib: int, disk_gib: int, image: Image) -> None:
    """Invalid (field flavor) for a size that is too small for the image."""
    if memory_mib < image.min_ram_mib:
        raise Invalid("compute", field="flavor", reason="min_ram", needs=image.min_ram_mib, has=memory_mib)
    least_gib = max(image.min_disk_gib, -(-(image.virtual_bytes or 0) // GIB))
    if disk_gib and disk_gib < least_gib:
        raise Invalid("compute", field="flavor", reason="min_disk", needs=least_gib, has=disk_gib)


def key_of(tx: Transaction, call: Call, name: str) -> KeyPair | None:
    if not name:
        return None
    found = tx.key_pairs.find(Query(filters=(eq("user_id", call.actor.user_id), eq("name", name))))
    if not found:
        raise Invalid("compute", field="key_name", reason="no_such_key", name=name)
    return found[0]


def _groups(tx: Transaction, house: House, call: Call, named: tuple[str, ...]) -> tuple[GroupId, ...] | None:
    """Ids of the project's groups that are named by id or name; None: the default one."""
    if not named:
        return None
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
