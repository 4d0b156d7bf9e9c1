"""Instance types: flavors by their names."""

from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import paging
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import ZONE
from kumoi.api.edge.request import Request
from kumoi.app import flavors
from kumoi.app.house import House
from kumoi.core.errors import Invalid
from kumoi.core.flavors import Flavor
from kumoi.core.query import Query, is_in

PLACES: Final = {
    "bare-metal": "BareMetal",
    "current-generation": "CurrentGeneration",
    "free-tier-eligible": "FreeTierEligible",
    "hibernation-supported": "HibernationSupported",
    "instance-storage-info.total-size-in-gb": "InstanceStorageInfo.TotalSizeInGB",
    "instance-storage-supported": "InstanceStorageSupported",
    "instance-type": "InstanceType",
    "memory-info.size-in-mib": "MemoryInfo.SizeInMiB",
    "processor-info.supported-architecture": "ProcessorInfo.SupportedArchitectures",
    "supported-root-device-type": "SupportedRootDeviceTypes",
    "supported-usage-class": "SupportedUsageClasses",
    "supported-virtualization-type": "SupportedVirtualizationTypes",
    "vcpu-info.default-cores": "VCpuInfo.DefaultCores",
    "vcpu-info.default-vcpus": "VCpuInfo.DefaultVCpus",
}
OFFERED: Final = {"instance-type": "InstanceType", "location": "Location"}


def actions(house: House) -> list[Action]:
    return [
        Action("DescribeInstanceTypes", partial(describe, house), "flavor.read"),
        Action("DescribeInstanceTypeOfferings", partial(offerings, house), "flavor.read"),
    ]


def describe(house: House, request: Request, wish: Values) -> Values:
    matches = matching(wish, PLACES)
    names = tuple(wish.get("InstanceTypes", ()))
    query = Query(filters=(is_in("name", names),) if names else ())
    found = flavors.find(house, request.call(), query)
    for name in set(names) - {f.name for f in found}:
        raise Invalid("api", field="InstanceType", reason="not_in_enum", value=name)
    shown = [(_key(f), render(f)) for f in found]
    page, token = paging.cut(wish, [(key, values) for key, values in shown if matches(values)])
    return paging.with_token({"InstanceTypes": page}, token)


def offerings(house: House, request: Request, wish: Values) -> Values:
    """Every type is offered everywhere."""
    matches = matching(wish, OFFERED)
    kind = wish.get("LocationType", "region")
    location = house.rules.region if kind == "region" else ZONE
    shown = [
        (_key(f), {"InstanceType": f.name, "LocationType": kind, "Location": location})
        for f in flavors.find(house, request.call(), Query())
    ]
    page, token = paging.cut(wish, [(key, values) for key, values in shown if matches(values)])
    return paging.with_token({"InstanceTypeOfferings": page}, token)


def render(flavor: Flavor) -> Values:
    disk: Values = {
        "TotalSizeInGB": flavor.disk_gib,
        "Disks": [{"SizeInGB": flavor.disk_gib, "Count": 1, "Type": "hdd"}],
    }
    return {
        "InstanceType": flavor.name,
        "CurrentGeneration": True,
        "FreeTierEligible": False,
        "SupportedUsageClasses": ["on-demand"],
        "SupportedRootDeviceTypes": ["instance-store"],
        "SupportedVirtualizationTypes": ["hvm"],
        "BareMetal": False,
        "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
        "VCpuInfo": {
            "DefaultVCpus": flavor.vcpus,
            "DefaultCores": flavor.vcpus,
            "DefaultThreadsPerCore": 1,
        },
        "MemoryInfo": {"SizeInMiB": flavor.memory_mib},
        "InstanceStorageSupported": flavor.disk_gib > 0,
        "InstanceStorageInfo": disk if flavor.disk_gib else None,
        "HibernationSupported": False,
        "BurstablePerformanceSupported": False,
        "DedicatedHostsSupported": False,
        "AutoRecoverySupported": True,
    }


def _key(flavor: Flavor) -> str:
    """Small ones first."""
    return f"{flavor.memory_mib:012d}/{flavor.vcpus:06d}/{flavor.name}"
