"""/resource_filters, since 3.33: what each list may be narrowed by."""

from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.core.policy import allow

FILTERS: Final[dict[str, tuple[str, ...]]] = {
    "volume": (
        "name", "name~", "status", "metadata", "bootable", "availability_zone", "size", "group_id", "volume_type_id",
        "image_id", "snapshot_id", "source_volid", "user_id", "glance_metadata", "created_at", "updated_at",
    ),
    "snapshot": ("name", "status", "volume_id", "metadata"),
    "group": (),
    "group_snapshot": (),
    "attachment": ("volume_id", "status", "instance_id", "attach_status"),
    "message": ("resource_uuid", "resource_type", "request_id"),
    "pool": ("name", "volume_type"),
    "volume_type": ("is_public", "extra_specs", "name", "description"),
}  # fmt: skip


def routes() -> list[Route]:
    return [Route("GET", "/resource_filters", find, "zone.read", "volume", min_version=(3, 33))]


def find(request: Request) -> Response:
    allow(request.call(), "zone.read")
    wanted = request.arg("resource")
    return json_response({
        "resource_filters": [
            {"resource": resource, "filters": list(filters)}
            for resource, filters in FILTERS.items()
            if wanted in {None, resource}
        ]
    })  # fmt: skip
