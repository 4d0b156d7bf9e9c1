"""Services, endpoints and regions that an administrator entered beside those that are this cloud's own.

The cloud's own are code, made by the tongues that serve them; these here are of other programs, and only told of.
"""

from typing import Literal

import msgspec

from kumoi.core.ids import EndpointId, ServiceId

Interface = Literal["public", "internal", "admin"]


class OtherService(msgspec.Struct, frozen=True, kw_only=True):
    id: ServiceId
    type: str
    name: str = ""
    description: str = ""
    enabled: bool = True


class OtherEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`service_id` may be one of the cloud's own, and `region_id` the cloud's."""

    id: EndpointId
    service_id: str
    interface: Interface
    url: str
    region_id: str = ""
    enabled: bool = True


class OtherRegion(msgspec.Struct, frozen=True, kw_only=True):
    """Its id is its name."""

    id: str
    description: str = ""
    parent_id: str = ""
