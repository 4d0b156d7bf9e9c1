"""The instance entries of a host's section."""

import msgspec

from kumoi.core.copies import DiskCopy
from kumoi.core.devices import TaggedDevice, serial_of
from kumoi.core.disks import RescueDisk, RootDisk, VolumePlug
from kumoi.core.guest_data import GuestData
from kumoi.core.ids import ImageId, ec2_id
from kumoi.core.images import Layer
from kumoi.core.instances import Instance, Placement, PlacementRole
from kumoi.core.networks import Network
from kumoi.core.nics import Nic
from kumoi.core.plan import InstanceEntry, Mode, NicPlug, SubPlug
from kumoi.core.trunks import Trunk
from kumoi.planning.sections.layers import layer_ref

_MODES: dict[PlacementRole, Mode] = {"run": "run", "incoming": "receive", "outgoing": "send_to", "held": "hold"}


class InstanceParts(msgspec.Struct, frozen=True, kw_only=True):
    """The rows around an instance. `layers`: the root's, then its parents, deepest last; `rescue_layers`: those of the
    rescue image. `nics` in plug order. `copies`: the images that wait for a copy of its disk, in the order asked.
    `volumes` in the order of their places. `trunks`: by their own nics; `carried`: what they carry, by id."""

    instance: Instance
    placement: Placement
    layers: tuple[Layer, ...]
    nics: tuple[Nic, ...]
    networks: dict[str, Network]
    trunks: dict[str, Trunk]
    carried: dict[str, Nic]
    labels: dict[str, str]
    group_names: tuple[str, ...]
    account: str
    public_ipv4: str = ""
    request_id: str = ""
    rescue_layers: tuple[Layer, ...] = ()
    copies: tuple[ImageId, ...] = ()
    volumes: tuple[VolumePlug, ...] = ()


def instance_entry(parts: InstanceParts) -> InstanceEntry:
    """Everything the host needs, and no choice left to it."""
    one = parts.instance
    return InstanceEntry(
        id=one.id,
        mode=_MODES[parts.placement.role],
        vcpus=one.vcpus,
        memory_mib=one.memory_mib,
        root=root_disk(parts),
        nics=tuple(nic_plug(nic, parts) for nic in parts.nics),
        power=one.power,
        run_wanted=one.run_wanted,
        reboot_wanted=one.reboot_wanted,
        reboot_hard=one.reboot_hard,
        guest=guest_data(parts),
        config_drive=one.config_drive,
        request_id=parts.request_id,
        rest=one.rest,
        form=one.form_wanted,
        form_hard=one.form_cause == "rebuild",
        rescue=rescue_disk(parts),
        copies=tuple(DiskCopy(image_id=image_id) for image_id in parts.copies),
        volumes=parts.volumes,
    )


def root_disk(parts: InstanceParts) -> RootDisk | None:
    """None of one that boots from a volume."""
    one = parts.instance
    if not parts.layers:
        return None
    layers = tuple(layer_ref(layer) for layer in parts.layers)
    return RootDisk(layers=layers, size_gib=one.disk_gib, number=one.root_number)


def rescue_disk(parts: InstanceParts) -> RescueDisk | None:
    rescue = parts.instance.rescue
    if rescue is None:
        return None
    return RescueDisk(layers=tuple(layer_ref(layer) for layer in parts.rescue_layers), stable=rescue.stable)


def nic_plug(nic: Nic, parts: InstanceParts) -> NicPlug:
    network, trunk = parts.networks[nic.network_id], parts.trunks.get(nic.id)
    carries = [
        SubPlug(nic_id=one.id, network_id=one.network_id, vlan=sub.vlan)
        for sub in (trunk.subports if trunk is not None else ())
        for one in (parts.carried.get(sub.nic_id),)
        if one is not None
    ]
    return NicPlug(
        nic_id=nic.id,
        network_id=nic.network_id,
        vni=network.vni,
        mac=nic.mac,
        mtu=network.mtu,
        group_ids=nic.group_ids,
        slot=nic.slot,
        carries=tuple(carries),
    )


def guest_data(parts: InstanceParts) -> GuestData:
    """What the guest may learn of itself."""
    one = parts.instance
    return GuestData(
        name=one.name,
        hostname=one.hostname,
        project_id=one.project_id,
        account=parts.account,
        user_id=one.user_id,
        image_id=one.image_id,
        ec2_id=ec2_id("i", one.id),
        ec2_image_id=ec2_id("ami", one.image_id) if one.image_id else "",
        reservation_id=one.reservation_id,
        launch_index=one.launch_index,
        flavor_name=one.flavor_name,
        zone=one.zone,
        keypair_name=one.keypair_name,
        public_key=one.public_key,
        user_data=one.user_data,
        labels=parts.labels,
        group_names=parts.group_names,
        public_ipv4=parts.public_ipv4,
        files=one.files,
        devices=tagged(parts),
    )


def tagged(parts: InstanceParts) -> tuple[TaggedDevice, ...]:
    """Nics first, each kind in the order of its places."""
    nics = (TaggedDevice(kind="nic", name=nic.mac, slot=nic.slot, tag=nic.tag) for nic in parts.nics if nic.tag)
    disks = (
        TaggedDevice(kind="disk", name=serial_of(one.volume_id), slot=one.slot, tag=one.tag)
        for one in parts.volumes
        if one.tag
    )
    return (*nics, *disks)
