"""Consoles of a running instance: which there are, how a connection to one ends, and the tokens that open one.

What does not belong here: the console's log, which is a file of the host (contracts.compute).
"""

from typing import Literal

import msgspec

from kumoi.core.ids import InstanceId, ProjectId, UserId

ConsoleKind = Literal["serial", "vnc"]
# guest_ended: its power was cut, or it moved. taken_over: somebody opened the serial line after us, which has one user.
# too_slow: who watches takes nothing while the guest waits to write. host_stops: the host's agent is about to end.
ConsoleEnd = Literal["guest_ended", "taken_over", "too_slow", "host_stops", "closed"]


class ConsoleToken(msgspec.Struct, frozen=True, kw_only=True):
    """Opens one console once. `id` is the SHA-256 of what its bearer has; times are seconds since the epoch."""

    id: str
    instance_id: InstanceId
    project_id: ProjectId
    user_id: UserId
    kind: ConsoleKind
    created_at: float
    expires_at: float
    used_at: float | None = None
