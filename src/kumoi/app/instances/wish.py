"""What a caller may wish for when running instances, in core's terms, and the checks that need no store."""

import base64
import binascii
import re
from typing import Literal

import msgspec

from kumoi.core.attachments import MOST_OF_INSTANCE as MOST_DISKS
from kumoi.core.errors import Invalid, TooLarge
from kumoi.core.ids import FlavorId, GroupId, ImageId, InstanceId, NetworkId, NicId, SubnetId
from kumoi.core.instances import Hints
from kumoi.core.names import check_name
from kumoi.core.nics import MOST_OF_INSTANCE
from kumoi.core.tags import check_tags

USER_DATA_MOST = 65535
NAME_MOST = 255
COUNT_MOST = 1000


class NicChoice(msgspec.Struct, frozen=True, kw_only=True):
    """An existing nic, or a new one on a network, perhaps with a wished subnet or address.

    `group_ids` None: those of the run. `keep`: a new one outlives its instance, as an existing one always does.
    `public`: with a public address, which goes with the nic. `tag`: the guest is told it by this.
    """

    network_id: NetworkId | None = None
    nic_id: NicId | None = None
    subnet_id: SubnetId | None = None
    fixed_ip: str | None = None
    group_ids: tuple[GroupId, ...] | None = None
    description: str = ""
    keep: bool = False
    public: bool = False
    tag: str = ""


class DiskChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A volume for a new instance: one that there is (`source` volume), or one that is made with it, of what `id`
    names. `boot`: instead of a disk of its own. `size_gib` None: as large as what it is made of."""

    source: Literal["volume", "snapshot", "image", "blank"]
    id: str = ""
    size_gib: int | None = None
    boot: bool = False
    delete_on_termination: bool = False
    device: str = ""
    type_name: str = ""
    tag: str = ""


class RunWish(msgspec.Struct, frozen=True, kw_only=True):
    """`nics` None: the project's only network (refused when there are several); empty: none at all.

    `name` None: the id as EC2 spells it. `tags`: EC2's, `os_tags`: OpenStack's.
    `groups`: ids or names of security groups. `refuse_full`: EC2's way, nothing is made when nothing fits;
    otherwise the instance is made and shows why it is not placed.
    `hostname` empty: made of the name. `zone` empty: any. `same_host`, `different_host`: instances that it shall stand
    beside or apart from. `hints`: what OpenStack's clients said of its place, as they said it. `image_id` None: one
    of the `disks` is booted from. `auto_network`: one is made where the project has none. `files`: what stands on its
    config drive to be put in place by its guest, base64 by path; see `personality`.
    """

    name: str | None
    flavor_id: FlavorId
    image_id: ImageId | None = None
    disks: tuple[DiskChoice, ...] = ()
    nics: tuple[NicChoice, ...] | None = None
    auto_network: bool = False
    groups: tuple[str, ...] = ()
    keypair_name: str = ""
    user_data: str = ""
    files: dict[str, str] = msgspec.field(default_factory=dict)
    count_min: int = 1
    count_max: int = 1
    config_drive: bool = False
    description: str = ""
    zone: str = ""
    host_name: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    os_tags: tuple[str, ...] = ()
    access_ip_v4: str = ""
    access_ip_v6: str = ""
    hostname: str = ""
    refuse_full: bool = False
    auto_disk: bool = False
    server_group_id: str = ""
    same_host: tuple[InstanceId, ...] = ()
    different_host: tuple[InstanceId, ...] = ()
    hints: Hints = msgspec.field(default_factory=dict)


def check(wish: RunWish) -> None:
    """Refuse what no store is needed to refuse: names, counts, user data."""
    if wish.name is not None:
        check_name(wish.name, NAME_MOST)
    if wish.count_min > wish.count_max:
        raise Invalid("compute", field="min_count", reason="above_most", value=wish.count_min, most=wish.count_max)
    if not 1 <= wish.count_min <= wish.count_max <= COUNT_MOST:
        raise Invalid("compute", field="count", reason="range", bound=f"from {1} to {COUNT_MOST}")
    if wish.nics and len(wish.nics) > MOST_OF_INSTANCE:
        raise Invalid("compute", field="networks", reason="too_many", most=MOST_OF_INSTANCE)
    check_tags(wish.tags)
    check_user_data(wish.user_data)
    check_disks(wish)
    if wish.count_max > 1 and wish.nics and any(n.nic_id or n.fixed_ip for n in wish.nics):
        raise Invalid("compute", field="networks", reason="one_nic_many_instances")


def check_disks(wish: RunWish) -> None:
    """One thing to boot from, and no volume in two instances."""
    booted = sum(disk.boot for disk in wish.disks) + (wish.image_id is not None)
    if booted == 0:
        raise Invalid("compute", field="image", reason="missing", name="image")
    if booted > 1:
        raise Invalid("compute", field="block_device_mapping_v2", reason="only_one")
    if len(wish.disks) > MOST_DISKS:
        raise Invalid("compute", field="block_device_mapping_v2", reason="too_many", most=MOST_DISKS)
    named = [disk.id for disk in wish.disks if disk.source == "volume"]
    if named and (wish.count_max > 1 or len(set(named)) < len(named)):
        raise Invalid("compute", field="block_device_mapping_v2", reason="only_one")


def check_user_data(text: str) -> None:
    """Base64, and not too much of it."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as e:
        raise Invalid("compute", field="user_data", reason="base64") from e
    if len(text) > USER_DATA_MOST:
        raise TooLarge("compute", what="encoded_user_data", size=len(text), limit=USER_DATA_MOST)


def hostname_of(name: str) -> str:
    """A legal host name from any display name: letters, digits and dashes; `instance` when nothing is left."""
    text = re.sub(r"[^a-z0-9-]+", "-", name.lower().replace("_", "-").replace(" ", "-")).strip("-.")
    return text[:63].strip("-") or "instance"
