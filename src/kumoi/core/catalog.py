"""Services, endpoints and regions that an administrator entered beside those that are this cloud's own.

The cloud's own are code, made by the tongues that serve them; these here are of other programs, and only told of.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from kumoi.core.ids import EndpointGroupId, EndpointId, ProjectId, ServiceId

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


class EndpointGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Endpoints by what they have in common: any of service_id, region_id, interface."""

    id: EndpointGroupId
    name: str
    description: str = ""
    filters: dict[str, str] = msgspec.field(default_factory=dict)


class EndpointFilter(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint, or a group of them, that a project's catalog shows. A project without any is shown all."""

    id: str
    project_id: ProjectId
    endpoint_id: str = ""
    group_id: str = ""


def endpoint_filter(project_id: str, *, endpoint_id: str = "", group_id: str = "") -> EndpointFilter:
    return EndpointFilter(
        id=f"{project_id}/{endpoint_id or group_id}",
        project_id=ProjectId(project_id),
        endpoint_id=endpoint_id,
        group_id=group_id,
    )


def in_group(group: EndpointGroup, described: Mapping[str, str]) -> bool:
    """Whether an endpoint that is described so (service_id, region_id, interface) is in the group."""
    return all(described.get(name) == value for name, value in group.filters.items())
