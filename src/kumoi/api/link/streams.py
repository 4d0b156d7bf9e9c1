"""A host dials because somebody asked for a stream: it is handed to them, and kept until they leave it."""

from kumoi.api.edge.joining import Arrival
from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.core.errors import NotFound


async def stream(house: House, request: Request) -> None:
    """WEBSOCKET /streams/{ask}."""
    ask_id = request.params["ask"]
    arrival = Arrival(request.socket)
    if house.asks.waits(ask_id):
        await request.socket.accept()
    if not house.asks.dialled(ask_id, arrival):
        raise NotFound("host", kind="ask", id=ask_id)
    await arrival.left.wait()
