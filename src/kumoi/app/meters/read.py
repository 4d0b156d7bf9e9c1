"""Looking at what was measured of an instance."""

import msgspec

from kumoi.app.house import House
from kumoi.app.instances.read import visible
from kumoi.core.archives import ARCHIVES, Archive, finest_for
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import InstanceId
from kumoi.core.meters import UNITS
from kumoi.core.policy import allow
from kumoi.runtime.series import Curve

POINTS_MOST = 4000


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """`until` None: now; `since` None: an hour before. `step_s` None: the finest that tells the window in some hundred
    points. `meters`: none named means all."""

    since: float | None = None
    until: float | None = None
    step_s: int | None = None
    meters: frozenset[str] = frozenset()


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """`since`: when the first of the numbers of every curve begins, in seconds since the epoch."""

    since: int
    step_s: int
    curves: list[Curve]


def chart(house: House, call: Call, instance_id: InstanceId, window: Window) -> Chart:
    """The curves of one instance; also of a deleted one, until its row is purged.

    Invalid for meters and steps that there are not, and for a window that has too many points or ends before it
    begins.
    """
    allow(call, "meter.read")
    until = min(call.now, call.now if window.until is None else window.until)
    since = until - 3600.0 if window.since is None else window.since
    if since >= until:
        raise Invalid("api", field="since", reason="range", bound=f"before {until:.0f}")
    for name in sorted(window.meters - UNITS.keys()):
        raise Invalid("api", field="meter", reason="not_in_enum", value=name)
    archive = _archive(window.step_s, until - since, call.now - since)
    house.store.read(lambda tx: visible(tx, call, instance_id, deleted=True))
    curves = house.series.read(instance_id, archive, since, until, window.meters or frozenset(UNITS))
    return Chart(since=int(since // archive.step_s) * archive.step_s, step_s=archive.step_s, curves=curves)


def _archive(step_s: int | None, span_s: float, age_s: float) -> Archive:
    if step_s is None:
        return finest_for(span_s, age_s)
    for archive in ARCHIVES:
        if archive.step_s == step_s:
            if span_s / step_s > POINTS_MOST:
                raise Invalid("api", field="step", reason="range", bound=f"at least {span_s / POINTS_MOST:.0f} s")
            return archive
    steps = [str(archive.step_s) for archive in ARCHIVES]
    raise Invalid("api", field="step", reason="range", bound=f"one of {', '.join(steps)}")
