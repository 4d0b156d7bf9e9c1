"""Refusals that only HTTP knows, and the usual status of every refusal. Prose is in `text`, bodies are the tongues'."""

from typing import ClassVar, Final

from kumoi.core import errors


class NoRoute(errors.KumoiError):
    """No path like this one. Facts: method, path."""

    code: ClassVar[str] = "no_route"


class MethodNotAllowed(errors.KumoiError):
    """The path is served, but not by this method. Facts: method, path, allow (a list of methods)."""

    code: ClassVar[str] = "method_not_allowed"


class HeadersTooLarge(errors.KumoiError):
    """Facts: size, limit, in bytes."""

    code: ClassVar[str] = "headers_too_large"


class UnsupportedMediaType(errors.KumoiError):
    """The body is of a kind that the route does not read. Facts: got, wanted."""

    code: ClassVar[str] = "unsupported_media_type"


class TooManyTries(errors.KumoiError):
    """Secrets were tried too often from one place. Facts: retry_after_s."""

    code: ClassVar[str] = "too_many_tries"


class Internal(errors.KumoiError):
    """Our own fault; the log holds the traceback under the same request id. Facts: request_id."""

    code: ClassVar[str] = "internal"


class ClientGone(Exception):
    """The caller hung up: there is nobody to answer. Raised to readers of a body, never rendered."""


# A tongue whose dialect says otherwise (nova's quota refusal is 403, neutron's 409) overrides single entries.
STATUS: Final[dict[type[errors.KumoiError], int]] = {
    errors.Invalid: 400,
    errors.NotFound: 404,
    errors.Taken: 409,
    errors.InUse: 409,
    errors.WrongState: 409,
    errors.Stale: 409,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.QuotaExceeded: 403,
    errors.NoCapacity: 409,
    errors.NoAddress: 409,
    errors.TooLarge: 413,
    errors.Unsupported: 501,
    errors.Unavailable: 503,
    NoRoute: 404,
    MethodNotAllowed: 405,
    HeadersTooLarge: 431,
    UnsupportedMediaType: 415,
    TooManyTries: 429,
    Internal: 500,
}


def status_of(error: errors.KumoiError, overrides: dict[type[errors.KumoiError], int] | None = None) -> int:
    """The HTTP status of a refusal: the tongue's own first, then `STATUS`, by class and then by its bases."""
    for kind in type(error).__mro__:
        if overrides is not None and kind in overrides:
            return overrides[kind]
        if kind in STATUS:
            return STATUS[kind]
    return 500
