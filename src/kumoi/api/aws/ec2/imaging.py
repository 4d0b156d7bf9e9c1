"""CreateImage: an AMI of an instance as it is. The guest is never rebooted, whatever `NoReboot` says."""

from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import tags
from kumoi.api.aws.ec2.images import DESCRIPTION
from kumoi.api.aws.ec2.instances import rows
from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.instances.imaging import ImageWish, create_image
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import ec2_id

NAME_LEAST: Final = 3
NAME_MOST: Final = 128


def actions(house: House) -> list[Action]:
    return [Action("CreateImage", partial(create, house), "instance.power")]


def create(house: House, request: Request, wish: Values) -> Values:
    if wish.get("BlockDeviceMappings"):
        raise Unsupported("compute", what="BlockDeviceMapping")
    name = wish["Name"]
    if not NAME_LEAST <= len(name) <= NAME_MOST:
        raise Invalid("api", field="Name", reason="length", bound=f"from {NAME_LEAST} to {NAME_MOST}")
    call, labels = request.call(), tags.wished(wish, "image")
    one = rows(house, call, [wish["InstanceId"]])[0]
    about = {DESCRIPTION: wish["Description"]} if wish.get("Description") else {}
    made = create_image(house, call, one.id, ImageWish(name=name, properties=about))
    tags.tag(house, call, "image", made.id, labels)
    return {"ImageId": ec2_id("ami", made.id)}
