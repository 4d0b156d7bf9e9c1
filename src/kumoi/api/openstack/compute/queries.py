"""What may be asked in a query: since 2.75 some lists refuse what they do not know, since 2.102 everything does."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.versions import at_least
from kumoi.core.errors import Invalid

_FIRST: Final = 75
_ALL: Final = 102
_PAGED: Final = frozenset({"limit", "marker"})
_SERVERS: Final = _PAGED | {
    "user_id", "project_id", "tenant_id", "launch_index", "image_ref", "image", "kernel_id", "ramdisk_id", "hostname",
    "key_name", "power_state", "vm_state", "task_state", "host", "node", "flavor", "reservation_id", "launched_at",
    "terminated_at", "availability_zone", "name", "display_name", "description", "display_description", "locked_by",
    "uuid", "root_device_name", "config_drive", "access_ip_v4", "access_ip_v6", "auto_disk_config", "progress",
    "sort_key", "sort_dir", "all_tenants", "soft_deleted", "deleted", "status", "changes-since", "ip", "ip6",
    "created_at", "tags", "tags-any", "not-tags", "not-tags-any", "changes-before", "locked",
}  # fmt: skip
_FLAVORS: Final = _PAGED | {"is_public", "minRam", "minDisk", "sort_key", "sort_dir"}
_HYPERVISORS: Final = _PAGED | {"hypervisor_hostname_pattern", "with_servers"}
_USER: Final = frozenset({"user_id"})
_QUOTAS: Final = "/v2.1/os-quota-sets/{project}"
# Path → what it knows, and the version since which it refuses the rest. Of all others: nothing, since 2.102.
_KNOWN: Final[dict[str, tuple[frozenset[str], int]]] = {
    "/v2.1/servers": (_SERVERS, _FIRST),
    "/v2.1/servers/detail": (_SERVERS, _FIRST),
    "/v2.1/flavors": (_FLAVORS, _FIRST),
    "/v2.1/flavors/detail": (_FLAVORS, _FIRST),
    "/v2.1/os-keypairs": (_PAGED | _USER, _FIRST),
    "/v2.1/os-keypairs/{name}": (_USER, _FIRST),
    "/v2.1/limits": (frozenset({"tenant_id"}), _FIRST),
    _QUOTAS: (_USER, _FIRST),
    _QUOTAS + "/detail": (_USER, _FIRST),
    "/v2.1/os-server-groups": (frozenset({"all_projects", "limit", "offset"}), _FIRST),
    "/v2.1/os-services": (frozenset({"host", "binary"}), _FIRST),
    "/v2.1/os-simple-tenant-usage": (_PAGED | {"start", "end", "detailed"}, _FIRST),
    "/v2.1/os-simple-tenant-usage/{project}": (_PAGED | {"start", "end"}, _FIRST),
    "/v2.1/os-hypervisors": (_HYPERVISORS, _FIRST),
    "/v2.1/os-hypervisors/detail": (_HYPERVISORS, _FIRST),
    "/v2.1/os-hypervisors/{id}": (frozenset({"with_servers"}), _FIRST),
    "/v2.1/servers/{id}/os-instance-actions": (_PAGED | {"changes-since", "changes-before"}, 58),
    "/v2.1/os-migrations": (
        _PAGED | {"hidden", "host", "instance_uuid", "source_compute", "status", "migration_type", "changes-since",
                  "changes-before", "user_id", "project_id"},
        59,
    ),
    "/v2.1/servers/{id}/os-volume_attachments": (frozenset({"limit", "offset"}), _FIRST),
    "/v2.1/os-console-auth-tokens/{token}": (frozenset(), 99),
}  # fmt: skip
_NEWER: Final = {"/v2.1/flavors": {"name": _ALL}, "/v2.1/flavors/detail": {"name": _ALL}}


def strict(route: Route) -> Route:
    """The same route, which asks first whether it knows what it is asked."""
    if route.anonymous or route.method not in {"GET", "DELETE"}:
        return route
    known, since = _KNOWN.get(route.path, (frozenset[str](), _ALL))
    return replace(route, handler=partial(_checked, route, known, since, route.handler))


def _checked(
    route: Route, known: frozenset[str], since: int, handler: Callable[[Request], Any], request: Request
) -> Any:
    if at_least(request, since):
        newer = {name for name, minor in _NEWER.get(route.path, {}).items() if at_least(request, minor)}
        for name, _ in request.query:
            if name not in known and name not in newer:
                raise Invalid("api", field=name[:64], reason="unknown_field")
    return handler(request)
