"""Tables of what volumes and their groups may be: types, group types, QoS specs. How they are spelt: `schema`."""

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
