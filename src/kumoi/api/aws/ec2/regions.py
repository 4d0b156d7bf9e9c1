"""Regions, zones, and what an account may have: one region with one zone."""

from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import ground
from kumoi.api.edge.request import Request
from kumoi.app import aggregates, quotas
from kumoi.app.aggregates import ZoneView
from kumoi.app.house import House
from kumoi.core.errors import Invalid
from kumoi.core.ids import ec2_id
from kumoi.core.policy import allow
from kumoi.core.quotas import UNLIMITED

NO_OPT_IN: Final = "opt-in-not-required"
REGION_PLACES: Final = {"endpoint": "Endpoint", "opt-in-status": "OptInStatus", "region-name": "RegionName"}
ZONE_PLACES: Final = {
    "group-name": "GroupName",
    "message": "Messages.Message",
    "opt-in-status": "OptInStatus",
    "region-name": "RegionName",
    "state": "State",
    "zone-id": "ZoneId",
    "zone-name": "ZoneName",
    "zone-type": "ZoneType",
}


def actions(house: House) -> list[Action]:
    return [
        Action("DescribeRegions", partial(regions, house), "zone.read"),
        Action("DescribeAvailabilityZones", partial(zones, house), "zone.read"),
        Action("DescribeAccountAttributes", partial(account_attributes, house), "quota.read"),
    ]


def regions(house: House, request: Request, wish: Values) -> Values:
    allow(request.call(), "zone.read")
    name = house.rules.region
    _check_named(wish.get("RegionNames", ()), {name}, "RegionName")
    shown: Values = {
        "RegionName": name,
        "Endpoint": f"{request.header('host', 'localhost')}/ec2",
        "OptInStatus": NO_OPT_IN,
    }
    return {"Regions": [shown] if matching(wish, REGION_PLACES)(shown) else []}


def zones(house: House, request: Request, wish: Values) -> Values:
    found = {zone.name: zone for zone in aggregates.find_zones(house, request.call())}
    names, ids = (wish.get(f, ()) for f in ("ZoneNames", "ZoneIds"))
    _check_named(names, set(found), "ZoneName")
    _check_named(ids, set(found), "ZoneId")
    fits = matching(wish, ZONE_PLACES)
    wanted = (z for z in found.values() if (not names or z.name in names) and (not ids or z.name in ids))
    return {"AvailabilityZones": [shown for zone in wanted if fits(shown := _zone(house, request, zone))]}


def _zone(house: House, request: Request, zone: ZoneView) -> Values:
    return {
        "ZoneName": zone.name,
        "ZoneId": zone.name,
        "ZoneType": "availability-zone",
        "State": "available" if zone.available(request.now) or not zone.hosts else "unavailable",
        "RegionName": house.rules.region,
        "GroupName": house.rules.region,
        "NetworkBorderGroup": house.rules.region,
        "OptInStatus": NO_OPT_IN,
        "Messages": [],
    }


def account_attributes(house: House, request: Request, wish: Values) -> Values:
    here = ground(house, request)
    counters = quotas.quota(house, here.call, here.call.project_id)
    default = here.atlas.default_vpc
    values = {
        "supported-platforms": "VPC",
        "default-vpc": ec2_id("vpc", default) if default else "none",
        "max-instances": _most(counters["instances"].most),
        "max-elastic-ips": _most(counters["public_addresses"].most),
        "vpc-max-elastic-ips": _most(counters["public_addresses"].most),
        "vpc-max-security-groups-per-interface": "5",
    }
    names = wish.get("AttributeNames") or list(values)
    _check_named(names, set(values), "AttributeName")
    return {
        "AccountAttributes": [
            {"AttributeName": name, "AttributeValues": [{"AttributeValue": values[name]}]} for name in names
        ]
    }


def _most(most: int) -> str:
    return "1000000" if most == UNLIMITED else str(most)


def _check_named(asked: list[str] | tuple[str, ...], known: set[str], field: str) -> None:
    for name in asked:
        if name not in known:
            raise Invalid("api", field=field, reason="not_in_enum", value=name)
