"""The tables, by noun; those of identity, images, networks and volumes are `identity_tables`, `image_tables`,
`network_tables` and `volume_tables`, those of providers `provider_tables`, of the same MetaData.

Every change here needs a migration (`python -m kumoi.adapters.sql.migrations "Say what"`).
"""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from kumoi.adapters.sql import (  # noqa: F401 - whoever asks for the MetaData gets all
    identity_tables,
    image_tables,
    network_tables,
    provider_tables,
    volume_tables,
    volume_type_tables,
)
from kumoi.adapters.sql.schema import integers, kept, key, metadata, nested, row_number, switches, texts, times

# --- the cloud itself ---------------------------------------------------------------------------------

cloud = Table("cloud", metadata, key(), *integers("epoch"), *times("made_at"))

leases = Table("leases", metadata, key("name"), *texts("holder"), *times("until"))

# --- what is run --------------------------------------------------------------------------------------

flavors = Table(
    "flavors",
    metadata,
    key(),
    *texts("name", "description"),
    *integers("vcpus", "memory_mib", "disk_gib", "swap_mib", "ephemeral_gib", "generation"),
    *switches("public"),
    *nested("extra_specs"),
    *times("created_at"),
    UniqueConstraint("name"),
)

instances = Table(
    "instances",
    metadata,
    key(),
    *texts("project_id", "user_id", "name", "hostname", "flavor_id", "flavor_name", "image_id", "root_layer_id"),
    *texts("ec2_key", "reservation_id", "power", "keypair_name", "public_key", "user_data", "description", "zone"),
    *texts("access_ip_v4", "access_ip_v6", "status", "locked_reason", "rest", "form_cause", "shelf"),
    *texts("zone_wanted", "server_group_id"),
    *integers("vcpus", "memory_mib", "disk_gib", "run_wanted", "reboot_wanted", "launch_index"),
    *integers("form_wanted", "root_number"),
    *switches("reboot_hard", "config_drive", "locked", "auto_disk", "marked_error"),
    *nested("refusal", "rescue", "before", null=True),
    *nested("hints", "extra_specs", "image_properties", "files"),
    *times("status_changed_at"),
    *kept(),
    UniqueConstraint("ec2_key"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "status"),
    Index(None, "reservation_id"),
    Index(None, "image_id"),
    Index(None, "root_layer_id"),
    Index(None, "server_group_id"),
    Index(None, "deleted_at", "created_at", "id"),
)

placements = Table(
    "placements",
    metadata,
    key(),
    *texts("instance_id", "host_id", "role"),
    *integers("epoch"),
    *times("created_at"),
    Index(None, "instance_id"),
    Index(None, "host_id"),
)

observations = Table(
    "observations",
    metadata,
    key(),
    *texts("host_id", "power", "ended_by"),
    *integers("runs_done", "reboots_done", "forms_done"),
    *nested("condition", null=True),
    *nested("volumes"),
    *times("first_running_at", "reported_at"),
    Index(None, "host_id"),
)

hosts = Table(
    "hosts",
    metadata,
    key(),
    *texts("name", "accelerator", "boot_id", "session", "disabled_reason", "note", "report_digest", "halted"),
    *nested("capacity", "capabilities", "strays"),
    *integers("sequence", "generation"),
    *times("seen_at", "created_at", "booted_at"),
    *switches("enabled", "lost"),
    UniqueConstraint("name"),
)

aggregates = Table(
    "aggregates",
    metadata,
    key(),
    *integers("number", "generation"),
    *texts("name", "zone"),
    *nested("metadata", "hosts"),
    *times("created_at", "updated_at"),
    UniqueConstraint("number"),
    UniqueConstraint("name"),
)

server_groups = Table(
    "server_groups",
    metadata,
    key(),
    *texts("project_id", "user_id", "name", "policy"),
    *integers("most_per_host"),
    *times("created_at"),
    Index(None, "project_id"),
)

console_tokens = Table(
    "console_tokens",
    metadata,
    key(),
    *texts("instance_id", "project_id", "user_id", "kind"),
    *times("created_at", "expires_at"),
    *nested("actor"),
    *integers("revocation"),
    *times("used_at", null=True),
    *texts("again"),
    Index(None, "instance_id"),
    Index(None, "expires_at"),
)

troubles = Table(
    "troubles",
    metadata,
    key(),
    *texts("host_id", "entry"),
    *nested("condition"),
    *times("since"),
    Index(None, "host_id"),
    Index(None, "entry"),
)

# --- what is unique, what is bounded ------------------------------------------------------------------

claims = Table(
    "claims",
    metadata,
    *texts("kind", "key", "owner"),
    *times("at"),
    PrimaryKeyConstraint("kind", "key"),
    Index(None, "owner"),
)

counters = Table(
    "counters",
    metadata,
    *texts("scope", "resource"),
    *integers("used", "most"),
    PrimaryKeyConstraint("scope", "resource"),
)

allocations = Table(
    "allocations",
    metadata,
    row_number("row"),
    *texts("consumer", "provider", "resource"),
    *integers("amount"),
    Index(None, "consumer"),
    Index(None, "provider"),
)

# --- the plan -----------------------------------------------------------------------------------------

sections = Table("sections", metadata, key("key"), *integers("serial", "floor"), *texts("digest"))

section_entries = Table(
    "section_entries",
    metadata,
    *texts("section", "id", "cause"),
    *integers("serial"),
    *texts("body", null=True),
    PrimaryKeyConstraint("section", "id"),
    Index(None, "section", "serial"),
)

# Numbered for ever (AUTOINCREMENT): a number that was seen must never name another mark.
section_marks = Table(
    "section_marks",
    metadata,
    row_number("row"),
    *texts("section", "entry"),
    *times("at"),
    sqlite_autoincrement=True,
)

# --- what happened ------------------------------------------------------------------------------------

# Numbered for ever: a reader who has seen `seq` must never find it again after a purge of the last rows.
events = Table(
    "events",
    metadata,
    row_number("seq"),
    *texts("id", "action", "kind", "resource_id", "project_id", "user_id", "request_id"),
    *times("at"),
    *nested("facts"),
    UniqueConstraint("id"),
    Index(None, "resource_id", "seq"),
    Index(None, "project_id", "seq"),
    Index(None, "request_id"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

labels = Table(
    "labels",
    metadata,
    key(),
    *texts("kind", "resource_id", "namespace", "key", "value"),
    UniqueConstraint("kind", "resource_id", "namespace", "key"),
    Index(None, "kind", "namespace", "key", "value"),
)
