"""Bodies of Placement, by the version that brought each shape. Documentation reads them too."""

import re
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from kumoi.api.edge.errors import UnsupportedMediaType
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import JSON
from kumoi.core.errors import Invalid
from kumoi.core.providers import NAME_MOST, UNIT_MOST, Inventory

UUID: Final = "^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"
NAME: Final = "^[A-Z0-9_]+$"
CUSTOM: Final = "^CUSTOM_[A-Z0-9_]+$"
LONGEST: Final = 255
_LARGEST_RATIO: Final = 3.40282e38

Id = Annotated[str, Meta(pattern=UUID)]
PathId = Annotated[str, Meta(pattern="^[0-9a-fA-F-]{36}$")]
ClassName = Annotated[str, Meta(pattern=NAME)]
CustomClass = Annotated[str, Meta(pattern=CUSTOM, max_length=LONGEST)]
Label = Annotated[str, Meta(min_length=1, max_length=255)]
Amount = Annotated[int, Meta(ge=1)]
Unit = Annotated[int, Meta(ge=1, le=UNIT_MOST)]
Amounts = Annotated[dict[ClassName, Amount], Meta(min_length=1)]


class Body(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Nothing that is not named."""


class ProviderBody(Body, frozen=True, kw_only=True):
    name: Annotated[str, Meta(max_length=NAME_MOST)]


class NewProvider(ProviderBody, frozen=True, kw_only=True):
    uuid: Id | None = None


class ProviderInTree(ProviderBody, frozen=True, kw_only=True):
    parent_provider_uuid: Id | UnsetType | None = UNSET


class NewProviderInTree(NewProvider, frozen=True, kw_only=True):
    parent_provider_uuid: Id | None = None


class InventoryRecord(Body, frozen=True, kw_only=True):
    total: Unit
    reserved: Annotated[int, Meta(ge=0, le=UNIT_MOST)] = 0
    min_unit: Unit = 1
    max_unit: Unit = UNIT_MOST
    step_size: Unit = 1
    allocation_ratio: Annotated[float, Meta(le=_LARGEST_RATIO)] = 1.0
    resource_provider_generation: int | None = None

    def inventory(self) -> Inventory:
        return Inventory(
            total=self.total, reserved=self.reserved, min_unit=self.min_unit, max_unit=self.max_unit,
            step_size=self.step_size, allocation_ratio=self.allocation_ratio,
        )  # fmt: skip


class NewInventory(InventoryRecord, frozen=True, kw_only=True):
    resource_class: ClassName


class ChangedInventory(InventoryRecord, frozen=True, kw_only=True):
    resource_provider_generation: int


class Inventories(Body, frozen=True, kw_only=True):
    resource_provider_generation: int
    inventories: dict[ClassName, InventoryRecord]


class Traits(Body, frozen=True, kw_only=True):
    resource_provider_generation: int
    traits: list[Label]


class Aggregates(Body, frozen=True, kw_only=True):
    aggregates: list[Id]
    resource_provider_generation: int


class NamedClass(Body, frozen=True, kw_only=True):
    name: CustomClass


class ById(Body, frozen=True, kw_only=True):
    uuid: Id


class Entry(Body, frozen=True, kw_only=True):
    resource_provider: ById
    resources: Amounts


class Held(Body, frozen=True, kw_only=True):
    resources: Amounts
    generation: int | None = None


class ListOfAllocations(Body, frozen=True, kw_only=True):
    """1.0."""

    allocations: Annotated[list[Entry], Meta(min_length=1)]


class OwnedList(ListOfAllocations, frozen=True, kw_only=True):
    """1.8."""

    project_id: Label
    user_id: Label


class Emptiable(Body, frozen=True, kw_only=True):
    """One of several consumers, 1.13."""

    allocations: dict[PathId, Held]
    project_id: Label
    user_id: Label


class Allocations(Emptiable, frozen=True, kw_only=True):
    """1.12."""

    allocations: Annotated[dict[PathId, Held], Meta(min_length=1)]


class Generated(Emptiable, frozen=True, kw_only=True):
    """1.28."""

    consumer_generation: int | None


class Mapped(Generated, frozen=True, kw_only=True):
    """1.34. What is said of groups is checked and not kept."""

    mappings: Annotated[dict[str, Annotated[list[Id], Meta(min_length=1)]], Meta(min_length=1)] | UnsetType = UNSET


class Typed(Mapped, frozen=True, kw_only=True):
    """1.38."""

    consumer_type: Annotated[str, Meta(pattern=NAME, min_length=1, max_length=255)]


class Reshaping(Body, frozen=True, kw_only=True):
    inventories: Annotated[dict[PathId, Inventories], Meta(min_length=1)]


class Reshaped(Reshaping, frozen=True, kw_only=True):
    allocations: dict[PathId, Generated]


class ReshapedMapped(Reshaping, frozen=True, kw_only=True):
    allocations: dict[PathId, Mapped]


class ReshapedTyped(Reshaping, frozen=True, kw_only=True):
    allocations: dict[PathId, Typed]


ManyEmptiable = Annotated[dict[PathId, Emptiable], Meta(min_length=1)]
ManyGenerated = Annotated[dict[PathId, Generated], Meta(min_length=1)]
ManyMapped = Annotated[dict[PathId, Mapped], Meta(min_length=1)]
ManyTyped = Annotated[dict[PathId, Typed], Meta(min_length=1)]


def check_kind(request: Request) -> None:
    """Whether the body is said to be JSON. Raises UnsupportedMediaType, Invalid."""
    sent = (request.header("content-type") or "").partition(";")[0].strip()
    if request.body and not sent:
        raise Invalid("api", field="content-type", reason="no_content_type")
    if sent != JSON:
        raise UnsupportedMediaType("api", got=sent or "None", wanted=JSON)


def read(request: Request, kind: Any) -> Any:
    """The body. Raises UnsupportedMediaType, Invalid."""
    check_kind(request)
    try:
        return request.json(kind)
    except Invalid:
        request.json(object)  # what is no JSON at all is told first
        raise


def dashed(text: str) -> str | None:
    """A UUID, with or without dashes, as we spell it; None for what is none."""
    if re.fullmatch(UUID, text) is None:
        return None
    bare = text.replace("-", "").lower()
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


def check_unique(values: list[str], field: str) -> None:
    if len(set(values)) < len(values):
        raise Invalid("api", field=field, reason="non_unique", value=str(values))
