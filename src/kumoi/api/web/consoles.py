"""A console's websocket: at the address of its page, for the page and for clients that need none.

The link's token is all that is asked for, since it was made for this one use by who may. What does not belong here: the
page (pages/consoles), who gets a link (the tongues' remote consoles).
"""

from collections.abc import Mapping
from functools import partial
from typing import Final, get_args

import structlog

from kumoi.api.edge.joining import join
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.sockets import Socket
from kumoi.api.edge.text import say_console_end
from kumoi.api.web.console_watch import Watch
from kumoi.app.house import House
from kumoi.app.instances.consoles import DIALS_WITHIN_S, forget_console, is_console_token, use_console_token
from kumoi.core.consoles import ConsoleCut, ConsoleKind
from kumoi.core.errors import NotFound, WrongState

log = structlog.get_logger("kumoi.console")

KINDS: Final[tuple[ConsoleKind, ...]] = ("serial", "vnc")
CUTS: Final = frozenset(get_args(ConsoleCut))
# As HTTP's status codes, 4000 higher; for clients that read no sentences.
CODES: Final[Mapping[str, int]] = {
    "withdrawn": 4403,
    "deleted": 4404,
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


async def talk(house: House, watch: Watch, kind: ConsoleKind, request: Request) -> Response | None:
    """Spend the token, wait for the host, join both.

    Whoever brings a secret of its own (`again`) may open the console once more by both, and is told by an empty message
    that the host is there: our page does so.
    """
    socket = request.socket
    token, again = request.arg("token") or "", request.arg("again") or ""
    if not again and not await request.run_in("read", partial(is_console_token, house, token)):
        return Response(401)  # viewers that are not our page take any frame for the guest's
    await socket.accept("binary")  # what fails from here on is told by a close frame, which pages can read
    try:
        opened = await request.run_in("write", partial(use_console_token, house, token, kind, request.now, again))
    except (NotFound, WrongState) as e:
        await _close(socket, "guest_off" if isinstance(e, WrongState) else "deleted", request)
        return None
    facts = {"instance": opened.instance.id, "kind": kind, "user": opened.token.user_id, "request_id": request.id}
    log.info("console opened", **facts)
    try:
        with watch.over(opened.token, request) as cut:
            end = await join(socket, opened.stream, DIALS_WITHIN_S, cut, greeted=bool(again)) or "host_lost"
    except TimeoutError:
        end = "host_silent"
    if end in CUTS:
        await request.run_in("write", partial(forget_console, house, opened.token))
    log.info("console ended", **facts, end=end if not socket.code else "viewer_left")
    await _close(socket, end, request)
    return None


async def _close(socket: Socket, end: str, request: Request) -> None:
    await socket.close(CODES.get(end, CODES["host_lost"]), say_console_end(end, request.locale))
