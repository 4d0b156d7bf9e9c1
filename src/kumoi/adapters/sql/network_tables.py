"""The tables of networks, by noun. See `tables`."""

from sqlalchemy import Index, Table, UniqueConstraint

from kumoi.adapters.sql.schema import integers, kept, key, metadata, nested, switches, texts, times

networks = Table(
    "networks",
    metadata,
    key(),
    *texts("project_id", "name", "description", "dns_domain", "physical"),
    *texts("qos_policy_id", null=True),
    *integers("vni", "mtu", "vlan"),
    *switches("admin_up", "external", "is_default", "port_security", "pvlan"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "qos_policy_id"),
    Index(None, "vni"),
)

segment_ranges = Table(
    "segment_ranges",
    metadata,
    key(),
    *texts("project_id", "name", "description", "physical"),
    *integers("first", "last", "generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)

ndp_proxies = Table(
    "ndp_proxies",
    metadata,
    key(),
    *texts("project_id", "vpc_id", "nic_id", "address", "name", "description"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("vpc_id", "address"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "nic_id"),
)

conntrack_helpers = Table(
    "conntrack_helpers",
    metadata,
    key(),
    *texts("project_id", "vpc_id", "helper", "protocol"),
    *integers("port", "generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("vpc_id", "protocol", "port"),
)

service_flavors = Table(
    "service_flavors",
    metadata,
    key(),
    *texts("name", "service", "description"),
    *switches("enabled"),
    *nested("profile_ids"),
    *integers("generation"),
    *times("created_at", "updated_at"),
)

service_profiles = Table(
    "service_profiles",
    metadata,
    key(),
    *texts("metainfo", "description"),
    *texts("form", null=True),
    *switches("enabled"),
    *integers("generation"),
    *times("created_at", "updated_at"),
)

metering_labels = Table(
    "metering_labels",
    metadata,
    key(),
    *texts("project_id", "name", "description"),
    *switches("shared"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)

metering_rules = Table(
    "metering_rules",
    metadata,
    key(),
    *texts("project_id", "label_id", "direction"),
    *texts("source", "destination", "near", null=True),
    *switches("excluded"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "label_id"),
)

subnets = Table(
    "subnets",
    metadata,
    key(),
    *texts("network_id", "project_id", "name", "cidr", "description", "ra_mode", "address_mode"),
    *texts("gateway", "pool_id", null=True),
    *integers("ip_version"),
    *switches("dhcp", "public_on_launch"),
    *nested("pools", "dns_servers", "host_routes", "service_types"),
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
    *texts("dns_name", "dns_domain", "bound_to", "pvlan", "community", "tag"),
    *texts("instance_id", "vpc_id", "host_id", "qos_policy_id", "stands_for", null=True),
    *integers("mark", "slot"),
    *switches("admin_up", "port_security", "made_with_instance"),
    *nested("fixed_ips", "group_ids", "pairs", "dhcp_options"),
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

trunks = Table(
    "trunks",
    metadata,
    key(),
    *texts("project_id", "nic_id", "name", "description"),
    *switches("admin_up"),
    *nested("subports"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    UniqueConstraint("nic_id"),
    Index(None, "project_id", "created_at", "id"),
)

vpcs = Table(
    "vpcs",
    metadata,
    key(),
    *texts("project_id", "name", "description", "cidr"),
    *texts("external_network_id", "gateway_nic_id", "flavor_id", "host_id", null=True),
    *switches("admin_up", "snat", "ha", "distributed", "ecmp", "ndp_proxy"),
    *nested("routes", "more_gateways"),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "external_network_id"),
    Index(None, "flavor_id"),
    Index(None, "host_id"),
)

public_addresses = Table(
    "public_addresses",
    metadata,
    key(),
    *texts("project_id", "network_id", "subnet_id", "address", "own_nic_id", "description"),
    *texts("nic_id", "fixed_address", "vpc_id", "made_for", "qos_policy_id", null=True),
    *kept(),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "network_id"),
    Index(None, "address"),
    Index(None, "nic_id"),
    Index(None, "own_nic_id"),
    Index(None, "vpc_id"),
    Index(None, "made_for"),
    Index(None, "qos_policy_id"),
)

port_forwardings = Table(
    "port_forwardings",
    metadata,
    key(),
    *texts("project_id", "public_id", "nic_id", "address", "protocol", "description"),
    *nested("outer", "inner"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "public_id"),
    Index(None, "nic_id"),
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
    *texts("protocol", "remote_cidr", "remote_text", "remote_group_id", "remote_address_group_id", null=True),
    *integers("port_min", "port_max", null=True),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "group_id"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "remote_group_id"),
    Index(None, "remote_address_group_id"),
)

default_rules = Table(
    "default_rules",
    metadata,
    key(),
    *texts("direction", "ether_type", "description"),
    *texts("protocol", "remote_cidr", "remote_group_id", "remote_address_group_id", null=True),
    *integers("port_min", "port_max", null=True),
    *switches("in_default", "in_others"),
    *integers("generation"),
    *times("created_at", "updated_at"),
)

address_groups = Table(
    "address_groups",
    metadata,
    key(),
    *texts("project_id", "name", "description"),
    *nested("addresses"),
    *integers("generation"),
    *times("created_at", "updated_at"),
    Index(None, "project_id", "created_at", "id"),
)
