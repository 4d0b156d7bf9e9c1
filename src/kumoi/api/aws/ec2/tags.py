"""Tags: create, delete, describe, and those that come with the making of a thing."""

from functools import partial
from typing import Any, Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import ids, paging
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.instances import rows as instance_rows
from kumoi.api.edge.request import Request
from kumoi.app import keypairs, tags
from kumoi.app.house import House
from kumoi.app.images import doors as images
from kumoi.app.networks import reading
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES
from kumoi.app.networks.security_groups import GROUPS, RULES
from kumoi.app.networks.subnets import SUBNETS
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.tags import Tagged
from kumoi.app.volumes import read as volumes
from kumoi.app.volumes import snapshots
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import ec2_id
from kumoi.core.query import eq
from kumoi.core.tags import check_tags

# core's kinds in EC2's words, and back
TYPES: Final[dict[str, str]] = {
    "instance": "instance",
    "image": "image",
    "keypair": "key-pair",
    "security_group": "security-group",
    "security_rule": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "nic": "network-interface",
    "public_address": "elastic-ip",
    "volume": "volume",
    "volume_snapshot": "snapshot",
}
NOUNS: Final[dict[str, reading.Noun[Any, Any]]] = {
    noun.kind: noun for noun in (GROUPS, SUBNETS, VPCS, NICS, PUBLIC_ADDRESSES)
}
PLACES: Final[dict[str, str]] = {
    "key": "Key",
    "resource-id": "ResourceId",
    "resource-type": "ResourceType",
    "value": "Value",
}


def actions(house: House) -> list[Action]:
    return [
        Action("CreateTags", partial(create, house), "instance.update"),
        Action("DeleteTags", partial(delete, house), "instance.update"),
        Action("DescribeTags", partial(describe, house), "instance.read"),
    ]


def create(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    tags.put(house, call, _things(house, call, wish["Resources"]), _pairs(wish["Tags"]))
    return {}


def delete(house: House, request: Request, wish: Values) -> Values:
    """Without tags all go; a tag without a value goes whatever it is, one with an empty value only if it is empty."""
    call = request.call()
    named = {t.get("Key", ""): t.get("Value") for t in wish["Tags"]} if wish.get("Tags") else None
    tags.drop(house, call, _things(house, call, wish["Resources"]), named)
    return {}


def describe(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    matches = matching(wish, PLACES)
    shown = [
        {"Key": key, "Value": value, "ResourceId": ec2_id(ids.PREFIXES[kind], row_id), "ResourceType": word}
        for kind, word in TYPES.items()
        for row_id, pairs in tags.find(house, call, kind).items()
        for key, value in pairs.items()
    ]
    keyed = [(f"{t['ResourceId']}/{t['Key']}", t) for t in shown if matches(t)]
    found, token = paging.cut(wish, keyed)
    return paging.with_token({"Tags": found}, token)


def wished(wish: Values, kind: str) -> dict[str, str]:
    """The tags that a request wants on the one kind of thing (core's word) that it makes, checked.

    Raises Unsupported for tags on other things that come along.
    """
    found: dict[str, str] = {}
    for specification in wish.get("TagSpecifications", ()):
        pairs = specification.get("Tags", [])
        if specification.get("ResourceType") == TYPES[kind]:
            found |= _pairs(pairs)
        elif pairs:
            raise Unsupported("api", what=f"TagSpecification.{specification.get('ResourceType', '')}")
    check_tags(found)
    return found


def tag(house: House, call: Call, kind: str, row_id: str, pairs: dict[str, str]) -> None:
    """Tag what was just made; the tags were checked before."""
    if pairs:
        tags.put(house, call, (Tagged(kind, row_id),), pairs)


def _pairs(given: list[dict[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in given:
        key = tag.get("Key", "")
        if key in found:
            raise Invalid("api", field="Tag.Key", reason="twice", value=key)
        found[key] = tag.get("Value", "")
    return found


def _things(house: House, call: Call, texts: list[str]) -> tuple[Tagged, ...]:
    return tuple(Tagged(kind := ids.kind_of(text), _row_id(house, call, kind, text)) for text in dict.fromkeys(texts))


def _row_id(house: House, call: Call, kind: str, text: str) -> str:
    """Of one's own things only, whatever else one might see."""
    if kind not in TYPES:
        raise ids.not_found(kind, text)
    own = eq("project_id", call.project_id)
    match kind:
        case "instance":
            return instance_rows(house, call, [text])[0].id
        case "image":
            return ids.one(kind, text, lambda query: images.find(house, call, query.where(own))).id
        case "keypair":
            return ids.one(kind, text, lambda query: keypairs.find(house, call, query)).id
        case "security_rule":
            return ids.one(kind, text, lambda query: reading.find_rows(house, call, RULES, query.where(own))).id
        case "volume":
            return ids.one(kind, text, lambda query: volumes.find(house, call, query)).volume.id
        case "volume_snapshot":
            return ids.one(kind, text, lambda query: snapshots.find(house, call, query)).snapshot.id
        case _:
            noun = NOUNS[kind]
            row: reading.Row = ids.one(kind, text, lambda query: reading.find_rows(house, call, noun, query.where(own)))
            return str(row.id)
