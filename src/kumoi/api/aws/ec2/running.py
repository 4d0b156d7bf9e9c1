"""RunInstances: EC2's words as core's wish."""

from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import groups, images, interfaces, tags
from kumoi.api.aws.ec2.ground import Ground, ground
from kumoi.api.aws.ec2.instance_views import render, reservation
from kumoi.api.edge.request import Request
from kumoi.app import flavors
from kumoi.app.house import House
from kumoi.app.instances import read, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import FlavorId
from kumoi.core.query import Query, eq, is_in

DEFAULT_TYPE: Final = "m1.small"
# Members that are understood, and those that change nothing here whatever they say.
UNDERSTOOD: Final = frozenset(
    {
        "ClientToken", "ImageId", "InstanceType", "KeyName", "MaxCount", "MinCount", "NetworkInterfaces", "Placement",
        "PrivateIpAddress", "SecurityGroupIds", "SecurityGroups", "SubnetId", "TagSpecifications", "UserData",
        "InstanceInitiatedShutdownBehavior",
    }
)  # fmt: skip
HARMLESS: Final = frozenset(
    {
        "AdditionalInfo", "CreditSpecification", "MaintenanceOptions", "MetadataOptions", "Monitoring",
        "NetworkPerformanceOptions", "PrivateDnsNameOptions",
    }
)  # fmt: skip
INTERFACE: Final = frozenset(
    {
        "AssociatePublicIpAddress", "DeleteOnTermination", "Description", "DeviceIndex", "Groups", "InterfaceType",
        "NetworkCardIndex",
        "NetworkInterfaceId", "PrivateIpAddress", "PrivateIpAddresses", "SubnetId",
    }
)  # fmt: skip
PLACEMENT: Final = frozenset({"AvailabilityZone", "AvailabilityZoneId", "Tenancy"})


def actions(house: House) -> list[Action]:
    return [Action("RunInstances", partial(run_instances, house), "instance.create")]


def run_instances(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    call = request.call(idempotency_key=wish.get("ClientToken"))
    made = run.run(house, call, wish_of(house, here, wish))
    views = {
        view.instance.id: view
        for view in read.find_views(house, call, Query(filters=(is_in("id", tuple(i.id for i in made)),)), deleted=True)
    }
    shown = [render(here, views[i.id]) for i in made if i.id in views]
    return {**reservation(here, made[0].reservation_id), "Instances": shown}


def wish_of(house: House, here: Ground, wish: Values) -> RunWish:
    """Raises Unsupported for what is not built, NotFound and Invalid in EC2's own terms."""
    _refuse_unbuilt(wish, UNDERSTOOD | HARMLESS, "")
    _check_placement(wish.get("Placement", {}))
    wished = tags.wished(wish, "instance")
    group_ids = (
        *groups.found(house, here.call, wish.get("SecurityGroupIds", ())),
        *groups.named(house, here.call, wish.get("SecurityGroups", ())),
    )
    return RunWish(
        name=wished.get("Name") or None,
        flavor_id=_flavor(house, here.call, wish.get("InstanceType", DEFAULT_TYPE)),
        image_id=images.found(house, here.call, _given(wish, "ImageId")).id,
        nics=_nics(house, here, wish),
        groups=group_ids,
        keypair_name=wish.get("KeyName", ""),
        user_data=wish.get("UserData", ""),
        count_min=wish["MinCount"],
        count_max=wish["MaxCount"],
        zone=_zone(wish.get("Placement", {})),
        tags=wished,
        refuse_full=True,
    )


def _given(wish: Values, name: str) -> str:
    value: str | None = wish.get(name)
    if not value:
        raise Invalid("api", field=name, reason="missing")
    return value


def _refuse_unbuilt(wish: Values, known: frozenset[str], path: str) -> None:
    """What is not built is said, never silently left out; a wish for nothing is no wish."""
    for name, value in wish.items():
        if name not in known and _wishes_something(value):
            raise Unsupported("compute", what=f"{path}{name}")
    if wish.get("InstanceInitiatedShutdownBehavior", "stop") != "stop":
        raise Unsupported("compute", what="InstanceInitiatedShutdownBehavior")


def _wishes_something(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_wishes_something, value.values()))
    if isinstance(value, list):
        return any(map(_wishes_something, value))
    return bool(value)


def _zone(placement: Values) -> str:
    """By name or id, which are the same here; empty for any."""
    named = {placement[f] for f in ("AvailabilityZone", "AvailabilityZoneId") if placement.get(f)}
    if len(named) > 1:
        raise Invalid("api", field="Placement.AvailabilityZoneId", reason="combination", value="AvailabilityZone")
    return next(iter(named), "")


def _check_placement(placement: Values) -> None:
    _refuse_unbuilt(placement, PLACEMENT, "Placement.")
    if placement.get("Tenancy", "default") != "default":
        raise Unsupported("compute", what="Placement.Tenancy")


def _flavor(house: House, call: Call, name: str) -> FlavorId:
    found = flavors.find(house, call, Query(filters=(eq("name", name),)))
    if not found:
        raise Invalid("api", field="InstanceType", reason="not_in_enum", value=name)
    return found[0].id


def _nics(house: House, here: Ground, wish: Values) -> tuple[NicChoice, ...] | None:
    """In the order of their device indexes; without any word on networks, the default subnet or the only network."""
    interfaces = wish.get("NetworkInterfaces") or []
    if interfaces:
        for field in ("SubnetId", "SecurityGroupIds", "SecurityGroups", "PrivateIpAddress"):
            if wish.get(field):
                raise Invalid("api", field=field, reason="combination", value="NetworkInterface")
        ordered = sorted(interfaces, key=lambda i: i.get("DeviceIndex", 0))
        return tuple(_interface(house, here, i) for i in ordered)
    return _only_nic(here, wish.get("SubnetId"), wish.get("PrivateIpAddress"))


def _only_nic(here: Ground, subnet_text: str | None, address: str | None) -> tuple[NicChoice, ...] | None:
    subnet = here.subnet(subnet_text) if subnet_text else here.atlas.default_subnet
    if subnet is None:
        if address is not None:
            raise Invalid("api", field="SubnetId", reason="missing")
        return None
    public = subnet.public_on_launch
    return (NicChoice(network_id=subnet.network_id, subnet_id=subnet.id, fixed_ip=address, public=public),)


def _interface(house: House, here: Ground, wish: Values) -> NicChoice:
    _refuse_unbuilt(wish, INTERFACE, "NetworkInterface.")
    if (text := wish.get("NetworkInterfaceId")) is not None:
        for what in ("AssociatePublicIpAddress", "DeleteOnTermination"):
            if wish.get(what):
                raise Unsupported("compute", what=f"NetworkInterface.{what}")
        return NicChoice(nic_id=interfaces.found(house, here.call, text).id)
    found = _only_nic(here, wish.get("SubnetId"), _address(wish))
    if found is None:
        raise Invalid("api", field="NetworkInterface.SubnetId", reason="missing")
    return replace(
        found[0],
        group_ids=groups.found(house, here.call, wish["Groups"]) if wish.get("Groups") else None,
        description=wish.get("Description", ""),
        keep=wish.get("DeleteOnTermination") is False,
        public=wish.get("AssociatePublicIpAddress", found[0].public),
    )


def _address(wish: Values) -> str | None:
    """The one address that a new interface is to have."""
    addresses = [a["PrivateIpAddress"] for a in wish.get("PrivateIpAddresses", ()) if a.get("PrivateIpAddress")]
    if wish.get("PrivateIpAddress"):
        addresses.insert(0, wish["PrivateIpAddress"])
    if len(dict.fromkeys(addresses)) > 1:
        raise Unsupported("compute", what="NetworkInterface.PrivateIpAddresses")
    return addresses[0] if addresses else None
