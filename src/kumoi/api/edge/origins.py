"""Which site's pages may open a websocket here: browsers send cookies and tell nobody but us where a page is from."""

from collections.abc import Collection

from kumoi.api.edge.request import Request
from kumoi.core.errors import Forbidden


def check_origin(request: Request, public: Collection[str]) -> None:
    """Refuse with Forbidden the pages of other sites; what is no browser sends no Origin.

    `public` are addresses of ours that a proxy in front may have replaced in Host (`https://cloud.example`).
    """
    origin = request.header("origin")
    if origin is None:
        return
    host = (request.header("host") or "").lower()
    if origin.lower() not in {f"http://{host}", f"https://{host}", *(p.lower().rstrip("/") for p in public)}:
        raise Forbidden("api", action="websocket", reason="origin", origin=origin)
