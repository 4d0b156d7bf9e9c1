"""EC2's spellings of ids: a prefix and the first 17 hex digits of the UUID. From a caller's text to the thing."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import EC2_DIGITS, Ec2Prefix, from_ec2, uuid_start
from kumoi.core.query import Filter, Query

V = TypeVar("V")

PREFIXES: Final[dict[str, Ec2Prefix]] = {
    "instance": "i",
    "image": "ami",
    "keypair": "key",
    "security_group": "sg",
    "security_rule": "sgr",
    "subnet": "subnet",
    "vpc": "vpc",
    "nic": "eni",
    "attachment": "eni-attach",
    "public_address": "eipalloc",
    "volume": "vol",
    "volume_snapshot": "snap",
    "association": "eipassoc",
}
KINDS: Final[dict[str, str]] = {prefix: kind for kind, prefix in PREFIXES.items()}


def digits(kind: str, text: str) -> str:
    """The hex digits of an id of this kind. Invalid (malformed_id) for a text that is none."""
    found = from_ec2(PREFIXES[kind], text)
    if found is None:
        raise Invalid("api", field=kind, reason="malformed_id", kind=kind, value=text)
    return found


def starts(kind: str, text: str) -> Filter:
    """The rows whose UUID begins with this id's digits. NotFound for the short ids of old, which nothing here has."""
    found = digits(kind, text)
    if len(found) != EC2_DIGITS:
        raise not_found(kind, text)
    return Filter("id", "prefix", uuid_start(found))


def not_found(kind: str, text: str) -> NotFound:
    return NotFound("api", kind=kind, id=text)


def each(kind: str, texts: Iterable[str], find: Callable[[Query], list[V]]) -> list[V]:
    """What `find` has under each of the ids, in their order, each once. Raises Invalid, NotFound."""
    return [one(kind, text, find) for text in dict.fromkeys(texts)]


def one(kind: str, text: str, find: Callable[[Query], list[V]]) -> V:
    found = find(Query(filters=(starts(kind, text),)))
    if not found:
        raise not_found(kind, text)
    return found[0]


def kind_of(text: str) -> str:
    """The kind of thing that an id of any kind names. Raises Invalid (malformed_id)."""
    kind = KINDS.get(text.rpartition("-")[0])
    if kind is None:
        raise Invalid("api", field="ResourceId", reason="malformed_id", kind="resource", value=text)
    return kind
