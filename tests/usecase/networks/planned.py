"""What hosts are told, after the stamper has worked."""

from typing import TypeVar

import msgspec
from tests.usecase.networks.conftest import World

from kumoi.control.stamper import Stamper
from kumoi.core.ids import SectionKey
from kumoi.core.plan import Spec

S = TypeVar("S", bound=Spec)


def entries(world: World, section: str, kind: type[S]) -> list[S]:
    """The present entries of a kind in a section, in the order of their ids."""
    Stamper(world.house, "test").stamp_all()
    delta = world.house.store.read(lambda tx: tx.sections.delta(SectionKey(section), 0))
    bodies = [e.body for e in sorted(delta.entries, key=lambda e: e.id)] if delta is not None else []
    specs = [msgspec.json.decode(b, type=Spec) for b in bodies if not isinstance(b, msgspec.UnsetType)]
    return [spec for spec in specs if isinstance(spec, kind)]
