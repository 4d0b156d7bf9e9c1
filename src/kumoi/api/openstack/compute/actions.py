"""POST /servers/{id}/action: power, rest, shelf, lock, and the console's text."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Literal

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances import change, delete, power, rest, shelve
from kumoi.app.instances.console_log import ANSWER_WITHIN_S, ask_console
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unavailable
from kumoi.core.ids import InstanceId

CONSOLE_BYTES = 102_400
REASON_MOST: Final = 255


class _Reboot(msgspec.Struct):
    type: Literal["SOFT", "HARD", "soft", "hard", "Soft", "Hard"]


class RebootBody(msgspec.Struct):
    reboot: _Reboot


class _Console(msgspec.Struct):
    length: int | str | None = None


class ConsoleBody(msgspec.Struct):
    console: _Console = msgspec.field(name="os-getConsoleOutput")


class _Unshelve(msgspec.Struct, forbid_unknown_fields=True):
    availability_zone: str | msgspec.UnsetType | None = msgspec.UNSET
    host: str | None = None


class UnshelveBody(msgspec.Struct):
    unshelve: _Unshelve | None


class _Lock(msgspec.Struct, forbid_unknown_fields=True):
    locked_reason: str


class LockBody(msgspec.Struct):
    lock: _Lock | None


Door = Callable[[House, Call, InstanceId], object]
# What needs no more than the server's name.
_POWER: Final[dict[str, Door]] = {
    "os-start": power.start,
    "os-stop": power.stop,
    "pause": rest.pause,
    "unpause": rest.unpause,
    "suspend": rest.suspend,
    "resume": rest.resume,
    "shelve": shelve.shelve,
    "restore": delete.restore,
}


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/action"
    return [
        *(
            Route("POST", path, waited(partial(plain, house, door)), "instance.power", "compute", body_key=name,
                  wait=True, success=202)
            for name, door in _POWER.items()
        ),
        Route("POST", path, waited(partial(reboot, house)), "instance.power", "compute", body_key="reboot",
              body_type=RebootBody, wait=True,
              success=202),
        Route("POST", path, waited(partial(plain, house, shelve.offload)), "instance.offload", "compute",
              body_key="shelveOffload", wait=True, success=202),
        Route("POST", path, waited(partial(unshelve, house)), "instance.power", "compute", body_key="unshelve",
              body_type=UnshelveBody, wait=True, success=202),
        Route("POST", path, waited(partial(lock, house)), "instance.update", "compute", body_key="lock",
              body_type=LockBody, wait=True, success=202),
        Route("POST", path, waited(partial(unlock, house)), "instance.update", "compute", body_key="unlock", wait=True,
              success=202),
        Route("POST", path, waited(partial(force_delete, house)), "instance.delete", "compute",
              body_key="forceDelete", wait=True, success=202),
        Route("POST", path, partial(console, house), "instance.console", "compute", body_key="os-getConsoleOutput",
              body_type=ConsoleBody, wait=True),
    ]  # fmt: skip


def accepted() -> Response:
    return Response(202)


def plain(house: House, door: Door, request: Request) -> Response:
    door(house, request.call(), server_id(request))
    return accepted()


def reboot(house: House, request: Request) -> Response:
    hard = request.json(RebootBody).reboot.type.upper() == "HARD"
    power.reboot(house, request.call(), server_id(request), hard=hard)
    return accepted()


def unshelve(house: House, request: Request) -> Response:
    """Since 2.77 a zone may be named, since 2.91 a host: its disk is where it is, so only that one will do."""
    told = request.json(UnshelveBody).unshelve
    zone, host = (told.availability_zone, told.host) if told is not None else (msgspec.UNSET, None)
    named = told is not None
    if (named and not at_least(request, 77)) or ((host is not None or zone is None) and not at_least(request, 91)):
        raise Invalid("api", field="unshelve", reason="unknown_field")
    pin = None if isinstance(zone, msgspec.UnsetType) else zone or ""
    shelve.unshelve(house, request.call(), server_id(request), zone=pin, host_name=host or "")
    return accepted()


def lock(house: House, request: Request) -> Response:
    told = request.json(LockBody).lock
    if told is not None and not at_least(request, 73):
        raise Invalid("api", field="lock.locked_reason", reason="unknown_field")
    reason = told.locked_reason if told is not None else ""
    if told is not None and not 1 <= len(reason) <= REASON_MOST:
        raise Invalid("api", field="lock.locked_reason", reason="length", bound=f"from 1 to {REASON_MOST}")
    change.lock(house, request.call(), server_id(request), locked=True, reason=reason)
    return accepted()


def unlock(house: House, request: Request) -> Response:
    change.lock(house, request.call(), server_id(request), locked=False)
    return accepted()


def force_delete(house: House, request: Request) -> Response:
    """There is no soft delete here, so this is the same as DELETE."""
    delete.delete(house, request.call(), server_id(request))
    return accepted()


async def console(house: House, request: Request) -> Response:
    lines = _lines(request.json(ConsoleBody).console.length)
    answer = await request.run_in(
        "read", partial(ask_console, house, request.call(), server_id(request), CONSOLE_BYTES)
    )
    try:
        data = await asyncio.wait_for(asyncio.wrap_future(answer), ANSWER_WITHIN_S)
    except TimeoutError as e:
        raise Unavailable("host", what="agent", retry_after_s=5) from e
    text = data.decode("utf-8", "replace")
    if lines is not None:
        text = "".join(text.splitlines(keepends=True)[-lines:]) if lines else ""
    return json_response({"output": text})


def waited(handler: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Routes of one path are read alike, and the console's must wait."""

    async def wait(request: Request) -> Response:
        response: Response = await request.run_in("write", partial(handler, request))
        return response

    return wait


def _lines(length: int | str | None) -> int | None:
    """None for all; -1 means all too."""
    if length is None or str(length) == "-1":
        return None
    if not str(length).isdigit():
        raise Invalid("api", field="os-getConsoleOutput.length", reason="wrong_type", expected="int", got=str(length))
    return int(length)
