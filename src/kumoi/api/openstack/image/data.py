"""PUT and GET /v2/images/{id}/file, PUT /v2/images/{id}/stage."""

from collections.abc import Callable
from functools import partial

from kumoi.api.edge.errors import UnsupportedMediaType
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.edge.streams import pieces, pump
from kumoi.app.house import House
from kumoi.app.images import doors, upload
from kumoi.app.images.upload import Filling
from kumoi.core.call import Call
from kumoi.core.ids import ImageId
from kumoi.core.images import Image

OCTETS = "application/octet-stream"
End = Callable[[House, Call, Filling], Image]


def routes(house: House) -> list[Route]:
    return [
        *(
            Route("PUT", f"/v2/images/{{id}}/{name}", partial(put, house, end), "image.update", "image", wait=True,
                  streamed=True, body_limit=upload.MOST_BYTES, success=204)
            for name, end in (("file", upload.finish), ("stage", upload.stage))
        ),
        Route("GET", "/v2/images/{id}/file", partial(get, house), "image.read", "image", wait=True),
    ]  # fmt: skip


async def put(house: House, end: End, request: Request) -> Response:
    kind = (request.header("content-type") or "").partition(";")[0].strip()
    if kind != OCTETS:
        raise UnsupportedMediaType("image", got=kind, wanted=OCTETS)
    call = request.call()
    filling = await request.run_in("write", partial(upload.begin, house, call, ImageId(request.params["id"])))
    done = False
    try:
        await pump(request.chunks(), filling.write, request.run_in)
        await request.run_in("hash", partial(end, house, call, filling))
        done = True
    finally:
        if not done:
            await request.run_in("write", partial(upload.give_up, house, filling))
    return no_content()


async def get(house: House, request: Request) -> Response:
    look = partial(doors.layer_of, house, request.call(), ImageId(request.params["id"]))
    image, layer = await request.run_in("read", look)
    if layer is None and image.locations:
        return Response(200, None, OCTETS, (), pieces(house.fetcher.fetch(image.locations[0].url), request.run_in))
    if layer is None:
        return no_content()
    source = house.blobs.read(layer.sha256)
    headers = (("Content-MD5", image.checksum or ""),)
    return Response(200, None, OCTETS, headers, pieces(source, request.run_in), layer.size_bytes)
