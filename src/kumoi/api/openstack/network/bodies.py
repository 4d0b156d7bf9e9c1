"""Parts of bodies that several kinds have, and their way into core's terms."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, UnsetType

from kumoi.core.ids import QosPolicyId
from kumoi.core.networks import Pool, Route

Name = Annotated[str, Meta(max_length=255)]
Id = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Hostname = Annotated[str, Meta(pattern="^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)?$")]
_LABEL = "[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?"
Domain = Annotated[str, Meta(pattern=rf"^({_LABEL}(\.{_LABEL})*\.?)?$", max_length=255)]
Description = Annotated[str, Meta(max_length=255)]


class PoolIn(msgspec.Struct, forbid_unknown_fields=True):
    start: str
    end: str


class RouteIn(msgspec.Struct, forbid_unknown_fields=True):
    destination: str
    nexthop: str


class FixedIn(msgspec.Struct, forbid_unknown_fields=True):
    subnet_id: Id | None = None
    ip_address: str | None = None


def policy_of(body: Any) -> QosPolicyId | UnsetType | None:
    """The QoS policy that a body names, takes away, or says nothing about."""
    given: str | UnsetType | None = body.qos_policy_id
    return QosPolicyId(given) if isinstance(given, str) else given


def pools(given: list[PoolIn]) -> tuple[Pool, ...]:
    return tuple(Pool(start=p.start, end=p.end) for p in given)


def routes(given: list[RouteIn] | None) -> tuple[Route, ...]:
    return tuple(Route(destination=r.destination, nexthop=r.nexthop) for r in given or ())


def rendered_routes(given: tuple[Route, ...]) -> list[dict[str, Any]]:
    return [{"destination": r.destination, "nexthop": r.nexthop} for r in given]
