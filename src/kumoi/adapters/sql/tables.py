"""The tables, by noun. Every change here needs a migration (`python -m kumoi.adapters.sql.migrations "Say what"`)."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from kumoi.adapters.sql.schema import integers, kept, key, metadata, nested, row_number, switches, texts, times

# --- the cloud itself ---------------------------------------------------------------------------------

cloud = Table("cloud", metadata, key(), *integers("epoch"), *times("made_at"))

leases = Table("leases", metadata, key("name"), *texts("holder"), *times("until"))

# --- who there is -------------------------------------------------------------------------------------

domains = Table(
    "domains", metadata, key(), *texts("name", "description"), *switches("enabled"), UniqueConstraint("name")
)

projects = Table(
    "projects",
    metadata,
    key(),
    *texts("name", "account", "domain_id", "parent_id", "description"),
    *switches("enabled"),
    *integers("generation"),
    *times("created_at"),
    UniqueConstraint("domain_id", "name"),
    UniqueConstraint("account"),
)

users = Table(
    "users",
    metadata,
    key(),
    *texts("name", "password_hash", "domain_id", "description", "email"),
    *texts("default_project_id", null=True),
    *switches("enabled"),
    *integers("revocation", "generation"),
    *times("created_at"),
    UniqueConstraint("domain_id", "name"),
)

assignments = Table(
    "assignments",
    metadata,
    key(),
    *texts("user_id", "project_id", "role"),
    UniqueConstraint("user_id", "project_id", "role"),
    Index(None, "project_id"),
)

access_keys = Table(
    "access_keys",
    metadata,
    key(),
    *texts("access", "sealed_secret", "user_id", "project_id"),
    *times("created_at"),
    UniqueConstraint("access"),
    Index(None, "user_id"),
    Index(None, "project_id"),
)

key_pairs = Table(
    "key_pairs",
    metadata,
    key(),
    *texts("user_id", "project_id", "name", "public_key", "fingerprint", "type"),
    *times("created_at"),
    UniqueConstraint("user_id", "name"),
    Index(None, "project_id"),
)

revoked_tokens = Table("revoked_tokens", metadata, key(), *times("expires_at"), Index(None, "expires_at"))

# --- what is run --------------------------------------------------------------------------------------

flavors = Table(
    "flavors",
    metadata,
    key(),
    *texts("name", "description"),
    *integers("vcpus", "memory_mib", "disk_gib", "generation"),
    *switches("public"),
    *nested("extra_specs"),
    *times("created_at"),
    UniqueConstraint("name"),
)

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
    *texts("disk_format", "container_format", "checksum", "sha512", "layer_id", null=True),
    *integers("min_disk_gib", "min_ram_mib"),
    *integers("size_bytes", "virtual_bytes", null=True),
    *switches("protected", "hidden"),
    *nested("properties", "tags"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "visibility"),
    Index(None, "layer_id"),
)

instances = Table(
    "instances",
    metadata,
    key(),
    *texts("project_id", "user_id", "name", "hostname", "flavor_id", "flavor_name", "image_id", "root_layer_id"),
    *texts("ec2_key", "reservation_id", "power", "keypair_name", "public_key", "user_data", "description", "zone"),
    *texts("access_ip_v4", "access_ip_v6", "status"),
    *integers("vcpus", "memory_mib", "disk_gib", "run_wanted", "reboot_wanted", "launch_index"),
    *switches("reboot_hard", "config_drive", "locked"),
    *nested("refusal", null=True),
    *times("status_changed_at"),
    *kept(),
    UniqueConstraint("ec2_key"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "status"),
    Index(None, "reservation_id"),
    Index(None, "image_id"),
    Index(None, "root_layer_id"),
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
    *integers("runs_done", "reboots_done"),
    *nested("condition", null=True),
    *times("first_running_at", "reported_at"),
    Index(None, "host_id"),
)

hosts = Table(
    "hosts",
    metadata,
    key(),
    *texts("name", "accelerator", "boot_id", "session", "disabled_reason", "report_digest"),
    *nested("capacity", "capabilities"),
    *integers("sequence", "generation"),
    *times("seen_at", "created_at"),
    *switches("enabled", "lost"),
    UniqueConstraint("name"),
)

# --- networks -----------------------------------------------------------------------------------------

networks = Table(
    "networks",
    metadata,
    key(),
    *texts("project_id", "name", "description", "dns_domain"),
    *texts("qos_policy_id", null=True),
    *integers("vni", "mtu"),
    *switches("admin_up", "external", "is_default", "port_security"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "qos_policy_id"),
)

subnets = Table(
    "subnets",
    metadata,
    key(),
    *texts("network_id", "project_id", "name", "cidr", "description", "ra_mode", "address_mode"),
    *texts("gateway", "pool_id", null=True),
    *integers("ip_version"),
    *switches("dhcp"),
    *nested("pools", "dns_servers", "host_routes"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "network_id"),
    Index(None, "pool_id"),
)

subnet_pools = Table(
    "subnet_pools",
    metadata,
    key(),
    *texts("project_id", "name", "description"),
    *integers("ip_version", "default_prefixlen", "min_prefixlen", "max_prefixlen"),
    *integers("quota", null=True),
    *texts("scope_id", null=True),
    *switches("is_default"),
    *nested("prefixes"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "scope_id"),
)

address_scopes = Table(
    "address_scopes",
    metadata,
    key(),
    *texts("project_id", "name"),
    *integers("ip_version", "generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)

shares = Table(
    "shares",
    metadata,
    key(),
    *texts("project_id", "kind", "object_id", "action", "target"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("object_id", "action", "target"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "target", "kind"),
)

nics = Table(
    "nics",
    metadata,
    key(),
    *texts("project_id", "network_id", "mac", "name", "description", "use", "device_id", "device_owner"),
    *texts("dns_name"),
    *texts("instance_id", "vpc_id", "host_id", "qos_policy_id", "stands_for", null=True),
    *integers("mark", "slot"),
    *switches("admin_up", "port_security", "made_with_instance"),
    *nested("fixed_ips", "group_ids", "pairs"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "network_id"),
    Index(None, "instance_id"),
    Index(None, "vpc_id"),
    Index(None, "device_id"),
    Index(None, "mac"),
    Index(None, "host_id"),
    Index(None, "stands_for"),
    Index(None, "qos_policy_id"),
)

vpcs = Table(
    "vpcs",
    metadata,
    key(),
    *texts("project_id", "name", "description", "cidr"),
    *texts("external_network_id", "gateway_nic_id", "host_id", null=True),
    *switches("admin_up", "snat"),
    *nested("routes"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "external_network_id"),
    Index(None, "host_id"),
)

public_addresses = Table(
    "public_addresses",
    metadata,
    key(),
    *texts("project_id", "network_id", "subnet_id", "address", "own_nic_id", "description"),
    *texts("nic_id", "fixed_address", "vpc_id", "qos_policy_id", null=True),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "network_id"),
    Index(None, "address"),
    Index(None, "nic_id"),
    Index(None, "own_nic_id"),
    Index(None, "vpc_id"),
    Index(None, "qos_policy_id"),
)

qos_policies = Table(
    "qos_policies",
    metadata,
    key(),
    *texts("project_id", "name", "description"),
    *switches("is_default"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)

qos_rules = Table(
    "qos_rules",
    metadata,
    key(),
    *texts("policy_id", "kind", "direction"),
    *integers("amount", "burst"),
    *times("created_at"),
    UniqueConstraint("policy_id", "kind", "direction"),
)

security_groups = Table(
    "security_groups",
    metadata,
    key(),
    *texts("project_id", "name", "description"),
    *switches("stateful"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
)

security_rules = Table(
    "security_rules",
    metadata,
    key(),
    *texts("group_id", "project_id", "direction", "ether_type", "description"),
    *texts("protocol", "remote_cidr", "remote_group_id", null=True),
    *integers("port_min", "port_max", null=True),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "group_id"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "remote_group_id"),
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
    "section_marks", metadata, row_number("row"), *texts("section", "entry"), sqlite_autoincrement=True
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
