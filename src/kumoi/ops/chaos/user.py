"""Somebody who uses the cloud: one request after the other, drawn by dice of their own."""

import http.client
from collections.abc import Callable
from random import Random
from typing import Any, Final

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.ops.caller import Caller
from kumoi.ops.chaos import ec2
from kumoi.ops.chaos.ec2 import Keys
from kumoi.ops.chaos.word import PATHS, Kind, Ledger

MOST: Final[dict[Kind, int]] = {"server": 12, "port": 8, "floating_ip": 6, "security_group": 6, "image": 4, "volume": 5}
ACTIONS: Final[tuple[dict[str, Any], ...]] = (
    {"reboot": {"type": "SOFT"}},
    {"reboot": {"type": "HARD"}},
    {"os-stop": None},
    {"os-start": None},
    {"pause": None},
    {"unpause": None},
    {"suspend": None},
    {"resume": None},
    {"confirmResize": None},
    {"revertResize": None},
)
_REFUSED: Final = 400
TERMINATE: Final = "TerminateInstances"
EC2_ACTIONS: Final = ("StopInstances", "StartInstances", "RebootInstances", "DescribeInstances", TERMINATE)


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a user needs to begin with: ids."""

    image: str
    flavors: tuple[str, ...]
    network: str
    external: str


class User:
    """One connection and one pair of dice. A request that is refused is forgotten; one that is not answered is kept as
    unknown where it was to take something away, and else leaves something that nobody was told of."""

    def __init__(self, caller: Caller, ground: Ground, ledger: Ledger, dice: Random, known: Keys | None = None) -> None:
        """`known`: by which EC2 is asked as well."""
        self._known = known
        self._caller = caller
        self._ground = ground
        self._ledger = ledger
        self._dice = dice

    def step(self) -> None:
        """Ask for one thing."""
        steps: tuple[Callable[[], None], ...] = (
            *(self._run, self._run, self._act, self._act, self._resize, self._plug, self._copy),
            *(self._port, self._float, self._group, self._rule, self._drop, self._drop),
            *(self._volume, self._disk, self._disk, *((self._ec2, self._ec2) if self._known else ())),
        )
        self._dice.choice(steps)()

    def _run(self) -> None:
        flavor = self._dice.choice(self._ground.flavors)
        wish = {"name": "chaos", "imageRef": self._ground.image, "flavorRef": flavor}
        self._make("server", {"server": {**wish, "networks": [{"uuid": self._ground.network}]}})

    def _act(self) -> None:
        self._on_server(self._dice.choice(ACTIONS))

    def _resize(self) -> None:
        self._on_server({"resize": {"flavorRef": self._dice.choice(self._ground.flavors)}})

    def _copy(self) -> None:
        """An image of a server."""
        server = self._one("server")
        if server is None or len(self._ledger.made("image")) >= MOST["image"]:
            return
        answer = self._ask("POST", f"{PATHS['server']}/{server}/action", {"createImage": {"name": "chaos"}}, "2.45")
        if answer and "image_id" in answer:
            self._ledger.made_of("image", answer["image_id"], server)

    def _plug(self) -> None:
        """A nic goes into a server, or out of it."""
        server, port = self._one("server"), self._one("port")
        if server is None or port is None:
            return
        where = f"{PATHS['server']}/{server}/os-interface"
        if self._dice.random() < 0.5:
            self._ask("POST", where, {"interfaceAttachment": {"port_id": port}})
        else:
            self._ask("DELETE", f"{where}/{port}")  # the port stays, for the next one

    def _port(self) -> None:
        self._make("port", {"port": {"network_id": self._ground.network, "name": "chaos"}})

    def _float(self) -> None:
        """Another address, or another place for one that is there."""
        address, port = self._one("floating_ip"), self._one("port")
        if address is None or port is None or self._dice.random() < 0.4:
            self._make("floating_ip", {"floatingip": {"floating_network_id": self._ground.external}})
            return
        to = port if self._dice.random() < 0.7 else None
        self._ask("PUT", f"{PATHS['floating_ip']}/{address}", {"floatingip": {"port_id": to}})

    def _group(self) -> None:
        self._make("security_group", {"security_group": {"name": "chaos"}})

    def _rule(self) -> None:
        group = self._one("security_group")
        if group is not None:
            port = self._dice.randrange(1, 65536)
            rule = {"direction": "ingress", "protocol": "tcp", "port_range_min": port, "port_range_max": port}
            rule = {**rule, "security_group_id": group, "remote_group_id": group}
            self._ask("POST", "/network/v2.0/security-group-rules", {"security_group_rule": rule})

    def _volume(self) -> None:
        self._make("volume", {"volume": {"size": 1, "name": "chaos"}})

    def _disk(self) -> None:
        """A volume goes into a server, or out of it."""
        server, volume = self._one("server"), self._one("volume")
        if server is None or volume is None:
            return
        where = f"{PATHS['server']}/{server}/os-volume_attachments"
        if self._dice.random() < 0.6:
            self._ask("POST", where, {"volumeAttachment": {"volumeId": volume}})
        else:
            self._ask("DELETE", f"{where}/{volume}")

    def _ec2(self) -> None:
        """The other tongue, about a server of this one."""
        server = self._one("server")
        action = self._dice.choice(EC2_ACTIONS)
        if server is None or self._known is None:
            return
        before = self._ledger.leaving(server) if action == TERMINATE else None
        try:
            status, _ = ec2.ask(self._caller, self._known, action, InstanceId_1=ec2.instance_id(server))
        except Unavailable:
            self._caller.close()
            self._ledger.count(answered=False)
            return
        answered = status < http.client.INTERNAL_SERVER_ERROR
        self._ledger.count(answered=answered)
        if before is not None and answered:
            self._ledger.left(before, gone=status < _REFUSED)

    def _drop(self) -> None:
        kind = self._dice.choice(tuple(MOST))
        thing = self._one(kind)
        if thing is None:
            return
        path = f"{PATHS[kind]}/{thing}"
        before = self._ledger.leaving(thing)
        status = self._status("DELETE", path)
        if status is not None:
            self._ledger.left(before, gone=status < _REFUSED or status == http.client.NOT_FOUND)

    def _make(self, kind: Kind, body: dict[str, Any]) -> None:
        if len(self._ledger.made(kind)) >= MOST[kind]:
            self._drop()
            return
        answer = self._ask("POST", PATHS[kind], body)
        if answer:
            self._ledger.made_of(kind, next(iter(answer.values()))["id"])

    def _on_server(self, action: dict[str, Any]) -> None:
        server = self._one("server")
        if server is not None:
            self._ask("POST", f"{PATHS['server']}/{server}/action", action)

    def _one(self, kind: Kind) -> str | None:
        made = self._ledger.made(kind)
        return self._dice.choice(made) if made else None

    def _ask(self, method: str, path: str, body: Any = None, version: str = "2.1") -> Any:
        """The decoded answer; None for a refusal or none at all."""
        found = self._asked(method, path, body, version)
        if found is None or found[0] >= _REFUSED:
            return None
        return msgspec.json.decode(found[1]) if found[1] else {}

    def _status(self, method: str, path: str) -> int | None:
        found = self._asked(method, path, None, "2.1")
        return None if found is None else found[0]

    def _asked(self, method: str, path: str, body: Any, version: str) -> tuple[int, bytes] | None:
        try:
            answer = self._caller.ask(method, path, body, X_OpenStack_Nova_API_Version=version)
        except Unavailable:
            self._caller.close()
            self._ledger.count(answered=False)
            return None
        # A server that says 5xx promises nothing: it may or may not have done it.
        answered = answer[0] < http.client.INTERNAL_SERVER_ERROR
        self._ledger.count(answered=answered)
        return answer if answered else None
