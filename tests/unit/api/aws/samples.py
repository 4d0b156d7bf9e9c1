"""Values for shapes of botocore's models: every member filled, so that a round trip proves every name."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.serialize import create_serializer

from kumoi.api.aws import models
from kumoi.api.aws.protocol import Service
from kumoi.api.edge.request import decode_pairs

DEEPEST = 9
AT = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)


def theirs(name: str, version: str | None = None) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2", version), name)


def ours(name: str) -> Service:
    """The whole of botocore's model as our own, not only what is pruned."""
    whole = Loader().load_service_model(name, "service-2") | {"known": []}
    return Service(msgspec.convert(whole, models.ServiceModel))


def sample(shape: Shape, depth: int = 0) -> Any:
    """A value as boto takes it: every member, lists of two. None where it would be too deep."""
    match shape.type_name:
        case "structure" | "list" | "map" if depth >= DEEPEST:
            return None
        case "structure":
            parts = {n: sample(s, depth + 1) for n, s in shape.members.items()}
            return {n: v for n, v in parts.items() if v is not None} or (None if depth else {})
        case "list":
            item = sample(shape.member, depth + 1)
            return None if item is None else [item] * bounded(shape, 2)
        case "map":
            return {f"key-{i}": sample(shape.value, depth + 1) for i in range(2)}
        case "string":
            return padded(shape)
        case _:
            return plain(shape)


def plain(shape: Shape) -> Any:
    known = {
        "integer": bounded(shape, 7),
        "long": bounded(shape, 7),
        "double": 1.5,
        "float": 1.5,
        "boolean": True,
        "timestamp": AT,
        "blob": b"\x00\xffbytes",
    }
    return known[shape.type_name]


def bounded(shape: Shape, wanted: int) -> int:
    least, most = shape.metadata.get("min", wanted), shape.metadata.get("max", wanted)
    return int(max(min(wanted, most), min(least, most)))


def padded(shape: Shape) -> str:
    text = f"<{shape.name}> & 雲 +%=/\n"
    most, least = shape.metadata.get("max", 10_000), shape.metadata.get("min", 0)
    return text.ljust(least, "x")[:most]


def as_ours(value: Any) -> Any:
    """boto's value as ours: times are seconds."""
    match value:
        case dict():
            return {k: as_ours(v) for k, v in value.items()}
        case list():
            return [as_ours(v) for v in value]
        case datetime():
            return value.timestamp()
        case _:
            return value


def form_of(operation: OperationModel, values: dict[str, Any]) -> list[tuple[str, str]]:
    """What boto sends for these parameters, as the edge decodes it."""
    protocol = operation.service_model.protocol
    request = create_serializer(protocol, include_validation=False).serialize_to_request(values, operation)
    return decode_pairs(urlencode(request["body"]).encode())
