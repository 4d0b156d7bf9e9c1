"""How Nova shows an instance: words for statuses, addresses, and what each microversion adds."""

import hashlib
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.text import say_code, say_condition
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app.instances.read import InstanceView, sees_host
from kumoi.core.attachments import Attachment
from kumoi.core.conditions import Blocked
from kumoi.core.hosts import state
from kumoi.core.instances import Instance, Status, condition_of
from kumoi.core.nics import Nic

# status → (Nova's status, vm_state, task_state, power_state: 0 none, 1 running, 3 paused, 4 shut down)
WORDS: Final[dict[Status, tuple[str, str, str | None, int]]] = {
    "building": ("BUILD", "building", "spawning", 0),
    "active": ("ACTIVE", "active", None, 1),
    "stopping": ("ACTIVE", "active", "powering-off", 1),
    "stopped": ("SHUTOFF", "stopped", None, 4),
    "starting": ("SHUTOFF", "stopped", "powering-on", 4),
    "rebooting": ("REBOOT", "active", "rebooting", 1),
    "hard_rebooting": ("HARD_REBOOT", "active", "rebooting_hard", 1),
    "pausing": ("ACTIVE", "active", "pausing", 1),
    "paused": ("PAUSED", "paused", None, 3),
    "unpausing": ("PAUSED", "paused", "unpausing", 3),
    "suspending": ("ACTIVE", "active", "suspending", 1),
    "suspended": ("SUSPENDED", "suspended", None, 4),
    "resuming": ("SUSPENDED", "suspended", "resuming", 4),
    "rebuilding": ("REBUILD", "active", "rebuilding", 1),
    "resizing": ("RESIZE", "active", "resize_finish", 1),
    "resized": ("VERIFY_RESIZE", "resized", None, 1),
    "reverting": ("REVERT_RESIZE", "resized", "resize_reverting", 1),
    "rescuing": ("ACTIVE", "active", "rescuing", 1),
    "rescued": ("RESCUE", "rescued", None, 1),
    "unrescuing": ("RESCUE", "rescued", "unrescuing", 1),
    "shelving": ("ACTIVE", "active", "shelving", 1),
    "shelved": ("SHELVED", "shelved", None, 4),
    "offloaded": ("SHELVED_OFFLOADED", "shelved_offloaded", None, 4),
    "error": ("ERROR", "error", None, 0),
    "deleted": ("DELETED", "deleted", None, 0),
}
STATUSES: Final[dict[str, tuple[Status, ...]]] = {
    word: tuple(s for s, w in WORDS.items() if w[0] == word) for word in {w[0] for w in WORDS.values()}
}


def brief(request: Request, one: Instance) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "links": links(request, one.id)}


def links(request: Request, server_id: str) -> list[dict[str, str]]:
    base = request.base_url
    return [
        {"rel": "self", "href": f"{base}/compute/v2.1/servers/{server_id}"},
        {"rel": "bookmark", "href": f"{base}/compute/servers/{server_id}"},
    ]


def basic(request: Request, view: InstanceView) -> dict[str, Any]:
    """What the answer to a change shows: no more than Nova's first version did, and what later ones added."""
    one = view.instance
    shown: dict[str, Any] = {
        **brief(request, one),
        "status": WORDS[one.status][0],
        "tenant_id": one.project_id,
        "user_id": one.user_id,
        "metadata": view.labels.get("metadata", {}),
        "hostId": host_mark(view),
        "image": _image(request, one),
        "flavor": _flavor(request, one),
        "created": second(one.created_at),
        "updated": second(one.updated_at),
        "addresses": addresses(view),
        "accessIPv4": one.access_ip_v4,
        "accessIPv6": one.access_ip_v6,
        "OS-DCF:diskConfig": "AUTO" if one.auto_disk else "MANUAL",
    }
    if shown["status"] in {"ACTIVE", "BUILD"}:
        shown["progress"] = 100 if one.status == "active" else 0
    problem = fault(request, view)
    if problem is not None:
        shown["fault"] = problem
    return shown | _grown(request, view)


def single(request: Request, view: InstanceView, shown: dict[str, Any]) -> dict[str, Any]:
    """What a server has more where it is shown alone."""
    group_id = view.instance.server_group_id
    return shown | {"server_groups": [group_id] if group_id else []} if at_least(request, 71) else shown


def detail(request: Request, view: InstanceView) -> dict[str, Any]:
    """Everything a detailed answer shows at the request's microversion to this caller."""
    one = view.instance
    _, vm_state, task_state, power_state = WORDS[one.status]
    task_state = task_state or _copying(view)
    shown: dict[str, Any] = {
        **basic(request, view),
        "OS-EXT-AZ:availability_zone": one.zone if view.host else "",
        "config_drive": "True" if one.config_drive else "",
        "key_name": one.keypair_name or None,
        "OS-SRV-USG:launched_at": _launched_at(view),
        "OS-SRV-USG:terminated_at": second(one.deleted_at)[:-1] + ".000000" if one.deleted_at else None,
        "OS-EXT-STS:task_state": task_state,
        "OS-EXT-STS:vm_state": vm_state,
        "OS-EXT-STS:power_state": power_state,
        "os-extended-volumes:volumes_attached": [_attached(request, one) for one in view.attachments],
    }
    if view.nics:
        names = {view.groups[g].name for nic in view.nics for g in nic.group_ids if g in view.groups}
        shown["security_groups"] = [{"name": name} for name in sorted(names)]
    return shown | _since_90(request, one) | _for_operators(request, view)


def _since_90(request: Request, one: Instance) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if at_least(request, 90):
        shown["OS-EXT-SRV-ATTR:hostname"] = one.hostname
    if at_least(request, 96):
        shown["pinned_availability_zone"] = one.zone_wanted or None
    if at_least(request, 100):
        shown["scheduler_hints"] = one.hints
    return shown


def changed(request: Request, view: InstanceView) -> dict[str, Any]:
    """What the answer to a PUT or a rebuild shows: since 2.75 the same as a GET."""
    shown = detail(request, view) if at_least(request, 75) else basic(request, view)
    return single(request, view, shown)


def _copying(view: InstanceView) -> str | None:
    """What is being done for an image of it, if anything."""
    if any(image.status == "saving" for image in view.copies):
        return "image_uploading"
    if view.copies:
        return "image_snapshot" if view.copies[0].rotation is None else "image_backup"
    return None


def _attached(request: Request, one: Attachment) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": one.volume_id}
    return shown | {"delete_on_termination": one.delete_on_termination} if at_least(request, 3) else shown


def _for_operators(request: Request, view: InstanceView) -> dict[str, Any]:
    one = view.instance
    shown: dict[str, Any] = {}
    if sees_host(request.call()):
        host = view.host.name if view.host else None
        shown |= {
            "OS-EXT-SRV-ATTR:host": host,
            "OS-EXT-SRV-ATTR:hypervisor_hostname": host,
            "OS-EXT-SRV-ATTR:instance_name": f"kumoi-{one.id}",
        }
        if at_least(request, 3):
            shown |= {
                "OS-EXT-SRV-ATTR:reservation_id": one.reservation_id,
                "OS-EXT-SRV-ATTR:launch_index": one.launch_index,
                "OS-EXT-SRV-ATTR:hostname": one.hostname,
                "OS-EXT-SRV-ATTR:kernel_id": "",
                "OS-EXT-SRV-ATTR:ramdisk_id": "",
                "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
                "OS-EXT-SRV-ATTR:user_data": one.user_data or None,
            }
        if at_least(request, 16):
            shown["host_status"] = _host_status(request, view)
    return shown


def _grown(request: Request, view: InstanceView) -> dict[str, Any]:
    """What every answer about a server has had since a microversion."""
    one = view.instance
    shown: dict[str, Any] = {}
    if at_least(request, 9):
        shown["locked"] = one.locked
    if at_least(request, 73):
        shown["locked_reason"] = one.locked_reason or None
    if at_least(request, 63):
        shown["trusted_image_certificates"] = None
    if at_least(request, 19):
        shown["description"] = one.description or None
    if at_least(request, 26):
        shown["tags"] = sorted(view.labels.get("tag", {}))
    return shown


def _host_status(request: Request, view: InstanceView) -> str:
    if view.host is None:
        return ""
    if not view.host.enabled:
        return "MAINTENANCE"
    return "UP" if state(view.host, request.now) == "up" else "DOWN"


def addresses(view: InstanceView) -> dict[str, list[dict[str, Any]]]:
    """By network name, fixed ones first."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for nic in view.nics:
        here = shown.setdefault(view.networks[nic.network_id].name, [])
        here += [_address(nic, ip.address, "fixed") for ip in nic.fixed_ips]
        here += [_address(nic, p.address, "floating") for p in view.public if p.nic_id == nic.id]
    return shown


def plain_addresses(view: InstanceView) -> dict[str, list[dict[str, Any]]]:
    """As Nova told them at first."""
    found = addresses(view)
    return {name: [{"version": a["version"], "addr": a["addr"]} for a in those] for name, those in found.items()}


def fault(request: Request, view: InstanceView) -> dict[str, Any] | None:
    """Why an instance in error is so, in words."""
    one = view.instance
    if one.status != "error":
        return None
    if one.refusal is not None:
        message = say_code(one.refusal.code, one.refusal.facts, request.locale)
        return {"code": 500, "created": second(one.refusal.at), "message": message}
    condition = condition_of(one, view.seen)
    at = view.seen.reported_at if view.seen else one.status_changed_at
    if isinstance(condition, Blocked):
        return {"code": 500, "created": second(at), "message": say_condition(condition, request.locale)}
    return None


def host_mark(view: InstanceView) -> str:
    """Nova's hostId: the same for one project's servers on one host, and nothing else is told by it."""
    if view.host is None:
        return ""
    return hashlib.sha224(f"{view.instance.project_id}{view.host.name}".encode()).hexdigest()


def _launched_at(view: InstanceView) -> str | None:
    if view.seen is None or view.seen.first_running_at == 0.0:
        return None
    return second(view.seen.first_running_at)[:-1] + ".000000"


def _address(nic: Nic, address: str, kind: str) -> dict[str, Any]:
    return {
        "version": 6 if ":" in address else 4,
        "addr": address,
        "OS-EXT-IPS:type": kind,
        "OS-EXT-IPS-MAC:mac_addr": nic.mac,
    }


def _image(request: Request, one: Instance) -> dict[str, Any] | str:
    """Empty of one that boots from a volume."""
    if not one.image_id:
        return ""
    shown: dict[str, Any] = {"id": one.image_id, "links": [_bookmark(request, "images", one.image_id)]}
    return shown | {"properties": one.image_properties} if at_least(request, 98) else shown


def _flavor(request: Request, one: Instance) -> dict[str, Any]:
    if not at_least(request, 47):
        return {"id": one.flavor_id, "links": [_bookmark(request, "flavors", one.flavor_id)]}
    return {
        "vcpus": one.vcpus,
        "ram": one.memory_mib,
        "disk": one.disk_gib,
        "ephemeral": 0,
        "swap": 0,
        "original_name": one.flavor_name,
        "extra_specs": one.extra_specs,
    }


def _bookmark(request: Request, kind: str, row_id: str) -> dict[str, str]:
    return {"rel": "bookmark", "href": f"{request.base_url}/compute/{kind}/{row_id}"}
