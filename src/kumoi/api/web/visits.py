"""Who visits: the session's cookie, the token against forged requests, and the language of every answer.

A token belongs to a session *and* to its project: a page that was opened before the project was switched in another tab
cannot do by accident in one project what was meant for another.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.identity.web_sessions import Visitor, visitor_of
from kumoi.core.call import Actor, Locale
from kumoi.core.errors import Forbidden, Unauthenticated
from kumoi.core.web_sessions import AGE_MOST_S

SAFE: Final = frozenset({"GET", "HEAD"})
PROOF_HEADER: Final = "x-csrf-token"
PROOF_FIELD: Final = "csrf"
LOCALE_COOKIE: Final = "kumoi_locale"
_MASK_BYTES: Final = 16


def authenticate(house: House, since: Callable[[], int]) -> Callable[[Request], Actor]:
    """`Tongue.authenticate`: the visitor of a session; for what is not a mere read, only with the page's own token.

    `since` tells the last event known: asked first, so that what happens while a page is made is told to it.
    """

    def found(request: Request) -> Actor:
        speak(request, None)
        secret = request.cookie(session_cookie(request))
        if not secret:
            raise Unauthenticated("identity", reason="session")
        known = since()
        visitor = replace(visitor_of(house, secret), since=known)
        speak(request, visitor)
        if request.method not in SAFE:
            check_forged(request, secret, visitor.session.project_id)
        return visitor

    return found


def visitor(request: Request) -> Visitor:
    """Who asked, on a route that is not anonymous."""
    assert isinstance(request.actor, Visitor)
    return request.actor


def speak(request: Request, visitor: Visitor | None) -> None:
    """By the account's wish, else the browser's choice of before, else what its header asks for."""
    wished = visitor.preference.locale if visitor is not None else ""
    cookie = request.cookie(LOCALE_COOKIE)
    known: Locale | None = "ja" if cookie == "ja" else "en" if cookie == "en" else None
    request.chosen_locale = wished or known


# --- cookies --------------------------------------------------------------------------------------------


def session_cookie(request: Request) -> str:
    """Its name. Browsers keep cookies by host, not by port, and a machine may have several clouds."""
    host = request.header("host") or ""
    port = host.rpartition(":")[2] if ":" in host and not host.endswith("]") else ""
    return f"{'__Host-' if request.scheme == 'https' else ''}kumoi{'_' + port if port.isdigit() else ''}"


def set_session(request: Request, secret: str) -> tuple[str, str]:
    """The header that gives a browser its session; an empty secret takes it away."""
    age = int(AGE_MOST_S) if secret else 0
    return set_cookie(request, session_cookie(request), secret, age)


def set_cookie(request: Request, name: str, value: str, age_s: int) -> tuple[str, str]:
    secure = "; Secure" if request.scheme == "https" else ""
    return "set-cookie", f"{name}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}"


# --- against forged requests ----------------------------------------------------------------------------


def token_for(secret: str, project_id: str, mask: bytes) -> str:
    """The page's token, masked by fresh random bytes: a compressed answer then tells nothing about it."""
    mask = mask[:_MASK_BYTES].ljust(_MASK_BYTES, b"\0")
    plain = _plain_token(secret, project_id)
    return base64.urlsafe_b64encode(mask + bytes(a ^ b for a, b in zip(plain, mask, strict=True))).decode()


def check_forged(request: Request, secret: str, project_id: str) -> None:
    """Forbidden (reason forged) unless the token is this session's, and no other site sent the request."""
    sent = request.header(PROOF_HEADER) or next((v for k, v in request.form if k == PROOF_FIELD), "")
    if not (same_origin(request) and _is_token(sent, _plain_token(secret, project_id))):
        raise Forbidden("identity", action="web_session.own", reason="forged", needs=["token"])


def same_origin(request: Request) -> bool:
    """Whether the browser, where it says so at all, says that our own page asked."""
    if request.header("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.header("origin")
    return origin is None or origin.partition("://")[2] == request.header("host")


def _plain_token(secret: str, project_id: str) -> bytes:
    return hmac.digest(secret.encode(), f"csrf/{project_id}".encode(), hashlib.sha256)[:_MASK_BYTES]


def _is_token(sent: str, plain: bytes) -> bool:
    try:
        both = base64.urlsafe_b64decode(sent.encode("ascii", "replace"))
    except ValueError:
        return False
    mask, masked = both[:_MASK_BYTES], both[_MASK_BYTES:]
    if len(mask) != _MASK_BYTES or len(masked) != _MASK_BYTES:
        return False
    return hmac.compare_digest(bytes(a ^ b for a, b in zip(mask, masked, strict=True)), plain)
