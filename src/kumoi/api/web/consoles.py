"""A console's websocket: at the address of its page, for the page and for clients that need none.

The link's token is all that is asked for, since it was made for this one use by who may. What does not belong here: the
page (pages/consoles), who gets a link (the tongues' remote consoles).
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

import structlog

from kumoi.api.edge.joining import join
from kumoi.api.edge.request import Request
from kumoi.api.edge.text import say_console_end
from kumoi.app.house import House
from kumoi.app.instances.consoles import DIALS_WITHIN_S, use_console_token
from kumoi.core.consoles import ConsoleKind

log = structlog.get_logger("kumoi.console")

KINDS: Final[tuple[ConsoleKind, ...]] = ("serial", "vnc")
# As HTTP's status codes, 4000 higher; for clients that read no sentences.
CODES: Final[Mapping[str, int]] = {
    "guest_off": 4409,
    "guest_ended": 4410,
    "taken_over": 4423,
    "too_slow": 4408,
    "too_many": 4429,
    "host_failed": 4502,
    "host_stops": 4503,
    "host_lost": 4502,
    "host_silent": 4504,
}


async def talk(house: House, kind: ConsoleKind, request: Request) -> None:
    """Spend the token, wait for the host, join both."""
    socket = request.socket
    await socket.accept("binary")  # what fails from here on is told by a close frame, which pages can read
    token = request.arg("token") or ""
    opened = await request.run_in("write", partial(use_console_token, house, token, kind, request.now))
    facts = {"instance": opened.instance.id, "kind": kind, "user": opened.token.user_id, "request_id": request.id}
    log.info("console opened", **facts)
    try:
        end = await join(socket, opened.stream, DIALS_WITHIN_S) or "host_lost"
    except TimeoutError:
        end = "host_silent"
    log.info("console ended", **facts, end=end if not socket.code else "viewer_left")
    await socket.close(CODES.get(end, CODES["host_lost"]), say_console_end(end, request.locale))
