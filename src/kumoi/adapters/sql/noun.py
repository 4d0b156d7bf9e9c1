"""A noun in the database: its struct, its table, what is unique about it, and its statements."""

import re
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Executable, Table, UniqueConstraint, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT compiles on both dialects

from kumoi.adapters.sql import (
    identity_tables,
    image_tables,
    network_tables,
    provider_tables,
    tables,
    volume_tables,
    volume_type_tables,
)
from kumoi.adapters.sql.codec import Codec
from kumoi.adapters.sql.language import Among
from kumoi.core.address_groups import AddressGroup
from kumoi.core.address_scopes import AddressScope
from kumoi.core.aggregates import Aggregate
from kumoi.core.attachments import Attachment
from kumoi.core.backups import Backup
from kumoi.core.catalog import EndpointFilter, EndpointGroup, OtherEndpoint, OtherRegion, OtherService
from kumoi.core.conntrack_helpers import ConntrackHelper
from kumoi.core.consoles import ConsoleToken
from kumoi.core.default_rules import DefaultRule
from kumoi.core.delegation import AccessRule, ApplicationCredential, Trust
from kumoi.core.events import Event, Label
from kumoi.core.federation import FederatedUser, FederationProtocol, IdentityProvider, Mapping, ServiceProvider
from kumoi.core.flavors import Flavor
from kumoi.core.groups import SecurityGroup, SecurityRule
from kumoi.core.hosts import Host
from kumoi.core.image_tasks import ImageTask
from kumoi.core.images import Image, ImageMember, Layer
from kumoi.core.instances import Instance, Observation, Placement
from kumoi.core.kept import DomainConfig, Policy
from kumoi.core.limits import Limit, RegisteredLimit
from kumoi.core.metadefs import MetadefEntry, MetadefNamespace
from kumoi.core.metering import MeteringLabel, MeteringRule
from kumoi.core.ndp_proxies import NdpProxy
from kumoi.core.networks import Network, Subnet
from kumoi.core.nics import Nic
from kumoi.core.oauth1 import Consumer, OauthAccess, OauthRequest
from kumoi.core.port_forwardings import PortForwarding
from kumoi.core.providers import AllocationConsumer, ResourceProvider
from kumoi.core.qos import QosPolicy, QosRule
from kumoi.core.resource_classes import ResourceClass
from kumoi.core.roles import Assignment, Implication, Role
from kumoi.core.segment_ranges import SegmentRange
from kumoi.core.server_groups import ServerGroup
from kumoi.core.service_flavors import ServiceFlavor, ServiceProfile
from kumoi.core.shares import Share
from kumoi.core.storage_pools import StoragePool
from kumoi.core.subnet_pools import SubnetPool
from kumoi.core.tenancy import (
    AccessKey,
    Credential,
    Domain,
    KeyPair,
    Membership,
    Project,
    RevokedToken,
    User,
    UserGroup,
)
from kumoi.core.traits import Trait
from kumoi.core.troubles import Trouble
from kumoi.core.trunks import Trunk
from kumoi.core.volume_group_types import VolumeGroupType
from kumoi.core.volume_groups import GroupSnapshot, VolumeGroup
from kumoi.core.volume_messages import VolumeMessage
from kumoi.core.volume_qos import VolumeQos
from kumoi.core.volume_snapshots import SnapshotObservation, VolumeSnapshot
from kumoi.core.volume_transfers import VolumeTransfer
from kumoi.core.volume_types import VolumeType
from kumoi.core.volumes import Volume, VolumeObservation
from kumoi.core.vpcs import PublicAddress, Vpc
from kumoi.core.web_sessions import Preference, WebSession

T = TypeVar("T", bound=msgspec.Struct)


class Noun(Generic[T]):
    """`kind` is the word of errors, events and labels."""

    def __init__(self, struct: type[T], table: Table, kind: str = "") -> None:
        self.struct = struct
        self.table = table
        self.kind = kind or re.sub(r"(?<!^)(?=[A-Z])", "_", struct.__name__).lower()
        self.codec = Codec(struct, table)
        self.has_generation = "generation" in table.c

    @cached_property
    def get(self) -> Executable:
        return select(*self.codec.columns).where(self.table.c.id == bindparam("id"))

    @cached_property
    def many(self) -> Executable:
        return select(*self.codec.columns).where(Among(self.table.c.id, bindparam("ids")))

    @cached_property
    def insert(self) -> Executable:
        """Returns nothing when something unique about the row exists."""
        values: dict[str, Any] = {c.name: bindparam(c.name) for c in self.codec.columns}
        return insert(self.table).values(values).on_conflict_do_nothing().returning(self.table.c.id)

    @cached_property
    def save(self) -> Executable:
        """Returns nothing when there is no such row, or it has another generation."""
        columns = self.table.c
        values: dict[str, Any] = {c.name: bindparam(c.name) for c in self.codec.columns if c.name != "id"}
        statement = update(self.table).where(columns.id == bindparam("id"))
        if self.has_generation:
            values["generation"] = columns.generation + 1
            statement = statement.where(columns.generation == bindparam("generation"))
        return statement.values(values).returning(columns.id)

    @cached_property
    def remove(self) -> Executable:
        return delete(self.table).where(self.table.c.id == bindparam("id")).returning(self.table.c.id)

    @cached_property
    def uniques(self) -> tuple[tuple[str, Executable], ...]:
        """For each unique thing besides the id: the column that names it, and the search for another row with it."""
        return tuple(
            (
                list(constraint.columns)[-1].name,
                select(self.table.c.id).where(
                    *(column == bindparam(column.name) for column in constraint.columns),
                    self.table.c.id != bindparam("id"),
                ),
            )
            for constraint in sorted(self.table.constraints, key=lambda c: str(c.name))
            if isinstance(constraint, UniqueConstraint)
        )


DOMAINS = Noun(Domain, identity_tables.domains)
PROJECTS = Noun(Project, identity_tables.projects)
USERS = Noun(User, identity_tables.users)
USER_GROUPS = Noun(UserGroup, identity_tables.user_groups)
MEMBERSHIPS = Noun(Membership, identity_tables.memberships)
ROLES = Noun(Role, identity_tables.roles)
IMPLICATIONS = Noun(Implication, identity_tables.implications)
ASSIGNMENTS = Noun(Assignment, identity_tables.assignments)
APPLICATION_CREDENTIALS = Noun(ApplicationCredential, identity_tables.application_credentials)
ACCESS_RULES = Noun(AccessRule, identity_tables.access_rules)
TRUSTS = Noun(Trust, identity_tables.trusts)
CONSUMERS = Noun(Consumer, identity_tables.oauth_consumers)
OAUTH_REQUESTS = Noun(OauthRequest, identity_tables.oauth_requests)
OAUTH_ACCESSES = Noun(OauthAccess, identity_tables.oauth_accesses)
SERVICES = Noun(OtherService, identity_tables.services, "service")
ENDPOINTS = Noun(OtherEndpoint, identity_tables.endpoints, "endpoint")
REGIONS = Noun(OtherRegion, identity_tables.regions, "region")
ENDPOINT_GROUPS = Noun(EndpointGroup, identity_tables.endpoint_groups)
ENDPOINT_FILTERS = Noun(EndpointFilter, identity_tables.endpoint_filters)
IDENTITY_PROVIDERS = Noun(IdentityProvider, identity_tables.identity_providers)
MAPPINGS = Noun(Mapping, identity_tables.mappings)
FEDERATION_PROTOCOLS = Noun(FederationProtocol, identity_tables.federation_protocols)
FEDERATED_USERS = Noun(FederatedUser, identity_tables.federated_users)
SERVICE_PROVIDERS = Noun(ServiceProvider, identity_tables.service_providers)
POLICIES = Noun(Policy, identity_tables.policies)
DOMAIN_CONFIGS = Noun(DomainConfig, identity_tables.domain_configs)
REGISTERED_LIMITS = Noun(RegisteredLimit, identity_tables.registered_limits)
LIMITS = Noun(Limit, identity_tables.limits)
ACCESS_KEYS = Noun(AccessKey, identity_tables.access_keys)
CREDENTIALS = Noun(Credential, identity_tables.credentials)
KEY_PAIRS = Noun(KeyPair, identity_tables.key_pairs, "keypair")
REVOKED_TOKENS = Noun(RevokedToken, identity_tables.revoked_tokens)
WEB_SESSIONS = Noun(WebSession, identity_tables.web_sessions)
PREFERENCES = Noun(Preference, identity_tables.preferences)
FLAVORS = Noun(Flavor, tables.flavors)
IMAGES = Noun(Image, image_tables.images)
IMAGE_MEMBERS = Noun(ImageMember, image_tables.image_members)
IMAGE_TASKS = Noun(ImageTask, image_tables.image_tasks)
METADEF_NAMESPACES = Noun(MetadefNamespace, image_tables.metadef_namespaces)
METADEF_ENTRIES = Noun(MetadefEntry, image_tables.metadef_entries)
LAYERS = Noun(Layer, image_tables.layers)
INSTANCES = Noun(Instance, tables.instances)
PLACEMENTS = Noun(Placement, tables.placements)
OBSERVATIONS = Noun(Observation, tables.observations)
CONSOLE_TOKENS = Noun(ConsoleToken, tables.console_tokens)
TROUBLES = Noun(Trouble, tables.troubles)
NETWORKS = Noun(Network, network_tables.networks)
SUBNETS = Noun(Subnet, network_tables.subnets)
SUBNET_POOLS = Noun(SubnetPool, network_tables.subnet_pools)
SEGMENT_RANGES = Noun(SegmentRange, network_tables.segment_ranges)
NDP_PROXIES = Noun(NdpProxy, network_tables.ndp_proxies)
CONNTRACK_HELPERS = Noun(ConntrackHelper, network_tables.conntrack_helpers)
SERVICE_FLAVORS = Noun(ServiceFlavor, network_tables.service_flavors)
SERVICE_PROFILES = Noun(ServiceProfile, network_tables.service_profiles)
METERING_LABELS = Noun(MeteringLabel, network_tables.metering_labels)
METERING_RULES = Noun(MeteringRule, network_tables.metering_rules)
TRUNKS = Noun(Trunk, network_tables.trunks)
ADDRESS_SCOPES = Noun(AddressScope, network_tables.address_scopes)
SHARES = Noun(Share, network_tables.shares)
QOS_POLICIES = Noun(QosPolicy, network_tables.qos_policies)
QOS_RULES = Noun(QosRule, network_tables.qos_rules)
NICS = Noun(Nic, network_tables.nics)
VPCS = Noun(Vpc, network_tables.vpcs)
PUBLIC_ADDRESSES = Noun(PublicAddress, network_tables.public_addresses)
SECURITY_GROUPS = Noun(SecurityGroup, network_tables.security_groups)
SECURITY_RULES = Noun(SecurityRule, network_tables.security_rules)
PORT_FORWARDINGS = Noun(PortForwarding, network_tables.port_forwardings)
ADDRESS_GROUPS = Noun(AddressGroup, network_tables.address_groups)
DEFAULT_RULES = Noun(DefaultRule, network_tables.default_rules)
VOLUME_GROUPS = Noun(VolumeGroup, volume_type_tables.volume_groups)
GROUP_SNAPSHOTS = Noun(GroupSnapshot, volume_type_tables.group_snapshots)
BACKUPS = Noun(Backup, volume_tables.backups)
VOLUME_TRANSFERS = Noun(VolumeTransfer, volume_type_tables.volume_transfers)
VOLUME_MESSAGES = Noun(VolumeMessage, volume_type_tables.volume_messages)
VOLUME_TYPES = Noun(VolumeType, volume_type_tables.volume_types)
VOLUME_QOS = Noun(VolumeQos, volume_type_tables.volume_qos)
VOLUME_GROUP_TYPES = Noun(VolumeGroupType, volume_type_tables.volume_group_types)
HOSTS = Noun(Host, tables.hosts)
STORAGE_POOLS = Noun(StoragePool, volume_tables.storage_pools)
VOLUMES = Noun(Volume, volume_tables.volumes)
VOLUME_SNAPSHOTS = Noun(VolumeSnapshot, volume_tables.volume_snapshots)
ATTACHMENTS = Noun(Attachment, volume_tables.attachments)
VOLUME_OBSERVATIONS = Noun(VolumeObservation, volume_tables.volume_observations)
SNAPSHOT_OBSERVATIONS = Noun(SnapshotObservation, volume_tables.snapshot_observations)
AGGREGATES = Noun(Aggregate, tables.aggregates)
SERVER_GROUPS = Noun(ServerGroup, tables.server_groups)
RESOURCE_PROVIDERS = Noun(ResourceProvider, provider_tables.resource_providers)
ALLOCATION_CONSUMERS = Noun(AllocationConsumer, provider_tables.allocation_consumers)
RESOURCE_CLASSES = Noun(ResourceClass, provider_tables.resource_classes)
TRAITS = Noun(Trait, provider_tables.traits)
EVENTS = Noun(Event, tables.events)
LABELS = Noun(Label, tables.labels)
# What tokens tell: their changes raise the serial of identity.
RULING: frozenset[Noun[Any]] = frozenset({
    DOMAINS, PROJECTS, USERS, MEMBERSHIPS, ROLES, IMPLICATIONS, ASSIGNMENTS, APPLICATION_CREDENTIALS, ACCESS_RULES,
    TRUSTS, OAUTH_ACCESSES, REVOKED_TOKENS, SERVICES, ENDPOINTS, REGIONS, ENDPOINT_GROUPS, ENDPOINT_FILTERS,
    SERVICE_PROVIDERS, IDENTITY_PROVIDERS, FEDERATED_USERS,
})  # fmt: skip
NOUNS: tuple[Noun[Any], ...] = tuple(value for value in list(vars().values()) if isinstance(value, Noun))
