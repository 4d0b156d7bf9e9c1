"""Values of any struct, and the nouns as the tests need them."""

import random
import types
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import replace

from kumoi.adapters.fake.chance import FakeChance
from kumoi.core.events import Event, Label
from kumoi.core.ids import FlavorId, HostId, ImageId, InstanceId, LayerId, NetworkId, NicId, ProjectId, UserId, ec2_key
from kumoi.core.instances import Instance
from kumoi.core.nics import Nic

T = TypeVar("T", bound=msgspec.Struct)
TEXTS = ("plain", "", 'quote " and \\ and %_', "雲居 🌀", "null", "1", "two\nlines")
CHANCE = FakeChance(5866)


def any_of(struct: type[T], dice: random.Random) -> T:
    """A value with every field filled; ids are UUIDs, so that unique things are."""
    hints = get_type_hints(struct)
    values = {name: _value(hint, dice) for name, hint in hints.items()}
    if "id" in values:
        values["id"] = CHANCE.uuid()
    if "generation" in values:
        values["generation"] = 1
    return struct(**values)


def _value(hint: Any, dice: random.Random) -> Any:
    if isinstance(hint, NewType):
        return _value(hint.__supertype__, dice)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return dice.choice(inner)
    if origin in {Union, types.UnionType}:
        return _value(dice.choice(inner), dice)
    if origin is tuple:
        return tuple(_value(inner[0], dice) for _ in range(dice.randrange(3)))
    if origin is frozenset:
        return frozenset(_value(inner[0], dice) for _ in range(dice.randrange(3)))
    if origin is list:
        return [_value(inner[0], dice) for _ in range(dice.randrange(3))]
    if origin is dict:
        return {_value(inner[0], dice): _value(inner[1], dice) for _ in range(dice.randrange(3))}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return any_of(hint, dice)
    return _plain(hint, dice)


def _plain(hint: Any, dice: random.Random) -> Any:
    if hint is str:
        return f"{dice.choice(TEXTS)}{dice.randrange(10**12)}"
    if hint is bool:
        return dice.random() < 0.5
    if hint is int:
        return dice.randrange(2**53)
    if hint is float:
        return dice.randrange(2 * 10**9) + dice.random()
    assert hint is type(None), hint
    return None


def instance(name: str = "web", **more: Any) -> Instance:
    new = CHANCE.uuid()
    one = Instance(
        id=InstanceId(new),
        project_id=ProjectId("p"),
        user_id=UserId("u"),
        name=name,
        hostname=name,
        flavor_id=FlavorId("1"),
        flavor_name="m1.nano",
        vcpus=1,
        memory_mib=128,
        disk_gib=1,
        image_id=ImageId("img"),
        root_layer_id=LayerId("lay"),
        ec2_key=ec2_key(new),
        reservation_id="r-1",
    )
    return replace(one, **more)


def nic(network: str = "n", **more: Any) -> Nic:
    return Nic(
        id=NicId(CHANCE.uuid()),
        project_id=ProjectId("p"),
        network_id=NetworkId(network),
        mac="fa:16:3e:00:00:01",
        mark=1,
        **more,
    )


def event(action: str = "instance.create", at: float = 1.0, resource: str = "i") -> Event:
    return Event(
        id=CHANCE.uuid(),
        at=at,
        action=action,
        kind="instance",
        resource_id=resource,
        project_id="p",
        user_id="u",
        request_id="req-1",
        facts={"n": 1, "why": ["a"]},
    )


def label(resource: str, key: str, value: str, *, kind: str = "instance", namespace: str = "metadata") -> Label:
    return Label(id=CHANCE.uuid(), kind=kind, resource_id=resource, namespace=namespace, key=key, value=value)


def host(number: int) -> HostId:
    return HostId(f"host-{number}")
