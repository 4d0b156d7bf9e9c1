"""Doors of flavors of routers and their service profiles: the provider's to write, flavors everybody's to choose."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.reading import Noun
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound
from kumoi.core.given import given
from kumoi.core.ids import ServiceFlavorId, ServiceProfileId
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq
from kumoi.core.service_flavors import SERVICES, RouterForm, ServiceFlavor, ServiceProfile, form_of


class FlavorWish(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    service: str
    description: str = ""
    enabled: bool = True
    profile_ids: tuple[ServiceProfileId, ...] = ()


class FlavorChange(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    if_generation: int | None = None


class ProfileWish(msgspec.Struct, frozen=True, kw_only=True):
    form: RouterForm | None = None
    metainfo: str = ""
    description: str = ""
    enabled: bool = True


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    form: RouterForm | UnsetType | None = UNSET
    metainfo: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    if_generation: int | None = None


FLAVORS: Noun[ServiceFlavor, ServiceFlavor] = Noun(
    kind="service_flavor",
    action="service_flavor",
    rows=lambda tx: tx.service_flavors,
    views=lambda _tx, rows: rows,
    listed=lambda _tx, _call: (),
    shown=lambda _tx, _call, _row: True,
    mortal=False,
)
PROFILES: Noun[ServiceProfile, ServiceProfile] = Noun(
    kind="service_profile",
    action="service_profile",
    rows=lambda tx: tx.service_profiles,
    views=lambda _tx, rows: rows,
    listed=reading.own,
    shown=reading.never,
    mortal=False,
)


def create_flavor(house: House, call: Call, wish: FlavorWish) -> ServiceFlavor:
    allow(call, "service_flavor.create")
    if wish.service not in SERVICES:
        raise Invalid("network", field="service_type", reason="not_in_enum", value=wish.service)
    made = ServiceFlavor(
        id=ServiceFlavorId(house.chance.uuid()),
        **msgspec.structs.asdict(wish),
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> ServiceFlavor:
        for profile_id in wish.profile_ids:
            reading.visible(tx, call, PROFILES, profile_id)
        tx.service_flavors.insert(made)
        record(tx, house, call, "service_flavor.create", Thing("service_flavor", made.id, ""))
        return made

    return house.store.write(write)


def update_flavor(house: House, call: Call, flavor_id: ServiceFlavorId, change: FlavorChange) -> ServiceFlavor:
    """Routers that have it stay what they are."""
    allow(call, "service_flavor.update")

    def write(tx: Transaction) -> ServiceFlavor:
        was = reading.visible(tx, call, FLAVORS, flavor_id)
        reading.check_generation(FLAVORS, was, change.if_generation)
        return _save(tx, house, call, replace(was, **given(change, "if_generation")))

    return house.store.write(write)


def delete_flavor(house: House, call: Call, flavor_id: ServiceFlavorId) -> None:
    """InUse while a router has it."""
    allow(call, "service_flavor.delete")

    def write(tx: Transaction) -> None:
        flavor = reading.visible(tx, call, FLAVORS, flavor_id)
        for vpc in tx.vpcs.find(Query(filters=(eq("flavor_id", flavor.id), alive()), limit=1)):
            raise InUse("network", kind="service_flavor", id=flavor.id, by_kind="vpc", by_id=vpc.id)
        tx.service_flavors.remove(flavor.id)
        record(tx, house, call, "service_flavor.delete", Thing("service_flavor", flavor.id, ""))

    house.store.write(write)


def create_profile(house: House, call: Call, wish: ProfileWish) -> ServiceProfile:
    """Invalid where it says nothing at all."""
    allow(call, "service_profile.create")
    if wish.form is None and not wish.metainfo:
        raise Invalid("network", field="driver", reason="missing", name="driver")
    made = ServiceProfile(
        id=ServiceProfileId(house.chance.uuid()),
        **msgspec.structs.asdict(wish),
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> ServiceProfile:
        tx.service_profiles.insert(made)
        record(tx, house, call, "service_profile.create", Thing("service_profile", made.id, ""))
        return made

    return house.store.write(write)


def update_profile(house: House, call: Call, profile_id: ServiceProfileId, change: ProfileChange) -> ServiceProfile:
    """InUse for another form while a flavor has it."""
    allow(call, "service_profile.update")

    def write(tx: Transaction) -> ServiceProfile:
        was = reading.visible(tx, call, PROFILES, profile_id)
        reading.check_generation(PROFILES, was, change.if_generation)
        changed = replace(was, **given(change, "if_generation"), updated_at=call.now)
        if changed.form != was.form:
            _check_unused(tx, was)
        saved = tx.service_profiles.save(changed)
        record(tx, house, call, "service_profile.update", Thing("service_profile", saved.id, ""))
        return saved

    return house.store.write(write)


def delete_profile(house: House, call: Call, profile_id: ServiceProfileId) -> None:
    """InUse while a flavor has it."""
    allow(call, "service_profile.delete")

    def write(tx: Transaction) -> None:
        profile = reading.visible(tx, call, PROFILES, profile_id)
        _check_unused(tx, profile)
        tx.service_profiles.remove(profile.id)
        record(tx, house, call, "service_profile.delete", Thing("service_profile", profile.id, ""))

    house.store.write(write)


def give_profile(house: House, call: Call, flavor_id: ServiceFlavorId, profile_id: ServiceProfileId) -> ServiceFlavor:
    """InUse where the flavor has it already."""
    allow(call, "service_flavor.update")

    def write(tx: Transaction) -> ServiceFlavor:
        flavor = reading.visible(tx, call, FLAVORS, flavor_id)
        profile = reading.visible(tx, call, PROFILES, profile_id)
        if profile.id in flavor.profile_ids:
            raise _has(flavor, profile)
        return _save(tx, house, call, replace(flavor, profile_ids=(*flavor.profile_ids, profile.id)))

    return house.store.write(write)


def take_profile(house: House, call: Call, flavor_id: ServiceFlavorId, profile_id: ServiceProfileId) -> None:
    """NotFound where the flavor has none such."""
    allow(call, "service_flavor.update")

    def write(tx: Transaction) -> None:
        flavor = reading.visible(tx, call, FLAVORS, flavor_id)
        if profile_id not in flavor.profile_ids:
            raise NotFound("network", kind="profile_of_flavor", id=profile_id, flavor=flavor.id)
        left = tuple(one for one in flavor.profile_ids if one != profile_id)
        _save(tx, house, call, replace(flavor, profile_ids=left))

    house.store.write(write)


def chosen_form(tx: Transaction, call: Call, flavor_id: ServiceFlavorId) -> RouterForm:
    """The form of a router of this flavor. NotFound; what `form_of` raises."""
    flavor = reading.visible(tx, call, FLAVORS, flavor_id)
    return form_of(flavor, tx.service_profiles.many(flavor.profile_ids))


def _save(tx: Transaction, house: House, call: Call, flavor: ServiceFlavor) -> ServiceFlavor:
    saved = tx.service_flavors.save(replace(flavor, updated_at=call.now))
    record(tx, house, call, "service_flavor.update", Thing("service_flavor", saved.id, ""))
    return saved


def _check_unused(tx: Transaction, profile: ServiceProfile) -> None:
    for flavor in tx.service_flavors.find(Query()):
        if profile.id in flavor.profile_ids:
            raise _has(flavor, profile)


def _has(flavor: ServiceFlavor, profile: ServiceProfile) -> InUse:
    return InUse("network", kind="service_profile", id=profile.id, by_kind="service_flavor", by_id=flavor.id)
