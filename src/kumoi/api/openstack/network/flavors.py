"""/v2.0/flavors, /v2.0/service_profiles and /v2.0/service-providers: forms of routers to choose by name."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.bodies import Description, Id, Name
from kumoi.api.openstack.network.listing import Shown, Table, flag, text
from kumoi.api.openstack.network.resources import SERVICE, Resource, one_of
from kumoi.app.house import House
from kumoi.app.networks import service_flavors
from kumoi.app.networks.service_flavors import (
    FLAVORS,
    PROFILES,
    FlavorChange,
    FlavorWish,
    ProfileChange,
    ProfileWish,
)
from kumoi.core.call import Actor, Call
from kumoi.core.errors import NotFound, Unsupported
from kumoi.core.ids import ServiceFlavorId, ServiceProfileId
from kumoi.core.service_flavors import OF_ROUTERS, RouterForm, ServiceFlavor, ServiceProfile

_PACKAGE: Final = "neutron.services.l3_router.service_providers"
DRIVERS: Final[dict[RouterForm, str]] = {
    "single": f"{_PACKAGE}.single_node.SingleNodeDriver",
    "ha": f"{_PACKAGE}.ha.HaDriver",
    "distributed": f"{_PACKAGE}.dvr.DvrDriver",
    "distributed_ha": f"{_PACKAGE}.dvrha.DvrHaDriver",
}
# As Neutron calls them; routers that ask for nothing are `ha`.
PROVIDERS: Final[dict[RouterForm, str]] = {
    "single": "single_node",
    "ha": "ha",
    "distributed": "dvr",
    "distributed_ha": "dvrha",
}


class NewFlavor(msgspec.Struct, forbid_unknown_fields=True):
    service_type: str
    name: Name = ""
    description: Description = ""
    enabled: bool = True
    service_profiles: list[Id] = []


class FlavorPut(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class NewProfile(msgspec.Struct, forbid_unknown_fields=True):
    description: Description = ""
    driver: str = ""
    metainfo: str = ""
    enabled: bool = True


class ProfilePut(msgspec.Struct, forbid_unknown_fields=True):
    description: Description | UnsetType = UNSET
    driver: str | UnsetType = UNSET
    metainfo: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class ProfileOf(msgspec.Struct):
    id: Id


def _form(driver: str) -> RouterForm | None:
    if not driver:
        return None
    for form, name in DRIVERS.items():
        if driver == name:
            return form
    raise NotFound("network", kind="service_driver", id=driver)


def _create_flavor(house: House, call: Call, news: list[NewFlavor]) -> list[ServiceFlavor]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of flavors")
    new = news[0]
    wish = FlavorWish(
        name=new.name,
        service=new.service_type,
        description=new.description,
        enabled=new.enabled,
        profile_ids=tuple(dict.fromkeys(ServiceProfileId(one) for one in new.service_profiles)),
    )
    return [service_flavors.create_flavor(house, call, wish)]


def _update_flavor(
    house: House, call: Call, flavor_id: str, change: FlavorPut, generation: int | None
) -> ServiceFlavor:
    wanted = FlavorChange(
        name=change.name, description=change.description, enabled=change.enabled, if_generation=generation
    )
    return service_flavors.update_flavor(house, call, ServiceFlavorId(flavor_id), wanted)


def _create_profile(house: House, call: Call, news: list[NewProfile]) -> list[ServiceProfile]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of service profiles")
    new = news[0]
    wish = ProfileWish(form=_form(new.driver), metainfo=new.metainfo, description=new.description, enabled=new.enabled)
    return [service_flavors.create_profile(house, call, wish)]


def _update_profile(
    house: House, call: Call, profile_id: str, change: ProfilePut, generation: int | None
) -> ServiceProfile:
    wanted = ProfileChange(
        form=UNSET if change.driver is UNSET else _form(change.driver),
        metainfo=change.metainfo,
        description=change.description,
        enabled=change.enabled,
        if_generation=generation,
    )
    return service_flavors.update_profile(house, call, ServiceProfileId(profile_id), wanted)


def _flavor(one: ServiceFlavor, _actor: Actor) -> Shown:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "service_type": one.service,
        "service_profiles": list(one.profile_ids),
        "enabled": one.enabled,
    }


def _profile(one: ServiceProfile, _actor: Actor) -> Shown:
    return {
        "id": one.id,
        "description": one.description,
        "driver": DRIVERS[one.form] if one.form is not None else "",
        "metainfo": one.metainfo,
        "enabled": one.enabled,
    }


FLAVOR = Resource(
    singular="flavor",
    path="/v2.0/flavors",
    noun=FLAVORS,
    table=Table(
        plural="flavors",
        columns={
            "id": ("id", text),
            "name": ("name", text),
            "description": ("description", text),
            "service_type": ("service", text),
            "enabled": ("enabled", flag),
        },
        attributes=frozenset({"id", "name", "description", "service_type", "service_profiles", "enabled"}),
        render=_flavor,
    ),
    new=NewFlavor,
    change=FlavorPut,
    create=_create_flavor,
    update=_update_flavor,
    delete=lambda house, call, row_id: service_flavors.delete_flavor(house, call, ServiceFlavorId(row_id)),
)
PROFILE = Resource(
    singular="service_profile",
    path="/v2.0/service_profiles",
    noun=PROFILES,
    table=Table(
        plural="service_profiles",
        columns={"id": ("id", text), "description": ("description", text), "enabled": ("enabled", flag)},
        attributes=frozenset({"id", "description", "driver", "metainfo", "enabled"}),
        render=_profile,
    ),
    new=NewProfile,
    change=ProfilePut,
    create=_create_profile,
    update=_update_profile,
    delete=lambda house, call, row_id: service_flavors.delete_profile(house, call, ServiceProfileId(row_id)),
)


def routes(house: House) -> list[Route]:
    """What a flavor has, and which forms there are."""

    def give(request: Request) -> Response:
        profile_id = ServiceProfileId(one_of(request, "service_profile", ProfileOf).id)
        flavor_id = ServiceFlavorId(request.params["id"])
        service_flavors.give_profile(house, request.call(), flavor_id, profile_id)
        return json_response({"service_profile": {"id": profile_id}}, 201)

    def take(request: Request) -> Response:
        flavor_id, profile_id = ServiceFlavorId(request.params["id"]), ServiceProfileId(request.params["profile"])
        service_flavors.take_profile(house, request.call(), flavor_id, profile_id)
        return no_content()

    def providers(_request: Request) -> Response:
        found = [{"service_type": OF_ROUTERS, "name": n, "default": n == "ha"} for n in PROVIDERS.values()]
        return json_response({"service_providers": found})

    path, action = f"{FLAVOR.path}/{{id}}/service_profiles", "service_flavor.update"
    return [
        Route("POST", path, give, action, SERVICE, body_type=ProfileOf, success=201),
        Route("DELETE", f"{path}/{{profile}}", take, action, SERVICE, success=204),
        Route("GET", "/v2.0/service-providers", providers, "network.read", SERVICE),
    ]
