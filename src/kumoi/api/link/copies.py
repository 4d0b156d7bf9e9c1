"""PUT /copies/{image}: a host gives the bytes of a disk's copy, for an image or a backup. What the offer says stands in
a header, as JSON."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, no_content
from kumoi.api.edge.streams import pump
from kumoi.app.hosts import copies
from kumoi.app.house import House
from kumoi.core.copies import CopyOffer
from kumoi.core.errors import Invalid

OFFER = "kumoi-offer"


async def take(house: House, request: Request) -> Response:
    intake = await request.run_in("link", partial(copies.begin, house, _offer(request)))
    try:
        await pump(request.chunks(), intake.write, request.run_in)
        await request.run_in("hash", intake.finish)
    finally:
        await request.run_in("link", intake.end)
    return no_content()


def _offer(request: Request) -> CopyOffer:
    try:
        offer = msgspec.json.decode(request.header(OFFER) or "", type=CopyOffer)
    except msgspec.MsgspecError as e:
        raise Invalid("host", field=OFFER, reason="unreadable", detail=str(e)) from e
    if offer.image_id != request.params["image"]:
        raise Invalid("host", field=OFFER, reason="format")
    return offer
