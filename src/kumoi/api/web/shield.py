"""The headers that keep a page to itself: what may run in it, who may frame it, what it tells others.

Scripts run by the page's nonce only, no evaluated text, no inline handlers, no inline styles.
"""

import hashlib
import secrets
from typing import Final

from kumoi.api.edge.request import Request

_KEY: Final = secrets.token_bytes(32)  # of this process: a nonce is asked for twice, and never again
_FIXED: Final = (
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cache-control", "no-store"),
)


def nonce_of(request: Request) -> str:
    """The same for one request, unlike any other's, and not to be guessed from its id."""
    return hashlib.blake2b(request.id.encode(), key=_KEY, digest_size=16).hexdigest()


def headers(request: Request) -> tuple[tuple[str, str], ...]:
    """`Tongue.headers` of the dashboard."""
    nonce = nonce_of(request)
    policy = (
        "default-src 'none'",
        f"script-src 'nonce-{nonce}' 'strict-dynamic'",
        f"style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
    return (("content-security-policy", "; ".join(policy)), *_FIXED)
