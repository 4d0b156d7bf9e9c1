"""Images' tables: the images, their bytes, whom they are shared with, and metadata definitions. How they are spelt:
`schema`."""

from sqlalchemy import Index, Table, UniqueConstraint

from kumoi.adapters.sql.schema import integers, kept, key, metadata, nested, switches, texts, times

layers = Table(
    "layers",
    metadata,
    key(),
    *texts("sha256", "format"),
    *integers("size_bytes", "virtual_bytes"),
    *texts("parent_id", null=True),
    *times("created_at"),
    Index(None, "sha256"),
    Index(None, "parent_id"),
)

images = Table(
    "images",
    metadata,
    key(),
    *texts("project_id", "name", "status", "visibility"),
    *texts("disk_format", "container_format", "checksum", "sha512", "layer_id", "staged_sha256", "copy_of", null=True),
    *texts("copy_of_volume", null=True),
    *texts("last_import"),
    *integers("min_disk_gib", "min_ram_mib"),
    *integers("size_bytes", "virtual_bytes", "rotation", null=True),
    *switches("protected", "hidden"),
    *nested("properties", "tags", "locations"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "visibility"),
    Index(None, "layer_id"),
    Index(None, "staged_sha256"),
    Index(None, "copy_of"),
    Index(None, "copy_of_volume"),
)

image_members = Table(
    "image_members",
    metadata,
    key(),
    *texts("image_id", "project_id", "status"),
    *times("created_at", "updated_at"),
    Index(None, "image_id"),
    Index(None, "project_id"),
)

image_tasks = Table(
    "image_tasks",
    metadata,
    key(),
    *texts("project_id", "user_id", "request_id", "image_id", "type", "method", "url", "source_id", "sha512"),
    *texts("region", "request", "status", "code"),
    *nested("facts"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "image_id"),
    Index(None, "status"),
    Index(None, "updated_at"),
)

metadef_namespaces = Table(
    "metadef_namespaces",
    metadata,
    key(),
    *texts("project_id", "name", "display_name", "description", "visibility"),
    *switches("protected"),
    *times("created_at", "updated_at"),
    UniqueConstraint("name"),
)

metadef_entries = Table(
    "metadef_entries",
    metadata,
    key(),
    *texts("namespace_id", "kind", "name", "body"),
    *times("created_at", "updated_at"),
    UniqueConstraint("namespace_id", "kind", "name"),
)
