"""Metering labels: traffic of a project's routers to and from outside, counted by rules. Who pays is others' business.

A rule's addresses are those inside: what comes in has been translated already, what goes out is not yet. The first rule
that excludes a packet wins; one that several rules include counts once.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from kumoi.core.addressing import block
from kumoi.core.errors import Invalid, Taken
from kumoi.core.groups import Direction
from kumoi.core.ids import MeteringLabelId, MeteringRuleId, ProjectId

_COUNTER: Final = "label-"


class MeteringLabel(msgspec.Struct, frozen=True, kw_only=True):
    """`shared`: of every project's routers."""

    id: MeteringLabelId
    project_id: ProjectId
    name: str = ""
    description: str = ""
    shared: bool = False
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


class MeteringRule(msgspec.Struct, frozen=True, kw_only=True):
    """What comes in from outside (ingress) or goes out (egress), from `source` to `destination` (blocks; None: any).

    `near`: the block inside, Neutron's `remote_ip_prefix`: in spite of its name the destination of what comes in and
    the source of what goes out.
    """

    id: MeteringRuleId
    project_id: ProjectId
    label_id: MeteringLabelId
    direction: Direction
    source: str | None = None
    destination: str | None = None
    near: str | None = None
    excluded: bool = False
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """Source and destination, wherever they were said."""
        if self.direction == "ingress":
            return self.source, self.destination or self.near
        return self.source or self.near, self.destination


class Metered(msgspec.Struct, frozen=True, kw_only=True):
    """A label as a router is told of it."""

    label_id: MeteringLabelId
    rules: tuple[MeteringRule, ...] = ()


class Count(msgspec.Struct, frozen=True, kw_only=True):
    packets: int
    bytes: int


def check(rule: MeteringRule, others: Iterable[MeteringRule]) -> None:
    """Invalid for blocks that are none, of two versions, or said twice; Taken where another one of its label and
    direction has addresses of its block inside."""
    given = [text for text in (rule.source, rule.destination, rule.near) if text is not None]
    if not given:
        raise Invalid("network", field="source", reason="missing", name="source_ip_prefix")
    if rule.near is not None and len(given) > 1:
        raise Invalid("network", field="near", reason="combination", value=rule.near)
    if len({block(text, "near").version for text in given}) > 1:
        raise Invalid("network", field="destination", reason="mixed_ip_versions")
    for other in others:
        if (
            rule.near is None
            or other.near is None
            or (other.label_id, other.direction)
            != (
                rule.label_id,
                rule.direction,
            )
        ):
            continue
        here, there = block(rule.near, "near"), block(other.near, "near")
        if here.version == there.version and here.overlaps(there):
            raise Taken("network", kind="metering_rule", name=other.id)


def counter(label_id: MeteringLabelId) -> str:
    """What the kernel calls its counter."""
    return f"{_COUNTER}{label_id}"


def counts(rules: Iterable[dict[str, Any]]) -> dict[MeteringLabelId, Count]:
    """Of a router's rules as nft lists them."""
    found = (rule["counter"] for rule in rules if "counter" in rule)
    return {
        MeteringLabelId(one["name"].removeprefix(_COUNTER)): Count(packets=one["packets"], bytes=one["bytes"])
        for one in found
        if one["name"].startswith(_COUNTER)
    }
