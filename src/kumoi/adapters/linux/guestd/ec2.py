"""What EC2's metadata service tells a guest: a tree of names, listed and read by path. Pure."""

import base64
import re
from typing import Final

import msgspec

from kumoi.adapters.linux.guestd.book import Machine, Place, is_v4

VERSIONS: Final = (
    "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01",
    "2009-04-04", "2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19",
    "2016-06-30", "2016-09-02", "2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03",
    "2021-03-23", "latest",
)  # fmt: skip
_ZONE_LETTER: Final = re.compile(r"(.*-\d+)[a-z]")
Tree = dict[str, "Tree | bytes"]


def read(machine: Machine, path: list[str]) -> bytes | None:
    """What stands at the path below `/`: a value, a listing, or nothing."""
    found: Tree | bytes = {version: _version(machine) for version in VERSIONS} if not path else _version(machine)
    if path and path[0] not in VERSIONS:
        return None
    for name in path[1:]:
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    if path[1:] == ["meta-data", "public-keys"]:
        return f"0={machine.data.keypair_name}".encode()  # the one listing that tells more than names
    return found if isinstance(found, bytes) else _listing(found, slashes=len(path) > 1)


def user_data(machine: Machine) -> bytes | None:
    return base64.b64decode(machine.data.user_data) if machine.data.user_data else None


def full_name(machine: Machine) -> str:
    """The hostname with its domain."""
    name = machine.data.hostname
    return name if "." in name else f"{name}.{machine.asked_by.domain}"


def _version(machine: Machine) -> Tree:
    tree: Tree = {
        "dynamic": {"instance-identity": {"document": _identity(machine)}},
        "meta-data": _meta_data(machine),
    }
    given = user_data(machine)
    return tree if given is None else {**tree, "user-data": given}


def _meta_data(machine: Machine) -> Tree:
    data = machine.data
    own = _ipv4(machine.asked_by)
    tree: Tree = {
        "ami-id": data.ec2_image_id.encode(),
        "ami-launch-index": str(data.launch_index).encode(),
        "ami-manifest-path": b"(unknown)",
        "block-device-mapping": {"ami": b"vda", "root": b"/dev/vda"},
        "hostname": full_name(machine).encode(),
        "instance-action": b"none",
        "instance-id": data.ec2_id.encode(),
        "instance-life-cycle": b"on-demand",
        "instance-type": data.flavor_name.encode(),
        "local-hostname": full_name(machine).encode(),
        "local-ipv4": "\n".join(own[:1]).encode(),
        "mac": machine.asked_by.nic.mac.encode(),
        "network": {"interfaces": {"macs": {p.nic.mac: _interface(machine, i, p) for i, p in _nics(machine)}}},
        "placement": {"availability-zone": data.zone.encode(), "region": region(data.zone).encode()},
        "public-hostname": b"",
        "public-ipv4": data.public_ipv4.encode(),
        "reservation-id": data.reservation_id.encode(),
        "security-groups": "\n".join(data.group_names).encode(),
    }
    if data.public_key:
        tree["public-keys"] = {"0": {"openssh-key": data.public_key.encode()}}
    if data.labels:
        tree["tags"] = {"instance": {name: value.encode() for name, value in data.labels.items()}}
    return tree


def _interface(machine: Machine, number: int, place: Place) -> Tree:
    own = _ipv4(place)
    public = machine.data.public_ipv4 if number == 0 else ""
    return {
        "device-number": str(number).encode(),
        "ipv6s": "\n".join(a for a, _ in place.addresses if not is_v4(a)).encode(),
        "interface-id": f"eni-{place.nic.id.replace('-', '')[:17]}".encode(),
        "local-hostname": full_name(machine).encode(),
        "local-ipv4s": "\n".join(own).encode(),
        "mac": place.nic.mac.encode(),
        "owner-id": machine.data.account.encode(),
        "public-ipv4s": public.encode(),
        "security-groups": "\n".join(machine.data.group_names).encode(),
        "subnet-ipv4-cidr-block": "\n".join(s.cidr for a, s in place.addresses if is_v4(a)).encode(),
        "subnet-ipv6-cidr-blocks": "\n".join(s.cidr for a, s in place.addresses if not is_v4(a)).encode(),
    }


def _identity(machine: Machine) -> bytes:
    data = machine.data
    own = _ipv4(machine.asked_by)
    document = {
        "accountId": data.account,
        "architecture": "x86_64",
        "availabilityZone": data.zone,
        "billingProducts": None,
        "devpayProductCodes": None,
        "imageId": data.ec2_image_id,
        "instanceId": data.ec2_id,
        "instanceType": data.flavor_name,
        "kernelId": None,
        "pendingTime": None,
        "privateIp": own[0] if own else None,
        "ramdiskId": None,
        "region": region(data.zone),
        "version": "2017-09-30",
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def region(zone: str) -> str:
    """`ap-northeast-1a` is of `ap-northeast-1`; a zone with another kind of name is its own region."""
    found = _ZONE_LETTER.fullmatch(zone)
    return found[1] if found else zone


def _nics(machine: Machine) -> list[tuple[int, Place]]:
    return list(enumerate(machine.places))


def _ipv4(place: Place) -> list[str]:
    return [address for address, _ in place.addresses if is_v4(address)]


def _listing(tree: Tree, *, slashes: bool) -> bytes:
    """One name a line; below a version's own names, those with more below are marked by a slash."""
    lines = [name + ("/" if isinstance(below, dict) and slashes else "") for name, below in tree.items()]
    return "\n".join(lines).encode()
