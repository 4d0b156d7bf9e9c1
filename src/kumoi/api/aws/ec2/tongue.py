"""EC2 as a tongue: every noun's operations under one path."""

from kumoi.api.aws.actions import Action, query_tongue
from kumoi.api.aws.ec2 import (
    addresses,
    groups,
    images,
    imaging,
    instance_attributes,
    instance_status,
    instance_types,
    instances,
    interfaces,
    key_pairs,
    regions,
    running,
    snapshots,
    subnets,
    tags,
    volumes,
    vpcs,
)
from kumoi.api.aws.keys import HouseKeys
from kumoi.api.edge.routes import Tongue
from kumoi.app.house import House

NOUNS = (
    running, instances, imaging, instance_status, instance_attributes, instance_types, images, key_pairs, groups,
    addresses, interfaces, subnets, vpcs, volumes, snapshots, tags, regions,
)  # fmt: skip


def tongue(house: House) -> Tongue:
    """Mounted at /ec2. Signatures must be for this cloud's region."""
    return query_tongue("ec2", "/ec2", offered(house), HouseKeys(house), frozenset({house.rules.region}))


def actions(house: House) -> list[Action]:
    return [action for noun in NOUNS for action in noun.actions(house)]


def offered(house: House) -> list[Action]:
    """Those of the parts that this cloud has."""
    return [action for action in actions(house) if not house.rules.off.forbids(action.action)]
