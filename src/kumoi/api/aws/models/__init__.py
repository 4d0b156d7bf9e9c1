"""Pruned service models (JSON, made by tools/prune_models.py; see NOTICE) and their types. No wire format here.

A file is read when its service is first asked for.
"""

from functools import cache
from importlib import resources
from typing import Literal

import msgspec

Protocol = Literal["ec2", "query"]


class Ref(msgspec.Struct, frozen=True):
    """A use of a shape as a member, with what this use says of its name."""

    shape: str
    location_name: str | None = msgspec.field(name="locationName", default=None)
    query_name: str | None = msgspec.field(name="queryName", default=None)


class Shape(msgspec.Struct, frozen=True):
    """A type of the model. `min` and `max` are values of numbers and lengths of the others."""

    type: Literal[
        "structure", "list", "map", "string", "integer", "long", "double", "float",
        "boolean", "timestamp", "blob",
    ]  # fmt: skip
    members: dict[str, Ref] = {}
    required: frozenset[str] = frozenset()
    member: Ref | None = None
    key: Ref | None = None
    value: Ref | None = None
    min: float | None = None
    max: float | None = None
    flattened: bool = False
    location_name: str | None = msgspec.field(name="locationName", default=None)


class Output(msgspec.Struct, frozen=True):
    shape: str
    result_wrapper: str | None = msgspec.field(name="resultWrapper", default=None)


class OperationModel(msgspec.Struct, frozen=True):
    input: Ref | None = None
    output: Output | None = None


class Metadata(msgspec.Struct, frozen=True):
    version: str = msgspec.field(name="apiVersion")
    protocol: Protocol
    service_id: str = msgspec.field(name="serviceId")
    namespace: str = msgspec.field(name="xmlNamespace")


class ServiceModel(msgspec.Struct, frozen=True):
    """`operations` are those that we can parse and render; `known` the names of all that the service has."""

    metadata: Metadata
    operations: dict[str, OperationModel]
    shapes: dict[str, Shape]
    known: frozenset[str]


@cache
def load(service: str) -> ServiceModel:
    """The model of `ec2`, `sts` …; FileNotFoundError for a service that we have none of."""
    text = resources.files(__name__).joinpath(f"{service}.json").read_bytes()
    return msgspec.json.decode(text, type=ServiceModel)
