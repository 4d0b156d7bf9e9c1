"""DescribeInstanceAttribute: one thing about one instance."""

from functools import partial
from typing import Any, Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2.ground import ground
from kumoi.api.aws.ec2.instance_views import ROOT_DEVICE, groups_of
from kumoi.api.aws.ec2.instances import living_id
from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.app.instances.read import InstanceView
from kumoi.core.errors import Invalid
from kumoi.core.ids import ec2_id

# Attributes that are the same of every instance: AWS's name, the member, its value
SAME: Final[dict[str, tuple[str, Any]]] = {
    "disableApiStop": ("DisableApiStop", {"Value": False}),
    "disableApiTermination": ("DisableApiTermination", {"Value": False}),
    "ebsOptimized": ("EbsOptimized", {"Value": False}),
    "enaSupport": ("EnaSupport", {"Value": False}),
    "enclaveOptions": ("EnclaveOptions", {"Enabled": False}),
    "instanceInitiatedShutdownBehavior": ("InstanceInitiatedShutdownBehavior", {"Value": "stop"}),
    "kernel": ("KernelId", {}),
    "ramdisk": ("RamdiskId", {}),
    "rootDeviceName": ("RootDeviceName", {"Value": ROOT_DEVICE}),
    "blockDeviceMapping": ("BlockDeviceMappings", []),
    "productCodes": ("ProductCodes", []),
    "sriovNetSupport": ("SriovNetSupport", {}),
}


def actions(house: House) -> list[Action]:
    return [Action("DescribeInstanceAttribute", partial(describe, house), "instance.read")]


def describe(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    view = read.get(house, here.call, living_id(house, here.call, wish["InstanceId"], "describe"))
    member, value = _attribute(view, wish["Attribute"])
    return {"InstanceId": ec2_id("i", view.instance.id), member: value}


def _attribute(view: InstanceView, name: str) -> tuple[str, Any]:
    match name:
        case "instanceType":
            return "InstanceType", {"Value": view.instance.flavor_name}
        case "userData":
            return "UserData", {"Value": view.instance.user_data} if view.instance.user_data else {}
        case "groupSet":
            return "Groups", groups_of(view, view.nics[0]) if view.nics else []
        case "sourceDestCheck":
            return "SourceDestCheck", {"Value": bool(view.nics) and view.nics[0].port_security}
        case _ if name in SAME:
            return SAME[name]
        case _:
            raise Invalid("api", field="Attribute", reason="not_in_enum", value=name)
