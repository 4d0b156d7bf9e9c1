"""Counters and claims: quota and host capacity are counter rows, unique things are claim rows.

`UPDATE counter SET used = used + n WHERE used + n <= most` is the only way up; claims are inserted and deleted,
never updated.
"""

from typing import Literal

import msgspec

from kumoi.core.ids import HostId, ProjectId

Resource = Literal[
    "instances",
    "vcpus",
    "memory_mib",
    "disk_gib",
    "key_pairs",
    "server_groups",
    "server_group_members",
    "metadata_items",
    "injected_files",
    "injected_file_content_bytes",
    "injected_file_path_bytes",
    "networks",
    "subnets",
    "subnet_pools",
    "shares",
    "nics",
    "trunks",
    "vpcs",
    "public_addresses",
    "security_groups",
    "security_rules",
    "images",
    "image_mib",
    "volumes",
    "gigabytes",
    "snapshots",
    "per_volume_gigabytes",
    "volume_groups",
    "backups",
    "backup_gigabytes",
]
UNLIMITED = -1
DEFAULT_QUOTA: dict[Resource, int] = {
    "instances": 20,
    "vcpus": 40,
    "memory_mib": 51200,
    "key_pairs": 100,
    "server_groups": 10,
    "server_group_members": 10,
    "metadata_items": 128,
    "injected_files": 5,
    "injected_file_content_bytes": 10240,
    "injected_file_path_bytes": 255,
    "networks": 100,
    "subnets": 100,
    "subnet_pools": UNLIMITED,
    "shares": 10,
    "nics": 500,
    "trunks": UNLIMITED,
    "vpcs": 10,
    "public_addresses": 50,
    "security_groups": 50,
    "security_rules": 500,
    "images": 200,
    "image_mib": UNLIMITED,
    "volumes": 20,
    "gigabytes": 1000,
    "snapshots": 20,
    "per_volume_gigabytes": UNLIMITED,
    "volume_groups": 10,
    "backups": 10,
    "backup_gigabytes": 1000,
}
DEFAULT_SCOPE = "class/default"  # what administrators made of the defaults; nothing is charged there
ClaimKind = Literal[
    "address",
    "mac",
    "mark",
    "vni",
    "vlan",
    "name",
    "account",
    "ec2",
    "access_key",
    "leg",
    "external_gateway",
    "client_token",
    "attachment",
    "slot",
]


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """`scope` is `project/<id>` (quota) or `host/<id>` (capacity); `most` -1 means no limit."""

    scope: str
    resource: str
    used: int
    most: int


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is unique within `kind`; it goes when its owner is purged."""

    kind: ClaimKind
    key: str
    owner: str
    at: float


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` of `resource` of `provider` (a counter's scope) is held by `consumer` (an id)."""

    consumer: str
    provider: str
    resource: str
    amount: int


def project_scope(project: ProjectId) -> str:
    return f"project/{project}"


def host_scope(host: HostId) -> str:
    return f"host/{host}"
