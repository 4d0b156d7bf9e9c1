"""Signatures that another service received and asks about: EC2's of versions 2 and 4, and S3's.

It tells what was signed, not how it came over the wire: the service's own gateway has taken the request apart. Requests
to this cloud's own EC2 are checked by that tongue. Pure.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha1, sha256
from typing import Final
from urllib.parse import quote

import msgspec

SKEW_S: Final = 900.0
V4: Final = "AWS4-HMAC-SHA256"
_STAMP: Final = "%Y%m%dT%H%M%SZ"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A signed request of EC2's, as Keystone's `ec2tokens` describes it."""

    access: str
    signature: str
    host: str = ""
    verb: str = ""
    path: str = ""
    params: dict[str, str] = {}
    headers: dict[str, str] = {}
    body_hash: str = ""


def ec2_holds(asked: Asked, secret: str, now: float) -> bool:
    """Whether the signature is right, and of about now."""
    headers = {name.lower(): value for name, value in asked.headers.items()}
    if V4 in headers.get("authorization", "") or asked.params.get("X-Amz-Algorithm") == V4:
        return _holds_v4(asked, headers, secret, now)
    return _holds_v2(asked, secret, now)


def s3_holds(signed: str, signature: str, secret: str, now: float) -> bool:
    """Of the text that was signed; version 4 says in it when, what is older does not and is not taken."""
    lines = signed.split("\n")
    if len(lines) != 4 or lines[0] != V4 or not _is_now(lines[1], now):
        return False
    expected = _v4(secret, lines[2], signed)
    return expected is not None and hmac.compare_digest(expected.encode(), signature.encode())


def text_of(encoded: str) -> str | None:
    """The text that was signed, out of its base64 of either alphabet."""
    try:
        return base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _holds_v2(asked: Asked, secret: str, now: float) -> bool:
    params = {name: value for name, value in asked.params.items() if name != "Signature"}
    algorithm = {"HmacSHA256": sha256, "HmacSHA1": sha1}.get(params.get("SignatureMethod", ""))
    if params.get("SignatureVersion") != "2" or algorithm is None or not _is_recent(params.get("Timestamp", ""), now):
        return False
    query = "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in sorted(params.items()))
    text = f"{asked.verb}\n{asked.host.lower()}\n{asked.path}\n{query}"
    expected = base64.b64encode(hmac.digest(secret.encode(), text.encode(), algorithm))
    return hmac.compare_digest(expected, asked.signature.encode())


def _holds_v4(asked: Asked, headers: Mapping[str, str], secret: str, now: float) -> bool:
    said = _authorization(headers.get("authorization", "")) or {
        "Credential": asked.params.get("X-Amz-Credential", ""),
        "SignedHeaders": asked.params.get("X-Amz-SignedHeaders", ""),
    }
    stamp = headers.get("x-amz-date") or asked.params.get("X-Amz-Date", "")
    access, _, scope = said["Credential"].partition("/")
    names = said["SignedHeaders"].split(";")
    if access != asked.access or "host" not in names or not _is_now(stamp, now) or not scope.startswith(stamp[:8]):
        return False
    params = sorted((quote(n, safe="~"), quote(v, safe="~")) for n, v in asked.params.items() if n != "X-Amz-Signature")
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names)
    query = "&".join(f"{name}={value}" for name, value in params)
    body_hash = asked.body_hash or headers.get("x-amz-content-sha256", sha256(b"").hexdigest())
    canonical = "\n".join((asked.verb, asked.path, query, lines, said["SignedHeaders"], body_hash))
    digest = sha256(canonical.encode()).hexdigest()
    expected = _v4(secret, scope, f"{V4}\n{stamp}\n{scope}\n{digest}")
    return expected is not None and hmac.compare_digest(expected.encode(), asked.signature.encode())


def _authorization(header: str) -> dict[str, str] | None:
    if not header.startswith(V4):
        return None
    parts = (part.strip().partition("=") for part in header[len(V4) :].split(","))
    found = {name: value for name, _, value in parts}
    return found if {"Credential", "SignedHeaders"} <= found.keys() else None


def _v4(secret: str, scope: str, text: str) -> str | None:
    parts = scope.split("/")
    if len(parts) != 4 or parts[3] != "aws4_request":
        return None
    key = f"AWS4{secret}".encode()
    for part in parts:
        key = hmac.digest(key, part.encode(), sha256)
    return hmac.digest(key, text.encode(), sha256).hex()


def _is_now(stamp: str, now: float) -> bool:
    try:
        at = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return abs(now - at) <= SKEW_S


def _is_recent(text: str, now: float) -> bool:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return False
    return abs(now - (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) <= SKEW_S
