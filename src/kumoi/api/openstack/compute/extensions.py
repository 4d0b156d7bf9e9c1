"""/extensions: of what parts Nova's interface is made. Since version 2.1 they are all there, or they are gone; clients
that are older than that look them up."""

from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.core.errors import NotFound
from kumoi.core.policy import allow

# Alias and name, as Nova spells them, of what is served here.
PARTS: Final = {
    "NMN": "Multinic", "OS-DCF": "DiskConfig", "OS-EXT-AZ": "ExtendedAvailabilityZone", "OS-EXT-IPS": "ExtendedIps",
    "OS-EXT-IPS-MAC": "ExtendedIpsMac", "OS-EXT-SRV-ATTR": "ExtendedServerAttributes", "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled", "OS-FLV-EXT-DATA": "FlavorExtraData", "OS-SCH-HNT": "SchedulerHints",
    "OS-SRV-USG": "ServerUsage", "os-admin-actions": "AdminActions", "os-aggregates": "Aggregates",
    "os-attach-interfaces": "AttachInterfaces", "os-availability-zone": "AvailabilityZone",
    "os-config-drive": "ConfigDrive", "os-console-output": "ConsoleOutput", "os-consoles": "Consoles",
    "os-create-backup": "CreateBackup", "os-deferred-delete": "DeferredDelete",
    "os-extended-availability-zone": "ExtendedAvailabilityZone", "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs", "os-flavor-manage": "FlavorManage",
    "os-floating-ip-pools": "FloatingIpPools", "os-floating-ips": "FloatingIps", "os-hosts": "Hosts",
    "os-hypervisors": "Hypervisors", "os-instance-actions": "InstanceActions",
    "os-instance_usage_audit_log": "OSInstanceUsageAuditLog", "os-keypairs": "Keypairs",
    "os-lock-server": "LockServer", "os-migrations": "Migrations", "os-multiple-create": "MultipleCreate",
    "os-networks": "Networks", "os-pause-server": "PauseServer", "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas", "os-rescue": "Rescue", "os-security-groups": "SecurityGroups",
    "os-server-diagnostics": "ServerDiagnostics", "os-server-external-events": "ServerExternalEvents",
    "os-server-groups": "ServerGroups", "os-services": "Services", "os-shelve": "Shelve",
    "os-simple-tenant-usage": "SimpleTenantUsage", "os-suspend-server": "SuspendServer",
    "os-tenant-networks": "OSTenantNetworks", "os-used-limits": "UsedLimits", "os-user-data": "UserData",
    "os-volumes": "Volumes",
}  # fmt: skip


def routes() -> list[Route]:
    return [
        Route("GET", V + "/extensions", find, "flavor.read", "compute"),
        Route("GET", V + "/extensions/{alias}", show, "flavor.read", "compute"),
    ]


def find(request: Request) -> Response:
    allow(request.call(), "flavor.read")
    return json_response({"extensions": [_shown(alias, name) for alias, name in PARTS.items()]})


def show(request: Request) -> Response:
    allow(request.call(), "flavor.read")
    alias = request.params["alias"]
    if alias not in PARTS:
        raise NotFound("compute", kind="extension", id=alias)
    return json_response({"extension": _shown(alias, PARTS[alias])})


def _shown(alias: str, name: str) -> dict[str, Any]:
    """Nova no longer tells more of them either: all have the same time, and no place."""
    return {
        "alias": alias,
        "name": name,
        "description": "",
        "links": [],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": "2014-12-03T00:00:00Z",
    }
