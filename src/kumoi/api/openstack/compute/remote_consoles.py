"""/servers/{id}/remote-consoles, the actions that came before it, and /os-console-auth-tokens.

What is offered is novnc and serial. Other kinds that Nova knows are refused as by a Nova without them.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal

import msgspec

from kumoi.api.edge.console_links import PREFIX, console_link, novnc_link
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.compute.actions import waited
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances import consoles
from kumoi.core.consoles import ConsoleKind
from kumoi.core.errors import Invalid, Unauthenticated

OFFERED: Final[Mapping[tuple[str, str], ConsoleKind]] = {("vnc", "novnc"): "vnc", ("serial", "serial"): "serial"}


class _Wanted(msgspec.Struct, forbid_unknown_fields=True):
    protocol: Literal["vnc", "spice", "rdp", "serial"]
    type: Literal["novnc", "xvpvnc", "rdp-html5", "spice-html5", "serial"]


class RemoteConsoleBody(msgspec.Struct, forbid_unknown_fields=True):
    remote_console: _Wanted


class _WantedWithMks(msgspec.Struct, forbid_unknown_fields=True):
    protocol: Literal["vnc", "spice", "rdp", "serial", "mks"]
    type: Literal["novnc", "xvpvnc", "rdp-html5", "spice-html5", "serial", "webmks"]


class RemoteConsoleWithMksBody(msgspec.Struct, forbid_unknown_fields=True):
    remote_console: _WantedWithMks


class _WantedWithDirect(msgspec.Struct, forbid_unknown_fields=True):
    protocol: Literal["vnc", "spice", "rdp", "serial", "mks"]
    type: Literal["novnc", "xvpvnc", "rdp-html5", "spice-html5", "serial", "webmks", "spice-direct"]


class RemoteConsoleWithDirectBody(msgspec.Struct, forbid_unknown_fields=True):
    remote_console: _WantedWithDirect


class _Vnc(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["novnc", "xvpvnc"]


class _Spice(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["spice-html5"]


class _Rdp(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["rdp-html5"]


class _Serial(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["serial"]


class VncBody(msgspec.Struct):
    wanted: _Vnc = msgspec.field(name="os-getVNCConsole")


class SpiceBody(msgspec.Struct):
    wanted: _Spice = msgspec.field(name="os-getSPICEConsole")


class RdpBody(msgspec.Struct):
    wanted: _Rdp = msgspec.field(name="os-getRDPConsole")


class SerialBody(msgspec.Struct):
    wanted: _Serial = msgspec.field(name="os-getSerialConsole")


Body = VncBody | SpiceBody | RdpBody | SerialBody
ACTIONS: Final[Mapping[str, tuple[str, type[Body]]]] = {
    "os-getVNCConsole": ("vnc", VncBody),
    "os-getSPICEConsole": ("spice", SpiceBody),
    "os-getRDPConsole": ("rdp", RdpBody),
    "os-getSerialConsole": ("serial", SerialBody),
}


def routes(house: House, site: Site) -> list[Route]:
    path = V + "/servers/{id}/remote-consoles"
    return [
        Route("POST", path, partial(create, house, site, RemoteConsoleBody), "instance.console", "compute",
              body_type=RemoteConsoleBody, min_version=(2, 6), max_version=(2, 7)),
        Route("POST", path, partial(create, house, site, RemoteConsoleWithMksBody), "instance.console", "compute",
              body_type=RemoteConsoleWithMksBody, min_version=(2, 8), max_version=(2, 98)),
        Route("POST", path, partial(create, house, site, RemoteConsoleWithDirectBody), "instance.console", "compute",
              body_type=RemoteConsoleWithDirectBody, min_version=(2, 99)),
        *(
            Route("POST", V + "/servers/{id}/action", waited(partial(act, house, site, name)), "instance.console",
                  "compute", body_key=name, body_type=body, max_version=(2, 5), wait=True)
            for name, (_, body) in ACTIONS.items()
        ),
        Route("GET", V + "/os-console-auth-tokens/{token}", partial(show, house), "instance.console_tokens", "compute"),
    ]  # fmt: skip


def create(
    house: House,
    site: Site,
    body: type[RemoteConsoleBody] | type[RemoteConsoleWithMksBody] | type[RemoteConsoleWithDirectBody],
    request: Request,
) -> Response:
    wanted = request.json(body).remote_console
    url = _opened(house, site, request, wanted.protocol, wanted.type)
    return json_response({"remote_console": {"protocol": wanted.protocol, "type": wanted.type, "url": url}})


def act(house: House, site: Site, name: str, request: Request) -> Response:
    protocol, body = ACTIONS[name]
    kind = request.json(body).wanted.type
    return json_response({"console": {"type": kind, "url": _opened(house, site, request, protocol, kind)}})


def show(house: House, request: Request) -> Response:
    """There is no port: the host dials, and what it opens listens to nobody. The path is where the websocket is."""
    token, host = consoles.show_console_token(house, request.call(), request.params["token"])
    if not at_least(request, 31):
        raise Unauthenticated("compute", reason="console_kind")  # before it, only RDP's were shown
    found: dict[str, Any] = {
        "instance_uuid": token.instance_id,
        "host": host.name,
        "port": None,
        "internal_access_path": f"{PREFIX}/{token.kind}",
    }
    return json_response({"console": found | {"tls_port": None} if at_least(request, 99) else found})


def _opened(house: House, site: Site, request: Request, protocol: str, kind: str) -> str:
    offered = OFFERED.get((protocol, kind))
    if offered is None:
        consoles.check_console(house, request.call(), server_id(request))
        raise Invalid("compute", field="type", reason="console_type", value=kind)
    token = consoles.open_console(house, request.call(), server_id(request), offered)
    return novnc_link(site.url(request), token) if kind == "novnc" else console_link(site.url(request), offered, token)
