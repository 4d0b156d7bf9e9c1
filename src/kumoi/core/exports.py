"""Volumes over the network: what a volume's target and a host's initiator are called, and which hosts can use them.

Names say whose they are, so that whoever finds one in a daemon knows what it belongs to (RFC 3720, 3.2.6.3.1).
"""

from typing import Final

from kumoi.core.ids import AttachmentId, HostId, VolumeId, is_uuid

INITIATES: Final = "iscsi"  # the capability of hosts whose guests reach what other hosts export
LUN: Final = 1  # 0 is the target's own controller
SECRET_BYTES: Final = 16
_AUTHORITY: Final = "iqn.2026-01.cloud.kumoi"


def target_name(volume: VolumeId) -> str:
    return f"{_AUTHORITY}:volume-{volume}"


def volume_of(target: str) -> VolumeId | None:
    """None for a target that is none of ours."""
    rest = target.removeprefix(f"{_AUTHORITY}:volume-")
    return VolumeId(rest) if rest != target and is_uuid(rest) else None


def user_name(attachment: AttachmentId, host: HostId) -> str:
    return f"{attachment}-{host[:8]}"


def initiator_name(host: HostId) -> str:
    return f"{_AUTHORITY}:host-{host}"
