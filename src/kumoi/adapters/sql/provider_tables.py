"""Tables of what clients write of resource providers: the providers, who holds of them, and words of their own."""

from sqlalchemy import Index, Table, UniqueConstraint

from kumoi.adapters.sql.schema import integers, key, metadata, nested, switches, texts, times

resource_providers = Table(
    "resource_providers",
    metadata,
    key(),
    *texts("name", "root_id"),
    *texts("parent_id", null=True),
    *integers("revision"),
    *switches("is_host"),
    *nested("inventories", "traits", "aggregates"),
    *times("created_at", "updated_at"),
    UniqueConstraint("name"),
    Index(None, "root_id"),
    Index(None, "parent_id"),
)

allocation_consumers = Table(
    "allocation_consumers",
    metadata,
    key(),
    *texts("project_id", "user_id", "kind"),
    *integers("revision"),
    *times("created_at"),
    Index(None, "project_id"),
)

resource_classes = Table("resource_classes", metadata, key(), *times("created_at"))

traits = Table("traits", metadata, key(), *times("created_at"))
