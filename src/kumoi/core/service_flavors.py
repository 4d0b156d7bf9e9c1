"""Flavors of routers: what the provider offers under a name, in place of a router's own properties.

A flavor has service profiles; the first one that is in use says what form its routers get. The names by which Neutron
knows the forms (its drivers) belong to the tongue.
"""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from kumoi.core.errors import InUse, Invalid
from kumoi.core.ids import ProjectId, ServiceFlavorId, ServiceProfileId

RouterForm = Literal["single", "ha", "distributed", "distributed_ha"]
OF_ROUTERS: Final = "L3_ROUTER_NAT"
SERVICES: Final = frozenset({OF_ROUTERS, "FLAVORS", "METERING", "QOS"})  # what Neutron calls the kinds that are here


class ServiceProfile(msgspec.Struct, frozen=True, kw_only=True):
    """`form` None: it says nothing of routers, and is there for who reads `metainfo`."""

    id: ServiceProfileId
    form: RouterForm | None = None
    metainfo: str = ""
    description: str = ""
    enabled: bool = True
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0

    @property
    def project_id(self) -> ProjectId:
        """Nobody's: the provider's."""
        return ProjectId("")


class ServiceFlavor(msgspec.Struct, frozen=True, kw_only=True):
    """`service`: one of SERVICES, for ever. `profile_ids`: the eldest first."""

    id: ServiceFlavorId
    name: str
    service: str
    description: str = ""
    enabled: bool = True
    profile_ids: tuple[ServiceProfileId, ...] = ()
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0

    @property
    def project_id(self) -> ProjectId:
        """Nobody's: everybody may choose it."""
        return ProjectId("")


def form_of(flavor: ServiceFlavor, profiles: Iterable[ServiceProfile]) -> RouterForm:
    """What a router of this flavor is. Raises Invalid where it is none of routers, InUse where none is to be made."""
    if flavor.service != OF_ROUTERS:
        raise Invalid("network", field="flavor_id", reason="not_in_enum", value=flavor.service)
    if not flavor.enabled:
        raise InUse("network", kind="disabled_flavor", id=flavor.id, by_kind="service_flavor", by_id=flavor.id)
    by_id = {profile.id: profile for profile in profiles}
    for one in (by_id[i] for i in flavor.profile_ids if i in by_id):
        if one.enabled and one.form is not None:
            return one.form
    raise Invalid("network", field="flavor_id", reason="no_form", value=flavor.id)
