"""What a `fn` is handed: every noun's rows, and the rest of the store, in one session."""

from typing import Generic, TypeVar

import msgspec

from kumoi.adapters.sql import noun
from kumoi.adapters.sql.claims import SqlClaims, SqlCounters
from kumoi.adapters.sql.connection import Session
from kumoi.adapters.sql.events import SqlEvents
from kumoi.adapters.sql.labels import SqlLabels
from kumoi.adapters.sql.leases import SqlLeases
from kumoi.adapters.sql.rows import SqlRows
from kumoi.adapters.sql.sections import SqlSections
from kumoi.adapters.sql.serial import read_serial

T = TypeVar("T", bound=msgspec.Struct)


class Of(Generic[T]):
    """The rows of a noun, as an attribute of the transaction."""

    def __init__(self, noun: noun.Noun[T]) -> None:
        self._noun = noun

    def __get__(self, transaction: "SqlTransaction", owner: type["SqlTransaction"]) -> SqlRows[T]:
        return SqlRows(transaction.session, self._noun)


class SqlTransaction:
    """`contracts.store.Transaction`."""

    domains = Of(noun.DOMAINS)
    projects = Of(noun.PROJECTS)
    users = Of(noun.USERS)
    user_groups = Of(noun.USER_GROUPS)
    memberships = Of(noun.MEMBERSHIPS)
    roles = Of(noun.ROLES)
    implications = Of(noun.IMPLICATIONS)
    assignments = Of(noun.ASSIGNMENTS)
    application_credentials = Of(noun.APPLICATION_CREDENTIALS)
    access_rules = Of(noun.ACCESS_RULES)
    trusts = Of(noun.TRUSTS)
    consumers = Of(noun.CONSUMERS)
    oauth_requests = Of(noun.OAUTH_REQUESTS)
    oauth_accesses = Of(noun.OAUTH_ACCESSES)
    services = Of(noun.SERVICES)
    endpoints = Of(noun.ENDPOINTS)
    regions = Of(noun.REGIONS)
    endpoint_groups = Of(noun.ENDPOINT_GROUPS)
    endpoint_filters = Of(noun.ENDPOINT_FILTERS)
    identity_providers = Of(noun.IDENTITY_PROVIDERS)
    mappings = Of(noun.MAPPINGS)
    federation_protocols = Of(noun.FEDERATION_PROTOCOLS)
    federated_users = Of(noun.FEDERATED_USERS)
    service_providers = Of(noun.SERVICE_PROVIDERS)
    policies = Of(noun.POLICIES)
    domain_configs = Of(noun.DOMAIN_CONFIGS)
    registered_limits = Of(noun.REGISTERED_LIMITS)
    limits = Of(noun.LIMITS)
    access_keys = Of(noun.ACCESS_KEYS)
    credentials = Of(noun.CREDENTIALS)
    key_pairs = Of(noun.KEY_PAIRS)
    revoked_tokens = Of(noun.REVOKED_TOKENS)
    web_sessions = Of(noun.WEB_SESSIONS)
    preferences = Of(noun.PREFERENCES)
    flavors = Of(noun.FLAVORS)
    images = Of(noun.IMAGES)
    image_members = Of(noun.IMAGE_MEMBERS)
    image_tasks = Of(noun.IMAGE_TASKS)
    metadef_namespaces = Of(noun.METADEF_NAMESPACES)
    metadef_entries = Of(noun.METADEF_ENTRIES)
    layers = Of(noun.LAYERS)
    instances = Of(noun.INSTANCES)
    placements = Of(noun.PLACEMENTS)
    observations = Of(noun.OBSERVATIONS)
    console_tokens = Of(noun.CONSOLE_TOKENS)
    troubles = Of(noun.TROUBLES)
    networks = Of(noun.NETWORKS)
    subnets = Of(noun.SUBNETS)
    subnet_pools = Of(noun.SUBNET_POOLS)
    segment_ranges = Of(noun.SEGMENT_RANGES)
    ndp_proxies = Of(noun.NDP_PROXIES)
    conntrack_helpers = Of(noun.CONNTRACK_HELPERS)
    service_flavors = Of(noun.SERVICE_FLAVORS)
    service_profiles = Of(noun.SERVICE_PROFILES)
    metering_labels = Of(noun.METERING_LABELS)
    metering_rules = Of(noun.METERING_RULES)
    trunks = Of(noun.TRUNKS)
    address_scopes = Of(noun.ADDRESS_SCOPES)
    shares = Of(noun.SHARES)
    qos_policies = Of(noun.QOS_POLICIES)
    qos_rules = Of(noun.QOS_RULES)
    nics = Of(noun.NICS)
    vpcs = Of(noun.VPCS)
    public_addresses = Of(noun.PUBLIC_ADDRESSES)
    security_groups = Of(noun.SECURITY_GROUPS)
    security_rules = Of(noun.SECURITY_RULES)
    port_forwardings = Of(noun.PORT_FORWARDINGS)
    address_groups = Of(noun.ADDRESS_GROUPS)
    default_rules = Of(noun.DEFAULT_RULES)
    volume_groups = Of(noun.VOLUME_GROUPS)
    group_snapshots = Of(noun.GROUP_SNAPSHOTS)
    backups = Of(noun.BACKUPS)
    volume_transfers = Of(noun.VOLUME_TRANSFERS)
    volume_messages = Of(noun.VOLUME_MESSAGES)
    volume_types = Of(noun.VOLUME_TYPES)
    volume_qos = Of(noun.VOLUME_QOS)
    volume_group_types = Of(noun.VOLUME_GROUP_TYPES)
    hosts = Of(noun.HOSTS)
    storage_pools = Of(noun.STORAGE_POOLS)
    volumes = Of(noun.VOLUMES)
    volume_snapshots = Of(noun.VOLUME_SNAPSHOTS)
    attachments = Of(noun.ATTACHMENTS)
    volume_observations = Of(noun.VOLUME_OBSERVATIONS)
    snapshot_observations = Of(noun.SNAPSHOT_OBSERVATIONS)
    aggregates = Of(noun.AGGREGATES)
    server_groups = Of(noun.SERVER_GROUPS)
    resource_providers = Of(noun.RESOURCE_PROVIDERS)
    allocation_consumers = Of(noun.ALLOCATION_CONSUMERS)
    resource_classes = Of(noun.RESOURCE_CLASSES)
    traits = Of(noun.TRAITS)

    def __init__(self, session: Session) -> None:
        self.session = session
        self.claims = SqlClaims(session)
        self.counters = SqlCounters(session)
        self.sections = SqlSections(session)
        self.events = SqlEvents(session)
        self.labels = SqlLabels(session)
        self.leases = SqlLeases(session)

    def identity_serial(self) -> int:
        return read_serial(self.session)
