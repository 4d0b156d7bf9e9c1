"""The disks that a POST /servers names, by Nova's block device mappings (both generations), as core's choices."""

from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.instances.wish import DiskChoice
from kumoi.core.devices import check_tag
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import is_uuid

FIELD: Final = "server.block_device_mapping_v2"
SINCE: Final = {"tag": 32, "volume_type": 67}


class Device(msgspec.Struct, forbid_unknown_fields=True):
    """`disk_bus`, `device_type` and `guest_format` are taken and do nothing: every disk is virtio-blk."""

    source_type: str = "blank"
    destination_type: str | None = None
    uuid: str | None = None
    boot_index: int | str | None = None
    volume_size: int | str | None = None
    delete_on_termination: bool | str | None = False
    device_name: str | None = None
    volume_type: str | None = None
    tag: str | None = None
    disk_bus: str | None = None
    device_type: str | None = None
    guest_format: str | None = None
    no_device: bool | str | None = None


class ElderDevice(msgspec.Struct):
    """Of the first generation: a volume or, with `snapshot_id`, one made of it."""

    volume_id: str | None = None
    snapshot_id: str | None = None
    device_name: str | None = None
    volume_size: int | str | None = None
    delete_on_termination: bool | str | None = False
    no_device: bool | str | None = None


def disks_of(
    request: Request, devices: list[Device], elder: list[ElderDevice], image: str
) -> tuple[tuple[DiskChoice, ...], str]:
    """The choices, and the image of which the instance's own disk is made; empty where it boots from a volume."""
    if devices and elder:
        raise Invalid("api", field=FIELD, reason="one_of", names=["block_device_mapping", "block_device_mapping_v2"])
    local = [d for d in devices if (d.source_type, d.destination_type) == ("image", "local")]
    for device in local[:1]:
        image = device.uuid or image
        if device.tag is not None:
            raise Unsupported("compute", what="tag_of_root_disk")
    found = [_choice(request, d) for d in devices if d not in local and not d.no_device]
    found += [_elder(d, first=i == 0 and not image) for i, d in enumerate(d for d in elder if not d.no_device)]
    if any(choice.boot for choice in found):
        image = ""
    return tuple(found), image


def _choice(request: Request, device: Device) -> DiskChoice:
    for name, minor in SINCE.items():
        if getattr(device, name) is not None and not at_least(request, minor):
            raise Invalid("api", field=f"{FIELD}.{name}", reason="unknown_field")
    if device.source_type not in {"volume", "snapshot", "image", "blank"}:
        raise Invalid("api", field=f"{FIELD}.source_type", reason="not_in_enum", value=device.source_type)
    if device.destination_type not in {None, "local", "volume"}:
        raise Invalid("api", field=f"{FIELD}.destination_type", reason="not_in_enum", value=device.destination_type)
    if device.destination_type == "local" or (device.source_type == "blank" and device.destination_type is None):
        raise Unsupported("compute", what="further_disks")
    if device.source_type != "blank" and not is_uuid(device.uuid or ""):
        raise Invalid("api", field=f"{FIELD}.uuid", reason="not_a_uuid", value=str(device.uuid))
    choice: dict[str, Any] = {
        "source": device.source_type,
        "id": device.uuid or "",
        "size_gib": _number("volume_size", device.volume_size) if device.volume_size is not None else None,
        "boot": device.boot_index is not None and _number("boot_index", device.boot_index) == 0,
        "delete_on_termination": _yes(device.delete_on_termination),
        "device": device.device_name or "",
        "type_name": device.volume_type or "",
        "tag": check_tag(f"{FIELD}.tag", device.tag) if device.tag is not None else "",
    }
    return DiskChoice(**choice)


def _elder(device: ElderDevice, *, first: bool) -> DiskChoice:
    named = device.snapshot_id or device.volume_id or ""
    if not is_uuid(named):
        raise Invalid("api", field="server.block_device_mapping.volume_id", reason="not_a_uuid", value=named)
    return DiskChoice(
        source="snapshot" if device.snapshot_id else "volume",
        id=named,
        size_gib=_number("volume_size", device.volume_size) if device.volume_size not in {None, ""} else None,
        boot=first,
        delete_on_termination=_yes(device.delete_on_termination),
        device="" if first else device.device_name or "",
    )


def _number(field: str, value: int | str | None) -> int:
    text = str(value)
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise Invalid("api", field=f"{FIELD}.{field}", reason="wrong_type", expected="int", got=text[:32])
    return int(text)


def _yes(value: bool | str | None) -> bool:
    return str(value).lower() in {"true", "1", "yes", "on"}
