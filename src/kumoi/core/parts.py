"""Parts of a cloud that an operator may switch off, and what goes with each: services, dialects, actions."""

from typing import Final

import msgspec

from kumoi.core.errors import Unsupported


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """`services`: their types in the catalog. `tongues`: by name. `nouns`: how the actions of `core.policy` begin that
    are done nowhere then."""

    services: frozenset[str] = frozenset()
    tongues: frozenset[str] = frozenset()
    nouns: frozenset[str] = frozenset()


PARTS: Final[dict[str, Part]] = {
    "volumes": Part(
        services=frozenset({"volumev3", "block-storage"}),
        tongues=frozenset({"volume"}),
        nouns=frozenset({
            "volume", "volume_snapshot", "volume_type", "volume_qos", "volume_group", "volume_group_type",
            "volume_transfer", "attachment", "backup",
        }),
    ),
    "placement": Part(
        services=frozenset({"placement"}), tongues=frozenset({"placement"}), nouns=frozenset({"provider"})
    ),
    "ec2": Part(services=frozenset({"ec2"}), tongues=frozenset({"ec2", "sts"})),
    "dashboard": Part(tongues=frozenset({"web", "assets"})),
}  # fmt: skip


class Off(msgspec.Struct, frozen=True):
    """Those that are switched off, by name."""

    parts: frozenset[str] = frozenset()

    @property
    def services(self) -> frozenset[str]:
        return frozenset().union(*(PARTS[name].services for name in self.parts))

    @property
    def tongues(self) -> frozenset[str]:
        return frozenset().union(*(PARTS[name].tongues for name in self.parts))

    def check(self, part: str) -> None:
        """Refuse (Unsupported) what only this part can do."""
        if part in self.parts:
            raise Unsupported("api", what=part, reason="switched_off")

    def forbids(self, action: str | None) -> bool:
        """Whether the action belongs to one of them."""
        noun = (action or "").partition(".")[0]
        return any(noun in PARTS[name].nouns for name in self.parts)
