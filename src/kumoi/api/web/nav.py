"""The main menu. A page that a visitor may not use is not hidden by a trick: its door refuses it all the same."""

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """`word` and `icon` by name; shown to who may do `action` (see core/policy.py)."""

    word: str
    href: str
    icon: str
    action: str


class Group(NamedTuple):
    """`word` empty: entries without a heading."""

    word: str
    entries: tuple[Entry, ...]


ADMINISTRATION: Final = Group(
    "nav.admin",
    (
        Entry("nav.hosts", "/admin/hosts", "server-cog", "host.read"),
        Entry("nav.everywhere", "/admin/instances", "server", "instance.all_projects"),
        Entry("nav.tenants", "/admin/projects", "folder", "identity.read"),
        Entry("nav.users", "/admin/users", "users-round", "identity.read"),
        Entry("nav.flavors", "/admin/flavors", "layers", "flavor.create"),
        Entry("nav.volume_types", "/admin/volume-types", "hard-drive", "volume_type.create"),
        Entry("nav.machinery", "/admin/machinery", "activity", "loop.read"),
        Entry("nav.events", "/admin/events", "history", "event.all_projects"),
    ),
)
MENU: Final[tuple[Group, ...]] = (
    Group("", (Entry("nav.overview", "/", "layout-dashboard", "quota.read"),)),
    Group(
        "nav.compute",
        (
            Entry("nav.instances", "/instances", "server", "instance.read"),
            Entry("nav.images", "/images", "disc-3", "image.read"),
            Entry("nav.keypairs", "/keypairs", "key-round", "keypair.read"),
        ),
    ),
    Group(
        "nav.storage",
        (
            Entry("nav.volumes", "/volumes", "hard-drive", "volume.read"),
            Entry("nav.snapshots", "/snapshots", "layers", "volume_snapshot.read"),
            Entry("nav.backups", "/backups", "box", "backup.read"),
        ),
    ),
    Group(
        "nav.network",
        (
            Entry("nav.topology", "/topology", "waypoints", "network.read"),
            Entry("nav.networks", "/networks", "network", "network.read"),
            Entry("nav.routers", "/routers", "router", "vpc.read"),
            Entry("nav.security_groups", "/security-groups", "shield", "security_group.read"),
            Entry("nav.floating_ips", "/floating-ips", "globe", "public_address.read"),
        ),
    ),
    Group(
        "nav.access",
        (
            Entry("nav.api", "/api-access", "square-terminal", "credential.own"),
            Entry("nav.account", "/account", "user-round", "web_session.own"),
        ),
    ),
    ADMINISTRATION,
)
