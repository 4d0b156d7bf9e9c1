"""Volumes' tables: volumes, their snapshots, backups and attachments, the pools that keep them, and what hosts say of
them. How they are spelt: `schema`."""

from sqlalchemy import Index, Table, UniqueConstraint

from kumoi.adapters.sql.schema import integers, kept, key, metadata, nested, switches, texts, times

storage_pools = Table(
    "storage_pools",
    metadata,
    key(),
    *texts("host_id", "name", "driver", "portal"),
    *integers("total_gib"),
    *nested("capabilities"),
    *switches("offered"),
    *times("created_at"),
    Index(None, "host_id"),
)

volumes = Table(
    "volumes",
    metadata,
    key(),
    *texts("project_id", "user_id", "name", "description", "ec2_key", "zone", "hold", "status"),
    *texts("pool_id", "type_id", "group_id", "image_id", "layer_id", "snapshot_id", "source_id", null=True),
    *texts("backup_id", "reverted_to", null=True),
    *integers("size_gib", "content"),
    *nested("image_words"),
    *nested("refusal", null=True),
    *switches("bootable", "read_only", "multiattach"),
    *times("status_changed_at"),
    *kept(),
    UniqueConstraint("ec2_key"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "status"),
    Index(None, "pool_id"),
    Index(None, "type_id"),
    Index(None, "group_id"),
    Index(None, "layer_id"),
    Index(None, "snapshot_id"),
    Index(None, "source_id"),
    Index(None, "backup_id"),
    Index(None, "deleted_at", "created_at", "id"),
)

volume_snapshots = Table(
    "volume_snapshots",
    metadata,
    key(),
    *texts("volume_id", "project_id", "user_id", "name", "description", "ec2_key", "moment", "hold", "progress"),
    *texts("status"),
    *texts("pool_id", null=True),
    *integers("size_gib"),
    *times("status_changed_at"),
    *kept(),
    UniqueConstraint("ec2_key"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "volume_id"),
    Index(None, "moment"),
    Index(None, "pool_id"),
    Index(None, "deleted_at", "created_at", "id"),
)

backups = Table(
    "backups",
    metadata,
    key(),
    *texts("volume_id", "project_id", "user_id", "name", "description", "container", "zone", "place", "hold", "status"),
    *texts("snapshot_id", "parent_id", "layer_id", null=True),
    *integers("size_gib"),
    *nested("image_words", "words"),
    *nested("kept", "refusal", null=True),
    *switches("bootable"),
    *times("data_at", "status_changed_at"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "volume_id"),
    Index(None, "parent_id"),
    Index(None, "layer_id"),
    Index(None, "place"),
    Index(None, "status"),
    Index(None, "deleted_at", "created_at", "id"),
)

attachments = Table(
    "attachments",
    metadata,
    key(),
    *texts("volume_id", "project_id", "host_name", "said", "device", "tag", "status", "secret"),
    *texts("instance_id", null=True),
    *integers("slot", "generation"),
    *nested("connector"),
    *switches("read_only", "boot", "delete_on_termination", "leaving"),
    *times("attached_at", "created_at", "updated_at"),
    Index(None, "volume_id"),
    Index(None, "instance_id"),
    Index(None, "leaving"),
    Index(None, "project_id", "created_at", "id"),
)

volume_observations = Table(
    "volume_observations",
    metadata,
    key(),
    *texts("host_id"),
    *switches("there"),
    *integers("size_gib", "used_bytes", "content"),
    *nested("exports"),
    *nested("condition", null=True),
    *times("first_seen_at", "reported_at"),
    Index(None, "host_id"),
)

snapshot_observations = Table(
    "snapshot_observations",
    metadata,
    key(),
    *texts("host_id"),
    *switches("there"),
    *nested("condition", null=True),
    *times("reported_at"),
    Index(None, "host_id"),
)
