"""A dialect without what is switched off: its routes are not there, and its own 404 says so."""

from collections.abc import Iterable

from msgspec.structs import replace

from kumoi.api.edge.routes import Tongue
from kumoi.core.parts import Off


def without(tongues: Iterable[Tongue], off: Off) -> list[Tongue]:
    """A dialect that is switched off as a whole still answers under its prefix, that nothing is there; the one at the
    root has none."""
    return [
        replace(
            tongue,
            routes=()
            if tongue.name in off.tongues
            else [route for route in tongue.routes if not off.forbids(route.action)],
        )
        for tongue in tongues
        if tongue.prefix != "/" or tongue.name not in off.tongues
    ]
