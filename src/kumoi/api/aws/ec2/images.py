"""Images (AMIs): describe, deregister, and who may launch them."""

from datetime import UTC, datetime
from functools import partial
from typing import Final

from msgspec.structs import replace

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import paging
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import account, tag_list
from kumoi.api.aws.ec2.ids import each, one
from kumoi.api.aws.ec2.instance_views import ROOT_DEVICE
from kumoi.api.edge.request import Request
from kumoi.app import tags
from kumoi.app.house import House
from kumoi.app.identity.people import accounts
from kumoi.app.images import doors
from kumoi.app.images.sight import OPEN, Sought
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import ec2_id
from kumoi.core.images import Image, ImageStatus
from kumoi.core.query import Query

STATES: Final[dict[ImageStatus, str]] = {
    "queued": "pending",
    "saving": "pending",
    "uploading": "pending",
    "importing": "pending",
    "active": "available",
    "killed": "failed",
    "deactivated": "disabled",
}
PLACES: Final = {
    "architecture": "Architecture",
    "description": "Description",
    "hypervisor": "Hypervisor",
    "image-id": "ImageId",
    "image-type": "ImageType",
    "is-public": "Public",
    "name": "Name",
    "owner-id": "OwnerId",
    "owner-alias": "ImageOwnerAlias",
    "platform": "Platform",
    "root-device-name": "RootDeviceName",
    "root-device-type": "RootDeviceType",
    "creation-date": "CreationDate",
    "state": "State",
    "virtualization-type": "VirtualizationType",
    "manifest-location": "ImageLocation",
}
DESCRIPTION: Final = "description"


def actions(house: House) -> list[Action]:
    return [
        Action("DescribeImages", partial(describe, house), "image.read"),
        Action("DeregisterImage", partial(deregister, house), "image.delete"),
        Action("DescribeImageAttribute", partial(attribute, house), "image.read"),
        Action("ModifyImageAttribute", partial(modify, house), "image.update"),
    ]


def describe(house: House, request: Request, wish: Values) -> Values:
    """One's own images, public ones, and community ones that are named."""
    call = request.call()
    matches = matching(wish, PLACES)
    if texts := wish.get("ImageIds"):
        chosen = each("image", texts, partial(visible, house, call))
    else:
        chosen = [i for i in doors.find(house, call, Query()) if _launchable(call, i)]
    owners = accounts(house, call, tuple({i.project_id for i in chosen}))
    labels = tags.of(house, call, "image", tuple(i.id for i in chosen))
    wanted = _owners(wish.get("Owners", ()), account(house, call))
    shown = [(i, render(i, owners.get(i.project_id, ""), labels.get(i.id, {}))) for i in chosen]
    kept = [
        (paging.by_time(image.created_at, image.id), values)
        for image, values in shown
        if matches(values) and (not wanted or values["OwnerId"] in wanted) and _executable(call, image, wish)
    ]
    page, token = paging.cut(wish, kept)
    return paging.with_token({"Images": page}, token)


def deregister(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    doors.delete(house, call, found(house, call, wish["ImageId"]).id)
    return {"Return": True}


def attribute(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    image = found(house, call, wish["ImageId"])
    shown: Values = {"ImageId": wish["ImageId"]}
    match wish["Attribute"]:
        case "launchPermission":
            shown["LaunchPermissions"] = [{"Group": "all"}] if image.visibility in OPEN else []
        case "description":
            shown["Description"] = {"Value": image.properties.get(DESCRIPTION, "")}
        case "kernel" | "ramdisk" | "productCodes" | "sriovNetSupport":
            pass
        case "blockDeviceMapping":
            shown["BlockDeviceMappings"] = []
        case other:
            raise Invalid("api", field="Attribute", reason="not_in_enum", value=other)
    return shown


def modify(house: House, request: Request, wish: Values) -> Values:
    """Its description, and launching for all: that makes it public or the project's own."""
    call = request.call()
    image = found(house, call, wish["ImageId"])
    text = wish.get("Description")
    groups = _permissions(wish)
    if any(group != "all" for _, group in groups):
        raise Unsupported("image", what="LaunchPermission.UserId")

    def change(now: Image) -> doors.ImageChange:
        wanted = doors.ImageChange()
        if text is not None:
            wanted = replace(wanted, properties={**now.properties, DESCRIPTION: text.get("Value", "")})
        for verb, _ in groups:
            wanted = replace(wanted, visibility="public" if verb == "add" else "private")
        return wanted

    doors.update(house, call, image.id, change)
    return {}


def found(house: House, call: Call, text: str) -> Image:
    """The image of this id, if the caller may launch it. Raises NotFound, Invalid."""
    return one("image", text, partial(visible, house, call))


def visible(house: House, call: Call, query: Query) -> list[Image]:
    return [i for i in doors.find(house, call, query, sought=Sought(visibility="all")) if _launchable(call, i)]


def render(image: Image, owner: str, labels: dict[str, str]) -> Values:
    at = datetime.fromtimestamp(image.created_at, UTC)
    return {
        "ImageId": ec2_id("ami", image.id),
        "ImageLocation": f"{owner}/{image.name}",
        "Name": image.name,
        "Description": image.properties.get(DESCRIPTION, ""),
        "CreationDate": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        "State": STATES[image.status],
        "OwnerId": owner,
        "Public": image.visibility in OPEN,
        "Architecture": image.properties.get("hw_architecture", "x86_64"),
        "ImageType": "machine",
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "RootDeviceType": "instance-store",
        "RootDeviceName": ROOT_DEVICE,
        "VirtualizationType": "hvm",
        "BlockDeviceMappings": [],
        "ProductCodes": [],
        "EnaSupport": False,
        "Tags": tag_list(labels),
    }


def _launchable(call: Call, image: Image) -> bool:
    """Administrators see more elsewhere; here everyone has an account's view."""
    return image.project_id == call.project_id or image.visibility in OPEN


def _owners(asked: list[str] | tuple[str, ...], own: str) -> set[str]:
    """Accounts; `self` is one's own. Aliases such as `amazon` are nobody here."""
    return {own if text == "self" else text for text in asked}


def _executable(call: Call, image: Image, wish: Values) -> bool:
    """`ExecutableUsers`: by whom it may be launched: `self` is what was shared with one, `all` what is public."""
    asked = wish.get("ExecutableUsers", ())
    return not asked or ("all" in asked and image.visibility in OPEN)


def _permissions(wish: Values) -> list[tuple[str, str]]:
    """(add or remove, group) in both of the ways to say it."""
    permission = wish.get("LaunchPermission", {})
    said = [("add", p) for p in permission.get("Add", ())] + [("remove", p) for p in permission.get("Remove", ())]
    asked = [(verb, p.get("Group", "")) for verb, p in said]
    if wish.get("OperationType"):
        asked += [(wish["OperationType"], group) for group in wish.get("UserGroups", ())]
        if wish.get("UserIds"):
            asked.append((wish["OperationType"], ""))
    return asked
