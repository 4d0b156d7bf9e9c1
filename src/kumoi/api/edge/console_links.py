"""The address of a console: every tongue gives it, api/web serves it."""

from typing import Final

from kumoi.core.consoles import ConsoleKind

PREFIX: Final = "/console"


def console_link(base: str, kind: ConsoleKind, token: str) -> str:
    """A page for browsers; a websocket for other clients, with ws for http. `base` as people reach the cloud."""
    return f"{base.rstrip('/')}{PREFIX}/{kind}?token={token}"
