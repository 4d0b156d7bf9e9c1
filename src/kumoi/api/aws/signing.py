"""Who signed a request, in any of AWS's ways: SigV4 by header or presigned address, SigV2 in the fields of a query.

Pure: the time and the secrets come in. What is refused is core's Unauthenticated with a reason of `errors.UNTRUSTED`.

A signature holds for a while, so whoever overhears a request can send it again: up to `SKEW_S` before and after its
time (a presigned address until it expires). The remedies are TLS, EC2's client tokens, and for callers that want
more, a set of the `Signed.signature`s seen within that time: nothing here keeps state.
"""

from collections.abc import Callable
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

import msgspec

from kumoi.core.errors import Unauthenticated

SKEW_S: Final = 900.0
SecretOf = Callable[[str], str | None]
Payload = Literal["whole", "by_hash", "unsigned", "chunks"]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came off the wire. `body` is None where it is streamed and has not been read."""

    method: str
    raw_path: bytes
    raw_query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes | None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a signature must be good for. `regions` None is any; `now` is seconds since the epoch."""

    service: str
    now: float
    regions: frozenset[str] | None = None


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A signature that holds.

    payload      whole: the body was checked · by_hash: the reader must find `payload_sha256` · unsigned: nothing says
                 what the body is · chunks: `aws-chunked`, each chunk signed on from `signature` by `key` and `scope`
    token        the session token that came along, for the caller to check
    signed_at    seconds since the epoch
    """

    access_key: str
    signed_at: float
    signature: str
    payload: Payload = "whole"
    payload_sha256: str | None = None
    token: str | None = None
    key: bytes = b""
    scope: str = ""


def untrusted(reason: str) -> Unauthenticated:
    return Unauthenticated("identity", reason=reason)


def header_of(sent: Sent, name: bytes) -> str | None:
    """A header's one value, None where it is missing. Raises Unauthenticated where it is repeated."""
    values = [v for k, v in sent.headers if k == name]
    if len(values) > 1:
        raise untrusted("signature_malformed")
    return values[0].decode("latin-1") if values else None


def query_of(raw: bytes) -> list[tuple[bytes, bytes]]:
    """The query's pairs, percent-decoded only: a plus is a plus to a signature."""
    pairs = (part.partition(b"=") for part in raw.split(b"&") if part)
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pairs]


def once(pairs: list[tuple[bytes, bytes]], name: bytes) -> str | None:
    """A field's one value. Raises Unauthenticated where it is repeated or no ASCII."""
    values = [v for k, v in pairs if k == name]
    if not values:
        return None
    if len(values) > 1 or not values[0].isascii():
        raise untrusted("signature_malformed")
    return values[0].decode("ascii")
