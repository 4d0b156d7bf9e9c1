"""PUT /copies/{image}: a host gives the bytes of a disk's copy. What the offer says stands in a header, as JSON."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, no_content
from kumoi.api.edge.streams import pump
from kumoi.app.house import House
from kumoi.app.images import copying, upload
from kumoi.core.copies import CopyOffer
from kumoi.core.errors import Invalid

OFFER = "kumoi-offer"


async def take(house: House, request: Request) -> Response:
    offer = _offer(request)
    filling = await request.run_in("link", partial(copying.begin, house, offer))
    try:
        await pump(request.chunks(), filling.write, request.run_in)
        await request.run_in("hash", partial(copying.finish, house, offer, filling))
    finally:
        await request.run_in("link", partial(upload.give_up, house, filling))
    return no_content()


def _offer(request: Request) -> CopyOffer:
    try:
        offer = msgspec.json.decode(request.header(OFFER) or "", type=CopyOffer)
    except msgspec.MsgspecError as e:
        raise Invalid("host", field=OFFER, reason="unreadable", detail=str(e)) from e
    if offer.image_id != request.params["image"]:
        raise Invalid("host", field=OFFER, reason="format")
    return offer
