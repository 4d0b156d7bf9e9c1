"""Networks that are parts of one outside: the host's device for that one (`ph-NAME`), and its frames of one VLAN.

What does not belong here: how the device came here (`kumoi uplink`), and how frames are tagged (`tags`).
"""

from kumoi.adapters.linux import devices, wires
from kumoi.adapters.linux.links import Device, Links, sysctl
from kumoi.adapters.linux.tags import Tags
from kumoi.core.errors import Unavailable
from kumoi.core.networks import UNTAGGED
from kumoi.core.plan import NetworkEntry


def ensure(home: Links, tags: Tags, bridge: Device, network: NetworkEntry) -> None:
    """Raises Unavailable while the host has no such device."""
    own = devices.physical_wire(network.vni)
    if not network.physical:
        tags.remove(home, own)
        return
    name = devices.physical(network.physical)
    trunk = home.get(name)
    if trunk is None:
        tags.remove(home, own)
        raise Unavailable("network", what="physical_network", name=network.physical, device=name)
    _quieten(name)
    if network.vlan == UNTAGGED:
        tags.remove(home, own)
        wires.mend(home, trunk, mtu=max(trunk.mtu, network.mtu), bridge=bridge)
        return
    if trunk.master == bridge.index:
        home.mend(trunk, master=0)
    wires.mend(home, trunk, mtu=max(trunk.mtu, network.mtu))
    tags.ensure(home, own, trunk, network.vlan, bridge, network.mtu)


def remove(home: Links, tags: Tags, vni: int) -> None:
    """The host's device itself stays; a bridge that goes lets go of it."""
    tags.remove(home, devices.physical_wire(vni))


def _quieten(name: str) -> None:
    """The host's own stack answers nobody there, and learns nothing."""
    sysctl({
        f"ipv4/conf/{name}/arp_ignore": 8,
        f"ipv6/conf/{name}/addr_gen_mode": 1,
        f"ipv6/conf/{name}/accept_ra": 0,
    })  # fmt: skip
