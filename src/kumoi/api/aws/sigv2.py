"""Signature Version 2, in the fields of a query or form: what boto 2 and euca2ools send to EC2. SHA-256 only. Pure."""

import base64
import hmac
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from kumoi.api.aws.signing import SKEW_S, SecretOf, Sent, Signed, header_of, untrusted

METHOD: Final = "HmacSHA256"
_FIELDS: Final = ("AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion")


def verify(sent: Sent, fields: list[tuple[str, str]], now: float, secret_of: SecretOf) -> Signed | None:
    """The signature over `fields` (query and form together, decoded), None where there is none. Raises
    Unauthenticated. Anything repeated is refused: the signature does not say which of two would count."""
    named = dict(fields)
    if "AWSAccessKeyId" not in named:
        return None
    if len(named) != len(fields) or not all(named.get(f) for f in _FIELDS):
        raise untrusted("signature_malformed")
    if named["SignatureMethod"] != METHOD or named["SignatureVersion"] != "2":
        raise untrusted("signature_malformed")
    signed_at = _in_time(named, now)
    access_key = named["AWSAccessKeyId"]
    secret = secret_of(access_key)
    if secret is None:
        raise untrusted("unknown_access_key")
    text = _text(sent, named)
    expected = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256"))
    if not hmac.compare_digest(expected, named["Signature"].encode()):
        raise untrusted("signature_mismatch")
    return Signed(
        access_key=access_key,
        signed_at=signed_at,
        signature=named["Signature"],
        token=named.get("SecurityToken"),
    )


def _text(sent: Sent, named: dict[str, str]) -> str:
    host = (header_of(sent, b"host") or "").lower()
    path = sent.raw_path.decode("latin-1") or "/"
    pairs = sorted((n.encode(), v) for n, v in named.items() if n != "Signature")
    query = "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in pairs)
    return f"{sent.method}\n{host}\n{path}\n{query}"


def _in_time(named: dict[str, str], now: float) -> float:
    """When it was signed, or when it ends less the usual skew; exactly one of the two is given."""
    stamps = [named[f] for f in ("Timestamp", "Expires") if f in named]
    if len(stamps) != 1:
        raise untrusted("signature_malformed")
    try:
        at = datetime.fromisoformat(stamps[0])
        seconds = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise untrusted("signature_malformed") from None
    signed_at = seconds if "Timestamp" in named else seconds - SKEW_S
    if abs(now - signed_at) > SKEW_S:
        raise untrusted("request_expired")
    return signed_at
