"""Address groups: blocks under one name, which security rules name as their remote end."""

from collections.abc import Iterable

import msgspec

from kumoi.core.addressing import block_around
from kumoi.core.errors import Invalid
from kumoi.core.ids import AddressGroupId, ProjectId

MOST_ADDRESSES = 1000


class AddressGroup(msgspec.Struct, frozen=True, kw_only=True):
    """`addresses`: blocks in CIDR form, canonical, each once, of either IP version."""

    id: AddressGroupId
    project_id: ProjectId
    name: str
    description: str = ""
    addresses: tuple[str, ...] = ()
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def canonical(addresses: Iterable[str]) -> tuple[str, ...]:
    """Blocks as they are kept, host bits mended, in the given order. Raises Invalid for what is no block."""
    found = tuple(dict.fromkeys(_block(text) for text in addresses))
    if len(found) > MOST_ADDRESSES:
        raise Invalid("network", field="addresses", reason="too_many", most=MOST_ADDRESSES)
    return found


def _block(text: str) -> str:
    if "/" not in text:
        raise Invalid("network", field="addresses", reason="not_cidr", value=text)
    return str(block_around(text, "addresses"))
