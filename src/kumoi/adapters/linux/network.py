"""The network driver of one machine: Linux bridges, nftables, routers and DHCP in namespaces of their own.

Everything happens in one thread: netlink sockets belong to threads, and changes of one kernel are best made one after
the other. What does not belong here: what guests are answered (`guests`).
"""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pyroute2.netlink.exceptions import NetlinkError

from kumoi.adapters.linux import devices, links, passt, pictures, rooms, segments
from kumoi.adapters.linux.filter import Filter
from kumoi.adapters.linux.links import Device, sysctl
from kumoi.adapters.linux.news import News
from kumoi.adapters.linux.nft import Nft
from kumoi.adapters.linux.routers import Routers
from kumoi.adapters.linux.tags import Tags
from kumoi.adapters.linux.vlan_programs import Programs
from kumoi.adapters.linux.zones import Zones
from kumoi.contracts.network import Filters, SeenNetwork, Segment
from kumoi.core.errors import Unavailable
from kumoi.core.ids import NetworkId, NicId, VpcId
from kumoi.core.pictures import Picture, Scope
from kumoi.core.plan import NetworkEntry, NicEntry, VpcEntry

T = TypeVar("T")
Settled = tuple[Segment | VpcEntry, int, int, int]  # the wish, and how rules, home and room were

_BRIDGE_SYSCTLS = Path("/proc/sys/net/bridge")
# br_netfilter's default is every bridge of the namespace; ours ask for it one by one.
_BRIDGES_UNSEEN = {f"bridge/bridge-nf-call-{what}tables": 0 for what in ("ip", "ip6", "arp")}


class LinuxNetwork:
    """`contracts.network.Network` in the calling process's network namespace. Safe to call from any thread.

    `programs` take the kernel's place where it has no 802.1Q. `uplink`: external networks lead on to passt's device.
    """

    def __init__(self, programs: Programs | None = None, *, uplink: bool = False) -> None:
        self._uplink = uplink
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")
        self._nft = Nft()
        self._filter = Filter(self._nft)
        self._zones = Zones(self._nft)
        self._routers = Routers()
        self._tags = Tags(programs)
        self._news = News()
        self._settled: dict[str, Settled] = {}
        self._devices: tuple[int, list[Device]] = (0, [])

    def bridge(self, network: NetworkEntry) -> str:
        return devices.bridge(network.vni)

    def ensure_segment(self, segment: Segment) -> None:
        room = devices.dhcp_namespace(segment.network.id)

        def act() -> None:
            if not _BRIDGE_SYSCTLS.is_dir():
                # A module on most kernels, which nobody in a user namespace can load; without it nothing is filtered.
                raise Unavailable("network", what="br_netfilter")
            sysctl(_BRIDGES_UNSEEN)
            self._filter.ensure_closed()
            if self._uplink and segment.network.external:
                passt.ensure_rules()
            with links.at() as home:
                segments.ensure(home, self._zones, self._tags, segment)

        self._do(lambda: self._settle(room, segment, self._nft.look(), act))

    def remove_segment(self, network: NetworkId) -> None:
        def act() -> None:
            self._forget(devices.dhcp_namespace(network))
            with links.at() as home:
                segments.remove(home, self._zones, self._tags, network)

        self._do(act)

    def ensure_filters(self, filters: Filters, nics: tuple[NicEntry, ...]) -> None:
        self._do(lambda: self._filter.ensure(filters, nics, self._zones.all()))

    def ensure_vpc(self, vpc: VpcEntry) -> None:
        room = devices.router_namespace(vpc.id)

        def act() -> None:
            with links.at() as home:
                self._routers.ensure(home, vpc)

        self._do(lambda: self._settle(room, vpc, self._routers.generation(vpc.id), act))

    def remove_vpc(self, vpc: VpcId) -> None:
        def act() -> None:
            self._forget(devices.router_namespace(vpc))
            with links.at() as home:
                self._routers.remove(home, vpc)

        self._do(act)

    def takes_tags(self) -> bool:
        """Whether frames can be tagged and taken apart here."""

        def ask() -> bool:
            with links.at() as home:
                return self._tags.able(home)

        return self._do(ask)

    def observe(self) -> SeenNetwork:
        return self._do(self._observe)

    def picture(self, scope: Scope) -> Picture:
        return self._do(lambda: pictures.take(scope))

    def close(self) -> None:
        """Let go of the helper process and the thread; what stands in the kernel stands on."""
        self._do(self._nft.close)
        self._do(self._news.close)
        self._thread.shutdown()

    def _settle(self, room: str, wish: Segment | VpcEntry, rules: int, act: Callable[[], None]) -> None:
        """Act, unless the same was done before and the kernel has been quiet since, here and in `room`.

        What is remembered is how it was before acting: so our own noise makes us look once more.
        """
        now: Settled = (wish, rules, self._news.serial(), self._news.serial(room))
        if self._settled.get(room) != now:
            self._settled.pop(room, None)
            act()
            self._settled[room] = now

    def _forget(self, room: str) -> None:
        self._settled.pop(room, None)
        self._news.forget(room)

    def _observe(self) -> SeenNetwork:
        serial = self._news.serial()
        if self._devices[0] != serial:
            with links.at() as home:
                self._devices = (serial, home.all())
        found = self._devices[1]
        names = rooms.names()
        nics, groups = self._filter.observe()
        networks = self._networks(found)
        vpcs = frozenset(vpc for name in names if (vpc := devices.vpc_of(name)) is not None)
        return SeenNetwork(
            segments=networks,
            nics=nics,
            vpcs=vpcs,
            groups=groups,
            strays=tuple(sorted((*self._strange_devices(found, nics), *_strange_rooms(names, networks)))),
        )

    def _networks(self, found: list[Device]) -> frozenset[NetworkId]:
        """Those of which anything stands: a bridge says whose it is, a zone also of what was begun only."""
        bridges = {NetworkId(d.alias) for d in found if devices.is_bridge(d.name) and d.alias}
        return frozenset({*bridges, *self._zones.all()})

    def _strange_devices(self, found: list[Device], nics: frozenset[NicId]) -> Iterator[str]:
        """What has a name of ours and is nobody's; taps are made by others and cannot say whose they are."""
        taps = {devices.tap(nic) for nic in nics}
        begun = {name for n in self._zones.all() for name in segments.own_names(self._zones.bridge(n))}
        for device in found:
            if device.name.startswith(devices.TAP_PREFIX):
                if device.master and device.name not in taps:
                    yield device.name
            elif not device.alias and devices.is_ours(device.name) and device.name not in begun:
                yield from _unless_a_routers(device.name)

    def _do(self, act: Callable[[], T]) -> T:
        """In the driver's thread; what the kernel refuses is a part of this host that does not work now."""

        def guarded() -> T:
            with _kernel_errors():
                return act()

        return self._thread.submit(guarded).result()


def _unless_a_routers(wire: str) -> Iterator[str]:
    """A router's wire says whose it is a moment after it was made; a killed agent may not have come so far."""
    for room in rooms.names():
        if devices.vpc_of(room) is not None and rooms.exists(room):
            with links.at(room) as inside:
                if inside.get(wire) is not None:
                    return
    yield wire


def _strange_rooms(names: list[str], networks: frozenset[NetworkId]) -> Iterator[str]:
    """Namespaces with a name of ours that are no router, or serve a network that has no bridge."""
    for name in names:
        network = devices.network_of(name)
        lost = network is not None and network not in networks
        if lost or (devices.is_ours(name) and network is None and devices.vpc_of(name) is None):
            yield name


@contextlib.contextmanager
def _kernel_errors() -> Iterator[None]:
    try:
        yield
    except NetlinkError as e:
        raise Unavailable("network", what="kernel", errno=int(e.code), said=str(e)) from e
    except OSError as e:
        raise Unavailable("network", what="kernel", errno=e.errno or 0, said=str(e)) from e
