"""What a network test may do to the world, whatever driver stands in it: machines join it and call each other."""

from typing import Protocol

from kumoi.contracts.guests import GuestServices
from kumoi.contracts.network import Network
from kumoi.core.ids import NicId
from kumoi.core.plan import NetworkEntry, NicEntry

GuestId = str  # a nic's id, or the name of a machine that is no guest


class Rig(Protocol):
    """A world with one host. Every machine answers TCP on any port that it serves, and pings."""

    network: Network
    services: GuestServices

    def restart_driver(self) -> None:
        """The agent was killed: a new driver over what stands."""
        ...

    def plug(self, nic: NicEntry, network: NetworkEntry, gateway: str | None = None, *, by_hand: bool = True) -> None:
        """A machine with this nic starts and its tap joins the network's bridge; its addresses are set by hand, /24."""
        ...

    def unplug(self, nic: NicId) -> None: ...
    def stranger(
        self, name: str, network: NetworkEntry, address: str, gateway: str | None = None, gateway6: str | None = None
    ) -> None:
        """A machine on a network that is no guest of ours, with `address/prefix`."""
        ...

    def physical(self, name: str) -> None:
        """The host is joined to a network outside; machines there are `on_lan`."""
        ...

    def unplug_physical(self, name: str) -> None: ...
    def on_lan(self, name: str, physical: str, vlan: int, address: str, gateway: str | None = None) -> None:
        """A machine of that network, on one of its VLANs (0: none), with `address/prefix`."""
        ...

    def vlans_heard(self, physical: str, act: str, *words: object) -> tuple[object, set[int]]:
        """What `act` of this rig answers, and the VLANs of the frames that the network outside heard meanwhile."""
        ...

    def tag_in_guest(self, guest: GuestId, vlan: int, mac: str, address: str) -> None:
        """A device in the machine for one VLAN of its nic, with `address/prefix`."""
        ...

    def add_address(self, guest: GuestId, address: str) -> None:
        """One more `address/prefix` on a machine, asked of nobody."""
        ...

    def serve(self, guest: GuestId, port: int) -> None:
        """From now on the machine answers TCP connections on this port."""
        ...

    def call(self, guest: GuestId, address: str, port: int, source: str = "") -> str | None:
        """A TCP connection: the caller's address as the other side saw it; None where nobody answered."""
        ...

    def start_services(self) -> None:
        """What answers guests is started, knowing nothing."""
        ...

    def ask_address(self, guest: GuestId) -> dict[str, str]:
        """The machine asks by DHCP and lives by the answer: ip, mask, router, dns, mtu, routes, hostname, domain.

        Empty where nobody answered.
        """
        ...

    def ask_address6(self, guest: GuestId, *, information: bool = False) -> dict[str, list[str]]:
        """The machine asks by DHCPv6 and lives by the answer: ip, dns. Empty where nobody answered.

        `information`: for all but an address.
        """
        ...

    def addresses6(self, guest: GuestId) -> set[str]:
        """The machine's IPv6 addresses that are not link-local, however it came by them."""
        ...

    def ways_out6(self, guest: GuestId) -> set[str]:
        """The next hops of its default routes."""
        ...

    def name_outside(self, name: str, address: str) -> None:
        """Outside of the cloud's namespaces, whom the machine asks for names knows this one, and guests may ask too."""
        ...

    def ask_name(self, guest: GuestId, server: str, name: str, kind: str = "A") -> tuple[str, list[str]]:
        """The answer's code (`ok`, `no_such_name`, `refused`…; `silence`) and the texts of the records."""
        ...

    def fetch(self, guest: GuestId, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """Status and body of a request to http://169.254.169.254; 0 where nobody answered.

        Header names have underscores for dashes here.
        """
        ...

    def fetch6(self, guest: GuestId, path: str) -> tuple[int, str]:
        """The same by http://[fe80::a9fe:a9fe%eth0]."""
        ...

    def fetch_tftp(self, guest: GuestId, server: str, address: str) -> bool:
        """Whether the guest hears the server (a stranger), which answers a read request from another port."""
        ...

    def ping(self, guest: GuestId, address: str, source: str = "") -> bool: ...
    def open(self, guest: GuestId, address: str, port: int) -> int:
        """A TCP connection that stays; its handle."""
        ...

    def alive(self, connection: int) -> bool:
        """Whether a word through the connection comes back."""
        ...
