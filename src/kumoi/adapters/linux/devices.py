"""How our devices and namespaces are called: OpenStack's names where an operator looks for them.

Names are at most 15 characters; a wire (veth) has one name at both of its ends. The full id is the device's alias.
"""

import hashlib
import re
from typing import Final

from kumoi.core.ids import NetworkId, NicId, VpcId, is_uuid
from kumoi.core.nics import tap_name

TAP_PREFIX: Final = "tap"
# Ends of ours in bridges; nothing that comes through one is for the host's own stack.
PORT_PREFIXES: Final = ("tap", "qr-", "qg-", "ns-", "gp-", "vx", "vl-")
PHYSICAL_PREFIX: Final = "ph-"
_ROUTER: Final = "qrouter-"
_DHCP: Final = "qdhcp-"
_BRIDGE: Final = re.compile(r"br[1-9][0-9]{0,7}")


def bridge(vni: int) -> str:
    return f"br{vni}"


def vni_of(name: str) -> int:
    """Of a bridge of ours."""
    return int(name.removeprefix("br"))


def service_wire(vni: int) -> str:
    """From a network's bridge to its DHCP namespace."""
    return f"ns-{vni}"


def gateway_end(vni: int) -> str:
    """The cloud's own foot on an external network."""
    return f"gw-{vni}"


def gateway_port(vni: int) -> str:
    """The other end of that foot, in the bridge."""
    return f"gp-{vni}"


def physical(name: str) -> str:
    """The host's device on a physical network: somebody put it here, we only make use of it."""
    return PHYSICAL_PREFIX + name


def physical_wire(vni: int) -> str:
    """The frames of one VLAN of a physical network, in the bridge of the network that they are."""
    return f"vl-{vni}"


def is_outside(name: str) -> bool:
    return name.startswith((PHYSICAL_PREFIX, "vl-"))


def tagging_end(name: str) -> str:
    """The outer end of the wire that stands for a VLAN's device where the kernel has none such."""
    return f"x{name[1:]}"


def is_tap(name: str) -> bool:
    return name.startswith(TAP_PREFIX)


def service_mac(network: NetworkId) -> str:
    """The MAC of the service's end: the same whenever it is made, so that guests need not ask again."""
    return "06:" + hashlib.sha256(network.encode()).digest()[:5].hex(":")


def router_wire(nic: NicId) -> str:
    return f"qr-{nic[:11]}"


def outer_wire(nic: NicId) -> str:
    return f"qg-{nic[:11]}"


def tap(nic: NicId) -> str:
    return tap_name(nic)


def router_namespace(vpc: VpcId) -> str:
    return f"{_ROUTER}{vpc}"


def dhcp_namespace(network: NetworkId) -> str:
    return f"{_DHCP}{network}"


def vpc_of(namespace: str) -> VpcId | None:
    """The router that a namespace is; None where it is none of ours."""
    head, name = namespace[: len(_ROUTER)], namespace[len(_ROUTER) :]
    return VpcId(name) if head == _ROUTER and is_uuid(name) else None


def network_of(namespace: str) -> NetworkId | None:
    """The network whose DHCP namespace this is; None where it is none of ours."""
    head, name = namespace[: len(_DHCP)], namespace[len(_DHCP) :]
    return NetworkId(name) if head == _DHCP and is_uuid(name) else None


def is_bridge(name: str) -> bool:
    return _BRIDGE.fullmatch(name) is not None


def is_ours(name: str) -> bool:
    """Whether a device or namespace has a name of our pattern, whoever made it."""
    return is_bridge(name) or name.startswith((*PORT_PREFIXES, "gw-", _ROUTER, _DHCP))
