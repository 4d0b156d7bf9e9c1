"""Tables of what is around volumes: types, QoS specs, groups, transfers, messages. How they are spelt: `schema`."""

from sqlalchemy import Index, Table, UniqueConstraint

from kumoi.adapters.sql.schema import integers, key, metadata, nested, switches, texts, times

volume_types = Table(
    "volume_types",
    metadata,
    key(),
    *texts("name", "description"),
    *texts("qos_id", null=True),
    *nested("extra_specs"),
    *nested("encryption", null=True),
    *switches("public"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("name"),
    Index(None, "qos_id"),
)

volume_qos = Table(
    "volume_qos",
    metadata,
    key(),
    *texts("name", "consumer"),
    *nested("specs"),
    *integers("generation"),
    *times("created_at"),
    UniqueConstraint("name"),
)

volume_group_types = Table(
    "volume_group_types",
    metadata,
    key(),
    *texts("name", "description"),
    *nested("specs"),
    *switches("public"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("name"),
)

volume_groups = Table(
    "volume_groups",
    metadata,
    key(),
    *texts("project_id", "user_id", "name", "description", "type_id", "zone", "hold"),
    *texts("source_id", "snapshot_id", null=True),
    *nested("volume_type_ids"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "type_id"),
)

group_snapshots = Table(
    "group_snapshots",
    metadata,
    key(),
    *texts("project_id", "user_id", "name", "description", "group_id", "type_id", "hold"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "group_id"),
)

volume_transfers = Table(
    "volume_transfers",
    metadata,
    key(),
    *texts("volume_id", "project_id", "name", "digest"),
    *switches("with_snapshots"),
    *times("created_at"),
    UniqueConstraint("volume_id"),
    Index(None, "project_id", "created_at", "id"),
)

volume_messages = Table(
    "volume_messages",
    metadata,
    key(),
    *texts("project_id", "request_id", "kind", "resource_id", "code"),
    *nested("facts"),
    *times("created_at", "expires_at"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "expires_at"),
)
