"""The body of POST /servers, and the wish that it means."""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Literal

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.openstack.compute.block_devices import Device, ElderDevice, disks_of
from kumoi.api.openstack.compute.scheduler_hints import checked, group_of, instances_of
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.core.devices import check_tag
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import FlavorId, ImageId, NetworkId, NicId, is_uuid

_LABEL: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])")
_LABEL_MOST: Final = 63
_DOMAIN: Final = re.compile(r"[a-zA-Z0-9._-]+")
_DOMAIN_MOST: Final = 255
SINCE: Final = {
    "description": 19, "tags": 52, "trusted_image_certificates": 63, "host": 74, "hypervisor_hostname": 74,
    "hostname": 90,
}  # fmt: skip


class _Network(msgspec.Struct, forbid_unknown_fields=True):
    uuid: str | None = None
    port: str | None = None
    fixed_ip: str | None = None
    tag: str | None = None


class _Group(msgspec.Struct):
    name: str


class File(msgspec.Struct, forbid_unknown_fields=True):
    """Of what Nova's clients call a server's personality."""

    path: str
    contents: str


class _Server(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    flavorRef: str | int  # noqa: N815
    imageRef: str = ""  # noqa: N815
    networks: list[_Network] | Literal["auto", "none"] | None = None
    security_groups: list[_Group] | None = None
    key_name: str | None = None
    user_data: str | None = None
    min_count: int | str = 1
    max_count: int | str | None = None
    config_drive: bool | str | None = None
    metadata: dict[str, str] = {}
    availability_zone: str | None = None
    description: str | None = None
    tags: list[str] = []
    adminPass: str | None = None  # noqa: N815
    accessIPv4: str | None = None  # noqa: N815
    accessIPv6: str | None = None  # noqa: N815
    personality: list[File] = []
    trusted_image_certificates: list[str] | None = None
    host: str | None = None
    hypervisor_hostname: str | None = None
    hostname: str | None = None
    block_device_mapping_v2: list[Device] = []
    block_device_mapping: list[ElderDevice] = []
    return_reservation_id: bool | str = False
    disk_config: Literal["AUTO", "MANUAL"] = msgspec.field(name="OS-DCF:diskConfig", default="MANUAL")


class CreateBody(msgspec.Struct):
    """`os:scheduler_hints` beside the server: see `scheduler_hints`. Those that are not known there do nothing."""

    server: _Server
    hints: dict[str, Any] = msgspec.field(name="os:scheduler_hints", default_factory=dict)
    elder_hints: dict[str, Any] = msgspec.field(name="OS-SCH-HNT:scheduler_hints", default_factory=dict)


def wish_of(request: Request, body: CreateBody) -> RunWish:
    """Nova's words in core's terms. Invalid names the field as Nova does."""
    server = body.server
    _refuse_unknown(request, server)
    _refuse_unbuilt(request, server)
    least, most = _counts(server)
    zone, host = _place(server.availability_zone)
    named = {name for name in (host, server.host, server.hypervisor_hostname) if name}
    if len(named) > 1:
        raise Invalid("api", field="server.host", reason="one_of", names=sorted(named))
    groups = tuple(dict.fromkeys(g.name for g in server.security_groups or ()))
    disks, image = disks_of(request, server.block_device_mapping_v2, server.block_device_mapping, server.imageRef)
    hints = checked(body.hints or body.elder_hints)
    return RunWish(
        name=server.name,
        hostname=hostname(request, server.hostname) if server.hostname else "",
        flavor_id=FlavorId(str(server.flavorRef).rpartition("/")[2]),
        image_id=image_id("server.imageRef", image) if image else None,
        disks=disks,
        nics=_nics(server.networks),
        auto_network=server.networks == "auto",
        groups=groups,
        keypair_name=server.key_name or "",
        user_data=server.user_data or "",
        files=files(server.personality),
        count_min=least,
        count_max=most,
        config_drive=_yes("config_drive", server.config_drive),
        auto_disk=server.disk_config == "AUTO",
        description=server.description or "",
        zone=zone,
        host_name=next(iter(named), ""),
        metadata=metadata(server.metadata),
        os_tags=_tags(server.tags),
        access_ip_v4=access_address("access_ip_v4", server.accessIPv4),
        access_ip_v6=access_address("access_ip_v6", server.accessIPv6),
        server_group_id=group_of(hints),
        same_host=instances_of(hints, "same_host"),
        different_host=instances_of(hints, "different_host"),
        hints=hints,
    )


def _refuse_unknown(request: Request, server: _Server) -> None:
    """What the request's version does not have yet, or has no more."""
    for name, minor in SINCE.items():
        if getattr(server, name) and not at_least(request, minor):
            raise Invalid("api", field=f"server.{name}", reason="unknown_field")
    if server.personality and at_least(request, 57):
        raise Invalid("api", field="server.personality", reason="unknown_field")


def _refuse_unbuilt(request: Request, server: _Server) -> None:
    """What is not built yet is said, never silently left out."""
    if server.trusted_image_certificates:
        raise Unsupported("compute", what="trusted_image_certificates")
    if isinstance(server.networks, str) and not at_least(request, 37):
        raise Invalid("api", field="server.networks", reason="wrong_type", expected="array", got="str")
    if server.networks is None and at_least(request, 37):
        raise Invalid("api", field="server.networks", reason="missing", name="networks")
    for network in server.networks if isinstance(server.networks, list) else ():
        if network.tag is not None and not at_least(request, 32):
            raise Invalid("api", field="server.networks.tag", reason="unknown_field")


def image_id(field: str, text: str) -> ImageId:
    """An id, or the end of a URL; Invalid for what is neither."""
    found = text.rpartition("/")[2]
    if not is_uuid(found):
        raise Invalid("api", field=field, reason="format")
    return ImageId(found)


def _nics(networks: list[_Network] | Literal["auto", "none"] | None) -> tuple[NicChoice, ...] | None:
    if not networks or networks == "auto":
        return None
    if isinstance(networks, str):
        return ()
    choices = []
    for i, network in enumerate(networks):
        tag = check_tag(f"server.networks[{i}].tag", network.tag) if network.tag is not None else ""
        if network.port is not None:
            choices.append(NicChoice(nic_id=NicId(network.port), tag=tag))
        elif network.uuid is not None:
            if not is_uuid(network.uuid):
                raise Invalid("api", field=f"server.networks[{i}].uuid", reason="not_a_uuid", value=network.uuid)
            choices.append(NicChoice(network_id=NetworkId(network.uuid), fixed_ip=network.fixed_ip, tag=tag))
        else:
            raise Invalid("api", field=f"server.networks[{i}].uuid", reason="missing", name="uuid")
    return tuple(choices)


def hostname(request: Request, text: str) -> str:
    """A label, or since 2.94 a full domain name."""
    most, pattern = (_DOMAIN_MOST, _DOMAIN) if at_least(request, 94) else (_LABEL_MOST, _LABEL)
    if len(text) > most or not pattern.fullmatch(text):
        raise Invalid("api", field="server.hostname", reason="format")
    return text


def access_address(field: str, text: str | None) -> str:
    """The shortest spelling of an address of the field's kind; empty for none."""
    if not text:
        return ""
    parse = IPv4Address if field == "access_ip_v4" else IPv6Address
    try:
        return str(parse(text))
    except ValueError as e:
        raise Invalid("api", field=f"server.{field}", reason="not_an_address", value=text) from e


def _yes(field: str, value: bool | str | None) -> bool:
    """A truth in any of Nova's spellings; nothing said is no."""
    text = str(value or "false").lower()
    if text in {"true", "1", "yes", "on"}:
        return True
    if text in {"false", "0", "no", "off"}:
        return False
    raise Invalid("api", field=f"server.{field}", reason="not_in_enum", value=str(value))


def _place(text: str | None) -> tuple[str, str]:
    """Nova's `zone` or `zone:host`: the zone, and the host's name or nothing. There is no third part: hosts have no
    nodes."""
    zone, colon, host = (text or "").partition(":")
    if colon and (not host or ":" in host):
        raise Invalid("api", field="server.availability_zone", reason="not_in_enum", value=text)
    return zone, host


def _counts(server: _Server) -> tuple[int, int]:
    least = _count("min_count", server.min_count)
    return least, _count("max_count", server.max_count) if server.max_count is not None else least


def _count(field: str, value: int | str) -> int:
    text = str(value)
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise Invalid("api", field=f"server.{field}", reason="range", bound="from 1 to 1000")
    return int(text)


def metadata(pairs: dict[str, str]) -> dict[str, str]:
    for key, value in pairs.items():
        if not 1 <= len(key) <= 255 or len(value) > 255:
            raise Invalid("api", field=f"server.metadata.{key[:32]}", reason="length", bound="at most 255")
    return pairs


def files(given: list[File]) -> dict[str, str]:
    """By their paths. Invalid for a path that is named twice."""
    found = {file.path: file.contents for file in given}
    if len(found) != len(given):
        raise Invalid("api", field="server.personality", reason="format")
    return found


def _tags(tags: list[str]) -> tuple[str, ...]:
    if len(tags) > 50 or any(not 1 <= len(t) <= 60 or "/" in t or "," in t for t in tags):
        raise Invalid("api", field="server.tags", reason="format")
    return tuple(dict.fromkeys(tags))
