"""Identity's tables: who there is, and who may what where. How they are spelt: `schema`."""

from sqlalchemy import Index, Table, UniqueConstraint

from kumoi.adapters.sql.schema import integers, key, metadata, nested, switches, texts, times

# One row: how often anything changed of what tokens tell (`noun.RULING`).
identity_serial = Table("identity_serial", metadata, key(), *integers("serial"))

domains = Table(
    "domains", metadata, key(), *texts("name", "description"), *switches("enabled"), UniqueConstraint("name")
)

projects = Table(
    "projects",
    metadata,
    key(),
    *texts("name", "account", "domain_id", "parent_id", "description"),
    *switches("enabled"),
    *nested("tags"),
    *integers("generation"),
    *times("created_at"),
    UniqueConstraint("domain_id", "name"),
    UniqueConstraint("account"),
    Index(None, "parent_id"),
)

users = Table(
    "users",
    metadata,
    key(),
    *texts("name", "password_hash", "domain_id", "description", "email"),
    *texts("default_project_id", null=True),
    *switches("enabled"),
    *nested("past_hashes", "options"),
    *texts("extra"),
    *integers("revocation", "failures", "generation"),
    *times("password_expires_at", null=True),
    *times("failed_at", "created_at"),
    UniqueConstraint("domain_id", "name"),
)

user_groups = Table(
    "user_groups",
    metadata,
    key(),
    *texts("name", "domain_id", "description"),
    *times("created_at"),
    UniqueConstraint("domain_id", "name"),
)

memberships = Table(
    "memberships", metadata, key(), *texts("group_id", "user_id"), Index(None, "group_id"), Index(None, "user_id")
)

roles = Table(
    "roles",
    metadata,
    key(),
    *texts("name", "domain_id", "description"),
    *switches("immutable"),
    *times("created_at"),
    UniqueConstraint("domain_id", "name"),
)

implications = Table(
    "implications", metadata, key(), *texts("prior", "implied"), Index(None, "prior"), Index(None, "implied")
)

assignments = Table(
    "assignments",
    metadata,
    key(),
    *texts("role", "user_id", "group_id", "project_id", "domain_id"),
    *switches("inherited"),
    UniqueConstraint("user_id", "group_id", "project_id", "domain_id", "inherited", "role", name="uq_assignments_all"),
    Index(None, "group_id"),
    Index(None, "project_id"),
    Index(None, "domain_id"),
    Index(None, "role"),
)

application_credentials = Table(
    "application_credentials",
    metadata,
    key(),
    *texts("user_id", "project_id", "name", "secret_hash", "description"),
    *nested("roles"),
    *nested("access_rules", null=True),
    *switches("unrestricted"),
    *times("expires_at", null=True),
    *times("created_at"),
    UniqueConstraint("user_id", "name"),
    Index(None, "project_id"),
)

access_rules = Table(
    "access_rules",
    metadata,
    key(),
    *texts("user_id", "service", "method", "path"),
    UniqueConstraint("user_id", "service", "method", "path"),
)

trusts = Table(
    "trusts",
    metadata,
    key(),
    *texts("trustor_id", "trustee_id", "project_id", "parent_id"),
    *nested("roles"),
    *switches("impersonation"),
    *integers("remaining_uses", null=True),
    *integers("redelegations"),
    *times("expires_at", null=True),
    *times("created_at"),
    Index(None, "trustor_id"),
    Index(None, "trustee_id"),
    Index(None, "project_id"),
    Index(None, "parent_id"),
)

oauth_consumers = Table("oauth_consumers", metadata, key(), *texts("sealed_secret", "description"))

oauth_requests = Table(
    "oauth_requests",
    metadata,
    key(),
    *texts("consumer_id", "sealed_secret", "project_id", "user_id", "sealed_verifier"),
    *nested("roles"),
    *times("expires_at"),
    Index(None, "consumer_id"),
    Index(None, "expires_at"),
)

oauth_accesses = Table(
    "oauth_accesses",
    metadata,
    key(),
    *texts("consumer_id", "sealed_secret", "user_id", "project_id"),
    *nested("roles"),
    *times("expires_at"),
    Index(None, "consumer_id"),
    Index(None, "user_id"),
    Index(None, "project_id"),
    Index(None, "expires_at"),
)

services = Table("services", metadata, key(), *texts("type", "name", "description"), *switches("enabled"))

endpoints = Table(
    "endpoints",
    metadata,
    key(),
    *texts("service_id", "interface", "url", "region_id"),
    *switches("enabled"),
    Index(None, "service_id"),
    Index(None, "region_id"),
)

regions = Table("regions", metadata, key(), *texts("description", "parent_id"), Index(None, "parent_id"))

endpoint_groups = Table(
    "endpoint_groups",
    metadata,
    key(),
    *texts("name", "description"),
    *nested("filters"),
    UniqueConstraint("name"),
)

endpoint_filters = Table(
    "endpoint_filters",
    metadata,
    key(),
    *texts("project_id", "endpoint_id", "group_id"),
    Index(None, "project_id"),
    Index(None, "group_id"),
)

identity_providers = Table(
    "identity_providers",
    metadata,
    key(),
    *texts("domain_id", "description"),
    *switches("enabled"),
    *nested("remote_ids"),
    Index(None, "domain_id"),
)

mappings = Table(
    "mappings",
    metadata,
    key(),
    *texts("rules", "schema_version"),
)

federation_protocols = Table(
    "federation_protocols",
    metadata,
    key(),
    *texts("provider_id", "name", "mapping_id", "remote_id_attribute", "client_id", "sealed_client_secret", "scope"),
    *nested("audiences"),
    Index(None, "provider_id"),
)

federated_users = Table(
    "federated_users",
    metadata,
    key(),
    *texts("provider_id", "protocol"),
    *nested("groups"),
    Index(None, "provider_id"),
)

service_providers = Table(
    "service_providers",
    metadata,
    key(),
    *texts("auth_url", "sp_url", "description", "relay_state_prefix"),
    *switches("enabled"),
)

policies = Table(
    "policies",
    metadata,
    key(),
    *texts("type", "blob"),
)

domain_configs = Table(
    "domain_configs",
    metadata,
    key(),
    *texts("options", "sealed_passwords"),
)

registered_limits = Table(
    "registered_limits",
    metadata,
    key(),
    *texts("service_id", "resource_name", "region_id", "description"),
    *integers("default_limit"),
    UniqueConstraint("service_id", "region_id", "resource_name"),
)

limits = Table(
    "limits",
    metadata,
    key(),
    *texts("registered_id", "project_id", "domain_id", "description"),
    *integers("resource_limit"),
    UniqueConstraint("registered_id", "project_id", "domain_id"),
    Index(None, "project_id"),
    Index(None, "domain_id"),
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

credentials = Table(
    "credentials",
    metadata,
    key(),
    *texts("user_id", "project_id", "type", "sealed_blob"),
    *times("created_at"),
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

web_sessions = Table(
    "web_sessions",
    metadata,
    key(),
    *texts("digest", "user_id", "project_id", "agent", "address"),
    *integers("revocation"),
    *times("created_at", "seen_at"),
    UniqueConstraint("digest"),
    Index(None, "user_id"),
    Index(None, "seen_at"),
)

preferences = Table("preferences", metadata, key(), *texts("locale", "theme"))
