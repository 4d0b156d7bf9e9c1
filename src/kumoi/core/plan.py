"""What control tells a host and what a host tells control: plan sections with entries, and reports.

A section (`host/H`, `network/N`, `group/G`) is a set of entries, each with the section serial at which it last changed.
An entry is present with every detail (ids and typed specs, never paths, XML or commands) or absent with its cause.
Both formats carry a number, so that an older agent goes on working. Wire: JSON by msgspec.
"""

import hashlib
from typing import Literal

import msgspec

from kumoi.core.conditions import Condition
from kumoi.core.conntrack_helpers import Helped
from kumoi.core.copies import DiskCopy
from kumoi.core.dhcp_options import DhcpOption
from kumoi.core.disks import (
    PoolOffer,
    RescueDisk,
    RootDisk,
    SeenSnapshot,
    SeenVolume,
    SnapshotEntry,
    VolumeEntry,
    VolumePlug,
)
from kumoi.core.groups import SecurityRule
from kumoi.core.guest_acts import GuestAct
from kumoi.core.guest_data import GuestData
from kumoi.core.hosts import Capacity
from kumoi.core.ids import (
    AddressGroupId,
    GroupId,
    HostId,
    InstanceId,
    NetworkId,
    NicId,
    SectionKey,
    SessionId,
    SubnetId,
    VolumeId,
    VpcId,
)
from kumoi.core.instances import EndedBy, Power, Rest, SeenPower
from kumoi.core.metering import Metered
from kumoi.core.networks import Ipv6Mode, Pool, Route
from kumoi.core.nics import AddressPair, FixedIp
from kumoi.core.pictures import Scope
from kumoi.core.pvlan import Role
from kumoi.core.qos import Shaping
from kumoi.core.vpcs import Exit, Floating, Forward, Leg

PLAN_FORMAT = 1
REPORT_FORMAT = 1
Mode = Literal["run", "receive", "send_to", "hold"]
EntryKind = Literal["instance", "vpc", "network", "subnet", "nic", "group", "member", "image", "volume", "snapshot"]
DIGEST_MODULUS = 2**256


class SubPlug(msgspec.Struct, frozen=True, kw_only=True):
    """A nic that another one's trunk carries, as frames of this VLAN."""

    nic_id: NicId
    network_id: NetworkId
    vlan: int


class NicPlug(msgspec.Struct, frozen=True, kw_only=True):
    """A nic as its instance needs it; the addresses and filters come with the network's section. `slot`: its place in
    the guest, the same over every reboot."""

    nic_id: NicId
    network_id: NetworkId
    vni: int
    mac: str
    mtu: int
    group_ids: tuple[GroupId, ...] = ()
    slot: int = 0
    carries: tuple[SubPlug, ...] = ()


class InstanceEntry(msgspec.Struct, frozen=True, kw_only=True, tag="instance", tag_field="kind"):
    """`form` rises whenever the guest must be started anew to become what the rest says; `form_hard`: without being
    asked to end first. `request_id`: the last request that changed the wish, for the host's log. Without a `root` it
    boots from a volume."""

    id: InstanceId
    mode: Mode
    vcpus: int
    memory_mib: int
    root: RootDisk | None
    nics: tuple[NicPlug, ...]
    power: Power
    run_wanted: int
    reboot_wanted: int
    reboot_hard: bool
    guest: GuestData
    config_drive: bool = False
    request_id: str = ""
    rest: Rest = ""
    form: int = 0
    form_hard: bool = False
    rescue: RescueDisk | None = None
    copies: tuple[DiskCopy, ...] = ()
    volumes: tuple[VolumePlug, ...] = ()

    @property
    def all_nics(self) -> tuple[tuple[NicId, NetworkId], ...]:
        """Its own, and those that its trunks carry, with their networks."""
        found = [(plug.nic_id, plug.network_id) for plug in self.nics]
        return (*found, *((one.nic_id, one.network_id) for plug in self.nics for one in plug.carries))


class VpcEntry(msgspec.Struct, frozen=True, kw_only=True, tag="vpc", tag_field="kind"):
    """A router here. `gateway`: its leg on the external network, `default_via` and `default_via6`: the next hops there.
    `shaping`: of what passes under the gateway's own address. `more`: other ways out; `ecmp`: all of them by turns.
    `published`: addresses behind it that it answers for outside. `helped`: what its conntrack reads."""

    id: VpcId
    legs: tuple[Leg, ...]
    gateway: Leg | None = None
    default_via: str | None = None
    default_via6: str | None = None
    snat: bool = True
    routes: tuple[Route, ...] = ()
    floating: tuple[Floating, ...] = ()
    forwards: tuple[Forward, ...] = ()
    shaping: Shaping | None = None
    more: tuple[Exit, ...] = ()
    ecmp: bool = False
    metered: tuple[Metered, ...] = ()
    published: tuple[str, ...] = ()
    helped: tuple[Helped, ...] = ()

    @property
    def exits(self) -> tuple[Exit, ...]:
        """All ways out, the first one first: it carries what no other one does."""
        own = tuple(p for p in self.public if all(p not in one.carries for one in self.more))
        if self.gateway is None:
            return self.more
        return (Exit(leg=self.gateway, via=self.default_via, via6=self.default_via6, carries=own), *self.more)

    @property
    def public(self) -> tuple[str, ...]:
        """The public addresses that it carries."""
        return tuple(dict.fromkeys([*(f.public for f in self.floating), *(f.public for f in self.forwards)]))

    @property
    def all_legs(self) -> tuple[Leg, ...]:
        """Gateways too."""
        return (*self.legs, *(one.leg for one in self.exits))


class NetworkEntry(msgspec.Struct, frozen=True, kw_only=True, tag="network", tag_field="kind"):
    """`physical`: the network outside that it is a part of, as frames of this `vlan` (0: untagged)."""

    id: NetworkId
    vni: int
    mtu: int
    external: bool = False
    dns_domain: str = ""
    admin_up: bool = True
    physical: str = ""
    vlan: int = 0


class SubnetEntry(msgspec.Struct, frozen=True, kw_only=True, tag="subnet", tag_field="kind"):
    """`service_address` is the address of the DHCP, DNS and metadata service on this subnet (claimed like any
    other)."""

    id: SubnetId
    network_id: NetworkId
    cidr: str
    gateway: str | None
    dhcp: bool
    service_address: str | None
    ra_mode: Ipv6Mode = ""
    address_mode: Ipv6Mode = ""
    pools: tuple[Pool, ...] = ()
    dns_servers: tuple[str, ...] = ()
    host_routes: tuple[Route, ...] = ()


class NicEntry(msgspec.Struct, frozen=True, kw_only=True, tag="nic", tag_field="kind"):
    """A nic of a network, wherever it is: hosts other than `host_id` need it for forwarding and names only. `pvlan`,
    `community`: its role on a private network."""

    id: NicId
    network_id: NetworkId
    mac: str
    mark: int
    fixed_ips: tuple[FixedIp, ...]
    group_ids: tuple[GroupId, ...]
    port_security: bool
    admin_up: bool
    pairs: tuple[AddressPair, ...] = ()
    pvlan: Role = ""
    community: str = ""
    shaping: Shaping | None = None
    host_id: HostId | None = None
    instance_id: InstanceId | None = None
    hostname: str = ""
    dns_domain: str = ""
    dhcp_options: tuple[DhcpOption, ...] = ()


class GroupEntry(msgspec.Struct, frozen=True, kw_only=True, tag="group", tag_field="kind"):
    """`blocks`: the addresses of the address groups that the rules name."""

    id: GroupId
    rules: tuple[SecurityRule, ...]
    stateful: bool = True
    blocks: dict[AddressGroupId, tuple[str, ...]] = {}


class MemberEntry(msgspec.Struct, frozen=True, kw_only=True, tag="member", tag_field="kind"):
    """A nic in a group, by the addresses that remote-group rules let in. `id` is the nic's."""

    id: NicId
    group_id: GroupId
    addresses: tuple[str, ...]


Spec = (
    InstanceEntry
    | VpcEntry
    | NetworkEntry
    | SubnetEntry
    | NicEntry
    | GroupEntry
    | MemberEntry
    | VolumeEntry
    | SnapshotEntry
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is `<kind>/<resource id>`, unique in its section. `body` is the JSON of a Spec; unset when absent (not None:
    msgspec decodes no raw value that may also be null)."""

    id: str
    serial: int
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    cause: str = ""


class SectionDelta(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of a section newer than the asker's. `digest` (hex) is over all present ones. `whole`: forget what
    you had."""

    key: SectionKey
    serial: int
    digest: str
    entries: tuple[Entry, ...]
    whole: bool = False


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody waits for. The host answers console, diagnostics and picture by the link's read verb, and
    serial and vnc by its stream verb. Of an instance, or (picture) of what is in `scope`. `limit` in bytes. What is to
    be done to a guest is done, and read answers how; `secret`: a password for its `user`, and for no log.
    """

    id: str
    kind: Literal["console", "diagnostics", "picture", "serial", "vnc"] | GuestAct
    instance_id: InstanceId = InstanceId("")
    limit: int = 1 << 20
    scope: Scope | None = None
    user: str = ""
    secret: str = ""


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """A host introduces itself at every start and after every lost session."""

    name: str
    boot_id: str
    capacity: Capacity
    capabilities: tuple[str, ...]
    accelerator: str = ""
    booted_at: float = 0.0
    pools: tuple[PoolOffer, ...] = ()
    plan_format: int = PLAN_FORMAT
    report_format: int = REPORT_FORMAT


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """`capabilities`: what this control takes beyond the link's first verbs (`core.meters.CAPABILITY`)."""

    host_id: HostId
    session: SessionId
    epoch: int
    capabilities: tuple[str, ...] = ()


class FetchAsk(msgspec.Struct, frozen=True, kw_only=True):
    """`have`: section → serial, for all that the host subscribes to. Waits up to `wait_s` when nothing is newer."""

    host_id: HostId
    session: SessionId
    epoch: int
    have: dict[SectionKey, int]
    wait_s: float = 25.0


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    epoch: int
    sections: tuple[SectionDelta, ...]
    asks: tuple[Ask, ...] = ()
    format: int = PLAN_FORMAT


class SeenInstance(msgspec.Struct, frozen=True, kw_only=True, tag="instance", tag_field="kind"):
    """`volumes`: those that it has now, also while its memory is on disk; one that is off has none."""

    id: InstanceId
    power: SeenPower
    condition: Condition
    runs_done: int = 0
    reboots_done: int = 0
    forms_done: int = 0
    ended_by: EndedBy = ""
    pid: int = 0
    volumes: tuple[VolumeId, ...] = ()


class SeenThing(msgspec.Struct, frozen=True, kw_only=True, tag="thing", tag_field="kind"):
    """Anything else that stands on the host: `entry` is the entry id (`vpc/…`, `network/…`, `nic/…`), or names the
    image (`image/…`) whose copy is not made or not taken."""

    entry: str
    condition: Condition


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """Something in our name that no plan names: told, never touched."""

    kind: str
    name: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that a host sees, under the plan it acted on. `acted`: section → serial. An unchanged one writes nothing.

    A present entry that is not in `seen` is not there. `sequence` rises within a session; an older one is refused.
    """

    host_id: HostId
    session: SessionId
    epoch: int
    sequence: int
    boot_id: str
    acted: dict[SectionKey, int]
    instances: tuple[SeenInstance, ...] = ()
    things: tuple[SeenThing, ...] = ()
    volumes: tuple[SeenVolume, ...] = ()
    snapshots: tuple[SeenSnapshot, ...] = ()
    strays: tuple[Stray, ...] = ()
    halted: str = ""
    format: int = REPORT_FORMAT


def entry_id(kind: EntryKind, resource_id: str) -> str:
    return f"{kind}/{resource_id}"


def entry_digest(section: SectionKey, entry: str, body: bytes) -> int:
    """What a present entry adds to its section's digest (their sum modulo DIGEST_MODULUS, in 64 hex digits); it finds
    drift between control and a host, and is no signature."""
    framed = b"\0".join((section.encode(), entry.encode(), body))
    return int.from_bytes(hashlib.blake2b(framed, digest_size=32).digest())


def section_digest(total: int) -> str:
    """The sum of `entry_digest` as it is told."""
    return f"{total % DIGEST_MODULUS:064x}"
