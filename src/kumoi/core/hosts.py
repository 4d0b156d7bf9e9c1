"""Hosts: the machines that run instances, what they have, and whether they are heard from."""

from typing import Literal

import msgspec

from kumoi.core.ids import HostId, SessionId

HostState = Literal["up", "down", "lost"]
DOWN_AFTER_S = 60.0


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a host offers. Over-commit is applied when its counters are written (cpu ×4 by default, memory ×1).

    What its networks carry is promised to nics with a guarantee: kbit/s each way, thousands of packets a second; 0:
    nothing is promised.
    """

    vcpus: int
    memory_mib: int
    disk_gib: int
    egress_kbps: int = 0
    ingress_kbps: int = 0
    kpps: int = 0


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """`note`: what operators write about it.

    `booted_at` 0: an older agent does not tell.

    `session` and `sequence` belong to the last hello and the last report taken; `boot_id` is the kernel's.

    `report_digest` is that report's, so that an unchanged one writes nothing; `halted` and `strays` are what it says:
    why the host would rather be asked, and what stands there in our name that no plan names (`kind/name`).
    """

    id: HostId
    name: str
    capacity: Capacity
    capabilities: tuple[str, ...] = ()
    accelerator: str = ""
    boot_id: str = ""
    session: SessionId = SessionId("")
    sequence: int = 0
    report_digest: str = ""
    halted: str = ""
    strays: tuple[str, ...] = ()
    seen_at: float = 0.0
    enabled: bool = True
    lost: bool = False
    booted_at: float = 0.0
    disabled_reason: str = ""
    note: str = ""
    generation: int = 1
    created_at: float = 0.0


def state(host: Host, now: float) -> HostState:
    """up while heard from within 60 s; lost only by a person's or a fence's word."""
    if host.lost:
        return "lost"
    return "up" if now - host.seen_at <= DOWN_AFTER_S else "down"
