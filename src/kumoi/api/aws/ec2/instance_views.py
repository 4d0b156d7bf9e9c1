"""How EC2 shows an instance."""

from datetime import UTC, datetime
from typing import Any, Final

from kumoi.api.aws.actions import Values
from kumoi.api.aws.ec2.ground import Ground, spelled, tag_list
from kumoi.api.aws.ec2.states import reason, state
from kumoi.app.instances.read import InstanceView
from kumoi.core.ids import ec2_id
from kumoi.core.nics import Nic
from kumoi.core.tags import NAMESPACE
from kumoi.core.vpcs import PublicAddress

ROOT_DEVICE: Final = "/dev/vda"
# What is the same of every instance here.
CONSTANT: Final[Values] = {
    "Architecture": "x86_64",
    "BlockDeviceMappings": [],
    "EbsOptimized": False,
    "EnaSupport": False,
    "MetadataOptions": {
        "State": "applied",
        "HttpTokens": "optional",
        "HttpPutResponseHopLimit": 1,
        "HttpEndpoint": "enabled",
    },
    "Monitoring": {"State": "disabled"},
    "ProductCodes": [],
    "PublicDnsName": "",
    "RootDeviceName": ROOT_DEVICE,
    "RootDeviceType": "instance-store",
    "VirtualizationType": "hvm",
}
# Where the values of DescribeInstances' filters stand in what is shown.
PLACES: Final[dict[str, str]] = {
    "architecture": "Architecture",
    "availability-zone": "Placement.AvailabilityZone",
    "dns-name": "PublicDnsName",
    "group-id": "SecurityGroups.GroupId",
    "group-name": "SecurityGroups.GroupName",
    "image-id": "ImageId",
    "instance-id": "InstanceId",
    "instance-state-code": "State.Code",
    "instance-state-name": "State.Name",
    "instance-type": "InstanceType",
    "instance.group-id": "SecurityGroups.GroupId",
    "instance.group-name": "SecurityGroups.GroupName",
    "ip-address": "PublicIpAddress",
    "key-name": "KeyName",
    "launch-index": "AmiLaunchIndex",
    "launch-time": "LaunchTime",
    "metadata-options.http-endpoint": "MetadataOptions.HttpEndpoint",
    "metadata-options.http-tokens": "MetadataOptions.HttpTokens",
    "monitoring-state": "Monitoring.State",
    "network-interface.addresses.primary": "NetworkInterfaces.PrivateIpAddresses.Primary",
    "network-interface.addresses.private-ip-address": "NetworkInterfaces.PrivateIpAddresses.PrivateIpAddress",
    "network-interface.addresses.association.public-ip": "NetworkInterfaces.PrivateIpAddresses.Association.PublicIp",
    "network-interface.association.public-ip": "NetworkInterfaces.Association.PublicIp",
    "network-interface.attachment.attachment-id": "NetworkInterfaces.Attachment.AttachmentId",
    "network-interface.attachment.delete-on-termination": "NetworkInterfaces.Attachment.DeleteOnTermination",
    "network-interface.attachment.device-index": "NetworkInterfaces.Attachment.DeviceIndex",
    "network-interface.attachment.status": "NetworkInterfaces.Attachment.Status",
    "network-interface.description": "NetworkInterfaces.Description",
    "network-interface.group-id": "NetworkInterfaces.Groups.GroupId",
    "network-interface.group-name": "NetworkInterfaces.Groups.GroupName",
    "network-interface.mac-address": "NetworkInterfaces.MacAddress",
    "network-interface.network-interface-id": "NetworkInterfaces.NetworkInterfaceId",
    "network-interface.owner-id": "NetworkInterfaces.OwnerId",
    "network-interface.private-dns-name": "NetworkInterfaces.PrivateDnsName",
    "network-interface.source-dest-check": "NetworkInterfaces.SourceDestCheck",
    "network-interface.status": "NetworkInterfaces.Status",
    "network-interface.subnet-id": "NetworkInterfaces.SubnetId",
    "network-interface.vpc-id": "NetworkInterfaces.VpcId",
    "owner-id": "OwnerId",
    "private-dns-name": "PrivateDnsName",
    "private-ip-address": "PrivateIpAddress",
    "reason": "StateTransitionReason",
    "reservation-id": "ReservationId",
    "root-device-name": "RootDeviceName",
    "root-device-type": "RootDeviceType",
    "source-dest-check": "SourceDestCheck",
    "state-reason-code": "StateReason.Code",
    "state-reason-message": "StateReason.Message",
    "subnet-id": "SubnetId",
    "tenancy": "Placement.Tenancy",
    "virtualization-type": "VirtualizationType",
    "vpc-id": "VpcId",
}
TIMES: Final = frozenset({"launch-time"})


def render(ground: Ground, view: InstanceView) -> Values:
    """An instance. What it is asked for but shown beside it (its reservation, its owner) is left to `reservations`."""
    one = view.instance
    interfaces = [interface(ground, view, nic) for nic in view.nics]
    first: Values = interfaces[0] if interfaces else {}
    groups = {g["GroupId"]: g for shown in interfaces for g in shown["Groups"]}
    association = first.get("Association") or {}
    return {
        "InstanceId": ec2_id("i", one.id),
        "ImageId": ec2_id("ami", one.image_id) if one.image_id else None,
        "State": state(view),
        "PrivateDnsName": one.hostname if first else "",
        "StateTransitionReason": _transition(view),
        "StateReason": reason(view, ground.locale),
        "KeyName": one.keypair_name or None,
        "AmiLaunchIndex": one.launch_index,
        "InstanceType": one.flavor_name,
        "LaunchTime": one.created_at,
        "Placement": {"AvailabilityZone": one.zone, "GroupName": "", "Tenancy": "default"},
        "CpuOptions": {"CoreCount": one.vcpus, "ThreadsPerCore": 1},
        "SubnetId": first.get("SubnetId"),
        "VpcId": first.get("VpcId"),
        "PrivateIpAddress": first.get("PrivateIpAddress"),
        "PublicIpAddress": association.get("PublicIp"),
        "SourceDestCheck": first.get("SourceDestCheck"),
        "NetworkInterfaces": interfaces,
        "SecurityGroups": list(groups.values()),
        "Tags": tag_list(view.labels.get(NAMESPACE)),
        **CONSTANT,
    }


def reservations(ground: Ground, shown: list[tuple[InstanceView, Values]]) -> list[Values]:
    """Instances by the run that made them, in the order in which they come."""
    found: dict[str, Values] = {}
    for view, values in shown:
        reservation_id = view.instance.reservation_id
        at = found.setdefault(reservation_id, reservation(ground, reservation_id))
        at["Instances"].append(values)
    return list(found.values())


def reservation(ground: Ground, reservation_id: str) -> Values:
    return {"ReservationId": reservation_id, "OwnerId": ground.account, "Groups": [], "Instances": []}


def interface(ground: Ground, view: InstanceView, nic: Nic) -> Values:
    """A nic as its instance shows it."""
    subnet_id = ground.subnet_of(nic)
    dns_name = view.instance.hostname
    public = {p.fixed_address: _association(p) for p in view.public if p.nic_id == nic.id}
    fours = [ip.address for ip in nic.fixed_ips if ":" not in ip.address]
    addresses: list[Values] = [
        {
            "PrivateIpAddress": address,
            "PrivateDnsName": dns_name,
            "Primary": n == 0,
            "Association": public.get(address),
        }
        for n, address in enumerate(fours)
    ]
    return {
        "NetworkInterfaceId": ec2_id("eni", nic.id),
        "SubnetId": spelled("subnet", subnet_id),
        "VpcId": spelled("vpc", ground.vpc_of(subnet_id)),
        "Description": nic.description,
        "OwnerId": ground.account,
        "Status": "in-use",
        "MacAddress": nic.mac,
        "PrivateIpAddress": fours[0] if fours else None,
        "PrivateDnsName": dns_name,
        "SourceDestCheck": nic.port_security,
        "Groups": groups_of(view, nic),
        "Attachment": attachment(nic),
        "Association": addresses[0]["Association"] if addresses else None,
        "PrivateIpAddresses": addresses,
        "Ipv6Addresses": [{"Ipv6Address": ip.address} for ip in nic.fixed_ips if ":" in ip.address],
        "InterfaceType": "interface",
    }


def attachment(nic: Nic) -> Values:
    return {
        "AttachmentId": ec2_id("eni-attach", nic.id),
        "DeviceIndex": nic.slot,
        "Status": "attached",
        "AttachTime": nic.updated_at,
        "DeleteOnTermination": nic.made_with_instance,
        "NetworkCardIndex": 0,
    }


def groups_of(view: InstanceView, nic: Nic) -> list[dict[str, str]]:
    known = [view.groups[g] for g in nic.group_ids if g in view.groups]
    return [{"GroupId": ec2_id("sg", g.id), "GroupName": g.name} for g in known]


def _association(public: PublicAddress) -> dict[str, Any]:
    return {"PublicIp": public.address, "PublicDnsName": "", "IpOwnerId": "amazon"}


def _transition(view: InstanceView) -> str:
    """`User initiated (2026-11-20 12:00:00 GMT)` for one that was ended on purpose."""
    one = view.instance
    if one.status not in {"deleted", "stopping", "stopped"}:
        return ""
    at = datetime.fromtimestamp(one.deleted_at or one.status_changed_at, UTC)
    return f"User initiated ({at:%Y-%m-%d %H:%M:%S} GMT)"
