"""Consoles of a running instance: which there are, how a connection to one ends, and the tokens that open one.

What does not belong here: the console's log, which is a file of the host (contracts.compute).
"""

from typing import Final, Literal

import msgspec

from kumoi.core.call import Actor
from kumoi.core.ids import InstanceId, ProjectId, UserId

CAPABILITY: Final = "consoles"  # of a host whose agent dials for them
ConsoleKind = Literal["serial", "vnc"]
# guest_off: nothing runs there. guest_ended: its power was cut, or it moved. taken_over: somebody else opened the
# serial line, which has one user. too_slow: who watches takes nothing, and the guest would have to wait. too_many: the
# host has as many open as it will. host_failed: it could not reach the guest. host_stops: its agent is about to end.
ConsoleEnd = Literal["guest_off", "guest_ended", "taken_over", "too_slow", "too_many", "host_failed", "host_stops"]


# While it is open, the cloud asks whether it still may be. withdrawn: who opened it may not any more.
ConsoleCut = Literal["withdrawn", "deleted"]


class ConsoleToken(msgspec.Struct, frozen=True, kw_only=True):
    """Opens one console once. `id` is the SHA-256 of what its bearer has; times are seconds since the epoch.

    `actor` asked for it, whose `revocation` (tenancy.User) was this. `again`: the SHA-256 of a secret that who spent it
    brought along, by which the same console may be opened anew until it expires; empty: by nothing.
    """

    id: str
    instance_id: InstanceId
    project_id: ProjectId
    user_id: UserId
    kind: ConsoleKind
    created_at: float
    expires_at: float
    actor: Actor
    revocation: int
    used_at: float | None = None
    again: str = ""
