"""What `why` tells of a row: to administrators all but its secrets, to others the fields that are listed here."""

from typing import Any, Final

import msgspec

# Times and the like, which every kind has.
_ALWAYS: Final = frozenset({"id", "project_id", "name", "description", "created_at", "updated_at", "deleted_at"})
# For nobody: what a host proves itself by.
_NEVER: Final = frozenset({"session", "report_digest"})
_SHOWN: Final[dict[str, frozenset[str]]] = {
    "instance": frozenset({
        "user_id", "hostname", "flavor_id", "flavor_name", "vcpus", "memory_mib", "disk_gib", "image_id",
        "reservation_id", "power", "run_wanted", "reboot_wanted", "reboot_hard", "launch_index", "keypair_name",
        "user_data_size", "config_drive", "zone", "locked", "access_ip_v4", "access_ip_v6", "refusal", "status",
        "status_changed_at",
    }),
    "nic": frozenset({
        "network_id", "mac", "admin_up", "fixed_ips", "group_ids", "port_security", "pairs", "use", "instance_id",
        "vpc_id", "device_id", "device_owner", "dns_name", "dns_domain", "dhcp_options", "qos_policy_id",
        "made_with_instance", "slot",
    }),
    "network": frozenset({"admin_up", "external", "shared", "port_security", "mtu", "dns_domain"}),
    "subnet": frozenset({
        "network_id", "cidr", "gateway", "ip_version", "ra_mode", "address_mode", "pool_id", "dhcp", "pools",
        "dns_servers", "host_routes", "service_types",
    }),
    "vpc": frozenset({
        "admin_up", "ha", "distributed", "flavor_id", "external_network_id", "gateway_nic_id", "snat", "routes", "cidr",
    }),
    "security_group": frozenset({"stateful"}),
    "public_address": frozenset({
        "network_id", "subnet_id", "address", "own_nic_id", "nic_id", "fixed_address", "vpc_id",
    }),
    "subnet_pool": frozenset({
        "prefixes", "ip_version", "default_prefixlen", "min_prefixlen", "max_prefixlen", "quota", "scope_id",
        "is_default",
    }),
    "address_scope": frozenset({"ip_version"}),
    "address_group": frozenset({"addresses"}),
    "qos_policy": frozenset({"is_default"}),
    "port_forwarding": frozenset({"public_id", "nic_id", "address", "protocol", "outer", "inner"}),
    "trunk": frozenset({"nic_id", "admin_up", "subports"}),
    "volume": frozenset({
        "user_id", "size_gib", "type_id", "zone", "image_id", "snapshot_id", "source_id", "backup_id",
        "reverted_to", "content", "bootable", "read_only",
        "multiattach", "hold", "refusal", "status", "status_changed_at",
    }),
    "backup": frozenset({
        "volume_id", "snapshot_id", "parent_id", "user_id", "size_gib", "place", "kept", "data_at", "hold", "refusal",
        "status", "status_changed_at",
    }),
    "volume_snapshot": frozenset({"volume_id", "user_id", "size_gib", "hold", "status", "status_changed_at"}),
    "image": frozenset({
        "status", "visibility", "disk_format", "container_format", "min_disk_gib", "min_ram_mib", "size_bytes",
        "virtual_bytes", "checksum", "sha512", "protected", "hidden", "properties", "tags",
    }),
}  # fmt: skip


def whole(row: msgspec.Struct) -> dict[str, Any]:
    """Every field; of user data, which may hold a guest's secrets, only how much there is (`user_data_size`, the
    characters of its base64)."""
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if not _secret(name)}
    if (user_data := fields.pop("user_data", None)) is not None:
        fields["user_data_size"] = len(user_data)
    return fields


def _secret(name: str) -> bool:
    return name in _NEVER or name.startswith("sealed_") or name.endswith("_hash")


def shown_to_owner(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Nothing of a kind that is not listed."""
    listed = _ALWAYS | _SHOWN[kind] if kind in _SHOWN else frozenset()
    return {name: value for name, value in fields.items() if name in listed}
