"""POST /servers/{id}/action: changePassword and, since 2.17, trigger_crash_dump."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import accepted
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.app.instances.guest_acts import ANSWER_WITHIN_S, ask_interrupt, ask_password, check_acted
from kumoi.core.errors import Unavailable

# Of the image: whose password it is, where that is not root's.
_USER: Final = "os_admin_user"
_WINDOWS: Final = "windows"


class _Password(msgspec.Struct, forbid_unknown_fields=True):
    adminPass: str  # noqa: N815


class PasswordBody(msgspec.Struct):
    wanted: _Password = msgspec.field(name="changePassword")


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/action"
    return [
        Route("POST", path, partial(change_password, house), "instance.power", "compute", body_key="changePassword",
              body_type=PasswordBody, wait=True, success=202),
        Route("POST", path, partial(crash, house), "instance.power", "compute", body_key="trigger_crash_dump",
              wait=True, success=202, min_version=(2, 17)),
    ]  # fmt: skip


async def change_password(house: House, request: Request) -> Response:
    password = request.json(PasswordBody).wanted.adminPass

    def ask() -> "Future[bytes]":
        properties = read.get(house, request.call(), server_id(request)).instance.image_properties
        usual = "Administrator" if properties.get("os_type", "").lower() == _WINDOWS else "root"
        return ask_password(house, request.call(), server_id(request), properties.get(_USER) or usual, password)

    return await _done(request, ask)


async def crash(house: House, request: Request) -> Response:
    return await _done(request, partial(ask_interrupt, house, request.call(), server_id(request)))


async def _done(request: Request, ask: "Callable[[], Future[bytes]]") -> Response:
    """Nova only takes such a wish; here it is done, or refused in words."""
    answer = await request.run_in("write", ask)
    try:
        check_acted(await asyncio.wait_for(asyncio.wrap_future(answer), ANSWER_WITHIN_S))
    except TimeoutError as e:
        raise Unavailable("host", what="agent", retry_after_s=5) from e
    return accepted()
