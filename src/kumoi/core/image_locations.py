"""Where an image's bytes are, when they are not here: what may become of its list of places. Pure."""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kumoi.core.errors import Forbidden, Invalid, Taken
from kumoi.core.images import Image, Location

ALGORITHM: Final = "sha512"
_HEX: Final = frozenset("0123456789abcdef")
_DIGITS: Final = {"checksum": 32, "os_hash_value": 128}


class Promise(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the bytes at a place are said to hash to; they are held to it when they are fetched."""

    checksum: str | None = None
    os_hash_value: str | None = None
    os_hash_algo: str | None = None

    def check(self) -> None:
        for field, digits in _DIGITS.items():
            value = getattr(self, field)
            if value is not None and (len(value) != digits or not _HEX.issuperset(value.lower())):
                raise Invalid("image", field=field, reason="format")
        if (self.os_hash_algo is None) != (self.os_hash_value is None):
            raise Invalid("image", field="os_hash_algo", reason="missing", name="os_hash_algo")
        if self.os_hash_algo not in {None, ALGORITHM}:
            raise Invalid("image", field="os_hash_algo", reason="not_in_enum", value=str(self.os_hash_algo))


class Wished(msgspec.Struct, frozen=True, kw_only=True):
    """A place as a caller gives it."""

    url: str
    metadata: dict[str, Any] = {}
    validation_data: Promise | None = None


def relocated(image: Image, wished: list[Wished]) -> Image:
    """The image with these places instead of its own. Raises Invalid, Forbidden (last_location), Taken (hash).

    One may be added, or removed, or what is noted about it may change; places are not swapped for others. The first
    place makes a queued image active: it has bytes now, though not here.
    """
    before, after = [place.url for place in image.locations], [place.url for place in wished]
    if before and not after:
        raise Forbidden("image", action="image.update", reason="last_location", needs=[])
    added = [url for url in after if url not in before]
    removed = [url for url in before if url not in after]
    if len(after) != len(set(after)) or (added and removed) or len(added) > 1 or len(removed) > 1:
        raise Invalid("image", field="locations", reason="only_one")
    if image.status not in {"queued", "active"} or image.layer_id is not None:
        raise Forbidden("image", action="image.update", reason="not_queued", needs=["queued"])
    promised = _promised(image, next((place for place in wished if place.url in added), None))
    places = tuple(
        Location(url=place.url, metadata={key: str(value) for key, value in place.metadata.items()}) for place in wished
    )
    return replace(promised, locations=places, status="active" if places else image.status)


def _promised(image: Image, place: Wished | None) -> Image:
    """A further place must promise the bytes that the first one did."""
    promise = place.validation_data if place is not None else None
    if promise is None:
        return image
    if image.locations:
        for field, known, said in (
            ("checksum", image.checksum, promise.checksum),
            ("os_hash_value", image.sha512, promise.os_hash_value),
            ("os_hash_algo", ALGORITHM, promise.os_hash_algo),
        ):
            if said is not None and said != known:
                raise Taken("image", kind="location", name=field)
    promise.check()
    return replace(image, checksum=promise.checksum, sha512=promise.os_hash_value)
