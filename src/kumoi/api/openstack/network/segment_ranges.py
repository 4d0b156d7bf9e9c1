"""/v2.0/network-segment-ranges."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network import provider
from kumoi.api.openstack.network.bodies import Description, Name
from kumoi.api.openstack.network.listing import Shown, Table, number
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Resource, standard
from kumoi.app.house import House
from kumoi.app.networks import segment_ranges
from kumoi.app.networks.segment_ranges import SEGMENT_RANGES, SegmentRangeChange, SegmentRangeView, SegmentRangeWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.ids import ProjectId, SegmentRangeId

MOST_TOLD: Final = 4096  # free numbers of a range that are told one by one


class New(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    minimum: int
    maximum: int
    name: Name = ""
    description: Description = ""
    shared: bool = True
    project_id: str = ""
    tenant_id: str = ""
    network_type: Literal["vxlan", "vlan"] = provider.TUNNELLED
    physical_network: str | None = None


class Change(msgspec.Struct, forbid_unknown_fields=True):
    minimum: int | UnsetType = UNSET
    maximum: int | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET


def _create(house: House, call: Call, news: list[New]) -> list[SegmentRangeView]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of network segment ranges")
    new = news[0]
    owner = ProjectId(new.project_id or new.tenant_id or call.project_id)
    physical = provider.read(new.network_type, new.physical_network, None).physical
    wish = SegmentRangeWish(
        first=new.minimum,
        last=new.maximum,
        physical=physical,
        project_id=None if new.shared else owner,
        name=new.name,
        description=new.description,
    )
    return [segment_ranges.create_segment_range(house, call, wish)]


def _update(house: House, call: Call, range_id: str, change: Change, generation: int | None) -> SegmentRangeView:
    wanted = SegmentRangeChange(
        first=change.minimum,
        last=change.maximum,
        name=change.name,
        description=change.description,
        if_generation=generation,
    )
    return segment_ranges.update_segment_range(house, call, SegmentRangeId(range_id), wanted)


def _render(view: SegmentRangeView, _actor: Actor) -> Shown:
    one = view.range
    free = (n for n in range(one.first, one.last + 1) if n not in view.used)
    return {
        **standard(one),
        "name": one.name,
        "default": False,
        "shared": not one.project_id,
        "network_type": "vlan" if one.physical else provider.TUNNELLED,
        "physical_network": one.physical or None,
        "minimum": one.first,
        "maximum": one.last,
        "used": {str(vni): project_id for vni, project_id in sorted(view.used.items())},
        "available": [n for n, _ in zip(free, range(MOST_TOLD), strict=False)],
    }


RESOURCE = Resource(
    singular="network_segment_range",
    path="/v2.0/network-segment-ranges",
    noun=SEGMENT_RANGES,
    table=Table(
        plural="network_segment_ranges",
        columns={**STANDARD_COLUMNS, "minimum": ("first", number), "maximum": ("last", number)},
        attributes=(STANDARD - {"tags"})
        | {"default", "shared", "network_type", "physical_network", "minimum", "maximum", "used", "available"},
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, row_id: segment_ranges.delete_segment_range(house, call, SegmentRangeId(row_id)),
)
