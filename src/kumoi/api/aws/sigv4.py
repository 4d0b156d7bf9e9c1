"""Signature Version 4: by header, or presigned in the query. Pure; see `signing` for its terms and results."""

import hmac
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote_to_bytes

import msgspec

from kumoi.api.aws.signing import (
    SKEW_S,
    Payload,
    SecretOf,
    Sent,
    Signed,
    Terms,
    header_of,
    once,
    query_of,
    untrusted,
)

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
CHUNKED: Final = frozenset(
    {
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    }
)
UNSIGNED_CHUNKED: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
LONGEST_EXPIRY_S: Final = 7 * 24 * 3600

_CREDENTIAL: Final = re.compile(
    r"([A-Za-z0-9_-]{1,128})/([0-9]{8})/([A-Za-z0-9_-]{1,64})/([a-z0-9-]{1,64})/aws4_request"
)
_TIME: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_NAMES: Final = re.compile(r"[!-:<-~]+(;[!-:<-~]+)*")


class _Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What the request says of its own signature."""

    credential: str
    names: str
    signature: str
    stamp: str  # the time as it was signed: 20261120T120000Z
    expires_s: int | None = None  # of a presigned address
    token: str | None = None


def verify(sent: Sent, terms: Terms, secret_of: SecretOf) -> Signed | None:
    """The signature, None where the request carries none of this version. Raises Unauthenticated."""
    pairs = query_of(sent.raw_query)
    authorization = header_of(sent, b"authorization")
    presigned = once(pairs, b"X-Amz-Algorithm")
    if authorization is None and presigned is None:
        return None
    if presigned is None:
        if authorization is None or not authorization.startswith(ALGORITHM):
            return None
        claim = _by_header(sent, authorization)
    elif authorization is None and presigned == ALGORITHM:
        claim = _by_query(pairs)
    else:
        raise untrusted("signature_malformed")
    return _checked(sent, terms, secret_of, claim, pairs)


def _checked(sent: Sent, terms: Terms, secret_of: SecretOf, claim: _Claim, pairs: list[tuple[bytes, bytes]]) -> Signed:
    found = _CREDENTIAL.fullmatch(claim.credential)
    if found is None or not _HEX.fullmatch(claim.signature) or not _NAMES.fullmatch(claim.names):
        raise untrusted("signature_malformed")
    access_key, day, region, service = found.groups()
    if service != terms.service or (terms.regions is not None and region not in terms.regions):
        raise untrusted("wrong_scope")
    signed_at = _in_time(claim, day, terms.now)
    _all_signed(sent, claim)
    payload, body_hash = _payload(sent, terms.service, claim)
    secret = secret_of(access_key)
    if secret is None:
        raise untrusted("unknown_access_key")
    canonical = "\n".join(
        (
            sent.method,
            _path(sent.raw_path, terms.service),
            _query(pairs),
            _headers(sent, claim.names),
            claim.names,
            body_hash,
        )
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = sha256(canonical.encode("latin-1", "replace")).hexdigest()
    key = _key(secret, day, region, service)
    expected = _hmac(key, f"{ALGORITHM}\n{claim.stamp}\n{scope}\n{digest}").hex()
    if not hmac.compare_digest(expected, claim.signature):
        raise untrusted("signature_mismatch")
    return Signed(
        access_key=access_key,
        signed_at=signed_at,
        signature=claim.signature,
        payload=payload,
        payload_sha256=body_hash if payload == "by_hash" else None,
        token=claim.token,
        key=key,
        scope=scope,
    )


def _by_header(sent: Sent, authorization: str) -> _Claim:
    fields: dict[str, str] = {}
    for part in authorization[len(ALGORITHM) :].split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name in fields:
            raise untrusted("signature_malformed")
        fields[name] = value
    if fields.keys() != {"Credential", "SignedHeaders", "Signature"}:
        raise untrusted("signature_malformed")
    return _Claim(
        credential=fields["Credential"],
        names=fields["SignedHeaders"],
        signature=fields["Signature"],
        stamp=_stamp(sent),
        token=header_of(sent, b"x-amz-security-token"),
    )


def _stamp(sent: Sent) -> str:
    """The time that was signed: X-Amz-Date, or else Date in HTTP's form."""
    stamp = header_of(sent, b"x-amz-date")
    if stamp is not None:
        return stamp
    date = header_of(sent, b"date")
    try:
        at = parsedate_to_datetime(date or "")
    except ValueError:
        raise untrusted("signature_malformed") from None
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _by_query(pairs: list[tuple[bytes, bytes]]) -> _Claim:
    credential, names, signature, stamp, expires = (
        once(pairs, name)
        for name in (
            b"X-Amz-Credential",
            b"X-Amz-SignedHeaders",
            b"X-Amz-Signature",
            b"X-Amz-Date",
            b"X-Amz-Expires",
        )
    )
    if not (credential and names and signature and stamp and expires):
        raise untrusted("signature_malformed")
    if not (expires.isdigit() and len(expires) < 7 and 0 < int(expires) <= LONGEST_EXPIRY_S):
        raise untrusted("signature_malformed")
    return _Claim(
        credential=credential,
        names=names,
        signature=signature,
        stamp=stamp,
        expires_s=int(expires),
        token=once(pairs, b"X-Amz-Security-Token"),
    )


def _in_time(claim: _Claim, day: str, now: float) -> float:
    """When it was signed; Unauthenticated when that is too long ago, or too far ahead."""
    found = _TIME.fullmatch(claim.stamp)
    if found is None or not claim.stamp.startswith(day):
        raise untrusted("signature_malformed")
    try:
        year, month, mday, hour, minute, second = map(int, found.groups())
        at = datetime(year, month, mday, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        raise untrusted("signature_malformed") from None
    holds_s = SKEW_S if claim.expires_s is None else claim.expires_s
    if now > at + holds_s or now < at - SKEW_S:
        raise untrusted("request_expired")
    return at


def _all_signed(sent: Sent, claim: _Claim) -> None:
    """The host, the time and all of AWS's own headers must be under the signature, or they could be exchanged."""
    names = claim.names.split(";")
    needed = {b"host"} | {k for k, _ in sent.headers if k.startswith(b"x-amz-")}
    if claim.expires_s is None and b"x-amz-date" not in needed:
        needed.add(b"date")
    if not needed <= {n.encode("latin-1") for n in names} or names != sorted(set(names)):
        raise untrusted("headers_not_signed")


def _payload(sent: Sent, service: str, claim: _Claim) -> tuple[Payload, str]:
    """How the body is covered, and the text that stands for it under the signature."""
    stated = header_of(sent, b"x-amz-content-sha256")
    if stated is None and claim.expires_s is not None and service == "s3":
        stated = UNSIGNED
    if stated is None:
        if sent.body is None:
            raise untrusted("signature_malformed")
        return "whole", sha256(sent.body).hexdigest()
    if service == "s3" and stated in CHUNKED:
        return "chunks", stated
    if service == "s3" and stated in {UNSIGNED, UNSIGNED_CHUNKED}:
        return "unsigned", stated
    if not _HEX.fullmatch(stated):
        raise untrusted("signature_malformed")
    if sent.body is None:
        return "by_hash", stated
    if not hmac.compare_digest(sha256(sent.body).hexdigest(), stated):
        raise untrusted("payload_mismatch")
    return "whole", stated


def _path(raw: bytes, service: str) -> str:
    """S3 signs a path encoded once, as it stands; the others encode again what they send, dots and // resolved."""
    if service == "s3":
        return quote(unquote_to_bytes(raw), safe="/~")
    kept: list[bytes] = []
    for segment in raw.split(b"/"):
        if segment == b"..":
            kept = kept[:-1]
        elif segment not in {b"", b"."}:
            kept.append(segment)
    tail = b"/" if kept and raw.endswith(b"/") else b""
    return quote(b"/" + b"/".join(kept) + tail, safe="/~")


def _query(pairs: list[tuple[bytes, bytes]]) -> str:
    encoded = [(quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs if name != b"X-Amz-Signature"]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _headers(sent: Sent, names: str) -> str:
    """`name:value` lines in the signed order; one that did not arrive makes the signature wrong, as it should."""
    lines = []
    for name in names.split(";"):
        wanted = name.encode("latin-1")
        values = [b" ".join(v.split()).decode("latin-1") for k, v in sent.headers if k == wanted]
        lines.append(f"{name}:{','.join(values)}\n")
    return "".join(lines)


def _key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
