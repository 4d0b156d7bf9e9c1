"""The address of a console: every tongue gives it, api/web serves it."""

from typing import Final
from urllib.parse import parse_qsl, quote

from kumoi.core.consoles import ConsoleKind

PREFIX: Final = "/console"
NOVNC_PAGES: Final = ("/vnc_auto.html", "/vnc_lite.html", "/vnc.html")


def console_link(base: str, kind: ConsoleKind, token: str) -> str:
    """A page for browsers; a websocket for other clients, with ws for http. `base` as people reach the cloud."""
    return f"{base.rstrip('/')}{PREFIX}/{kind}?token={token}"


def novnc_link(base: str, token: str) -> str:
    """The same for a screen, as noVNC's own pages are addressed: `path` is where viewers find the websocket."""
    path = quote(f"{PREFIX}/vnc?token={token}".lstrip("/"), safe="")
    return f"{base.rstrip('/')}{NOVNC_PAGES[0]}?path={path}"


def token_in(path: str) -> str:
    """What a link of noVNC's kind says of it; empty for nothing."""
    return dict(parse_qsl(path.partition("?")[2])).get("token", "")
