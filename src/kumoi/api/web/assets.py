"""What browsers load besides pages: the files below assets/, under an address that changes with any of them.

    /assets/3f9c…/console/serial.js      `Assets.url("console/serial.js")`, kept by browsers for ever

One digest over all files, not one each: so modules that import each other by relative paths always are of one build.
A page that was loaded before an upgrade asks by the old digest; it gets what there is now, not to be kept.

What does not belong here: pages (pages/), what we did not write (assets/vendor, by tools/vendor_assets.py).
"""

import gzip
import hashlib
from functools import cached_property
from pathlib import Path
from typing import Final

from kumoi.api.edge.plain import render_plain
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route, Tongue
from kumoi.core.call import Actor
from kumoi.core.errors import NotFound, Unauthenticated

PREFIX: Final = "/assets"
FOLDER: Final = Path(__file__).parent / "assets"
# By suffix; other files (licences, sums, pins) are not served.
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
}
_PACKED_ALREADY: Final = frozenset({".png", ".woff2"})
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NOT_KEPT: Final = "no-cache"


class Asset:
    """One file, read and packed when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.content_type: str = TYPES[path.suffix]

    @cached_property
    def plain(self) -> bytes:
        return self._path.read_bytes()

    @cached_property
    def packed(self) -> bytes | None:
        """By gzip, the same bytes every time; None where that makes it no smaller."""
        if self._path.suffix in _PACKED_ALREADY:
            return None
        packed = gzip.compress(self.plain, mtime=0)
        return packed if len(packed) < len(self.plain) else None

    @cached_property
    def etag(self) -> str:
        return hashlib.sha256(self.plain).hexdigest()[:32]


class Assets:
    """The files of a folder by their paths below it. Immutable after construction."""

    def __init__(self, folder: Path = FOLDER) -> None:
        paths = sorted(p for p in folder.rglob("*") if p.suffix in TYPES and p.is_file())
        self._files = {p.relative_to(folder).as_posix(): Asset(p) for p in paths}
        whole = hashlib.sha256()
        for name, asset in self._files.items():
            whole.update(f"{name}\0".encode() + hashlib.sha256(asset.plain).digest())
            del asset.plain  # read again by the few that are asked for
        self.digest = whole.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Where a page finds it. Raises KeyError for what is not there, so that no page names it in vain."""
        if name not in self._files:
            raise KeyError(name)
        return f"{PREFIX}/{self.digest}/{name}"

    def urls(self, folder: str) -> list[str]:
        """All below a folder, for pages that have the browser fetch modules before it meets their imports."""
        return [self.url(name) for name in self._files if name.startswith(f"{folder}/")]

    def answer(self, request: Request) -> Response:
        """The handler of GET and HEAD."""
        name = request.params["name"]
        asset = self._files.get(name)
        if asset is None:
            raise NotFound("api", kind="file", id=name)
        packed = asset.packed if _takes_gzip(request.header("accept-encoding")) else None
        etag = f'"{asset.etag}"' if packed is None else f'"{asset.etag}-gz"'
        headers = [
            ("etag", etag),
            ("cache-control", _FOR_EVER if request.params["digest"] == self.digest else _NOT_KEPT),
            ("vary", "accept-encoding"),
        ]
        if etag in _listed(request.header("if-none-match")):
            return Response(304, None, None, headers)
        if packed is not None:
            headers.append(("content-encoding", "gzip"))
        return Response(200, asset.plain if packed is None else packed, asset.content_type, headers)


def tongue(assets: Assets) -> Tongue:
    """Mounted at /assets, for anybody: there is nothing in them that the package does not tell."""
    return Tongue(
        name="assets",
        prefix=PREFIX,
        routes=[Route("GET", "/{digest}/{name*}", assets.answer, service="web", anonymous=True)],
        authenticate=_nobody,
        render_error=render_plain,
    )


def _takes_gzip(accepted: str | None) -> bool:
    """RFC 9110 §12.5.3, as far as one coding needs it."""
    for item in (accepted or "").split(","):
        coding, _, weight = item.partition(";")
        if coding.strip().lower() in {"gzip", "*"}:
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _listed(tags: str | None) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in (tags or "").split(",")}


def _nobody(_request: Request) -> Actor:
    raise Unauthenticated(reason="no_credentials")
