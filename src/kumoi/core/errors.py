"""The refusals. Each carries a code and facts; prose is made at the edge (`api.edge.text`), in two languages.

`layer` says who refuses (api, identity, quota, compute, network, image, storage, host), so that every answer can name
it. `field` is the caller's own name for the offending input, set by a tongue when it parses, or by a door in
core's terms.
"""

from typing import ClassVar, Final, Literal

Layer = Literal["api", "identity", "quota", "compute", "network", "image", "storage", "host", "store"]
Fact = str | int | float | bool | list[str] | None


class KumoiError(Exception):
    """A refusal: `code` is the class's, `facts` are what the text at the edge needs."""

    code: ClassVar[str] = "error"

    def __init__(self, layer: Layer = "api", **facts: Fact) -> None:
        super().__init__(self.code, layer, facts)
        self.layer: Layer = layer
        self.facts: dict[str, Fact] = facts

    def __str__(self) -> str:
        inner = " ".join(f"{k}={v!r}" for k, v in self.facts.items())
        return f"{self.layer}:{self.code} {inner}".rstrip()


class Invalid(KumoiError):
    """The input is wrong. Facts: field, reason (a code of `api.edge.text`), and what the reason needs."""

    code = "invalid"


class NotFound(KumoiError):
    """Facts: kind, id."""

    code = "not_found"


class Taken(KumoiError):
    """A unique thing exists. Facts: kind, name."""

    code = "taken"


class InUse(KumoiError):
    """It cannot go or change while something needs it. Facts: kind, id, by_kind, by_id."""

    code = "in_use"


class WrongState(KumoiError):
    """The thing's state forbids the action. Facts: kind, id, status, action."""

    code = "wrong_state"


class Stale(KumoiError):
    """Somebody else changed the row first (compare-and-swap lost). Facts: kind, id."""

    code = "stale"


class Unauthenticated(KumoiError):
    """Nobody known is calling. Facts: reason."""

    code = "unauthenticated"


class Forbidden(KumoiError):
    """Known, but not allowed. Facts: action, needs (roles that would do)."""

    code = "forbidden"


class QuotaExceeded(KumoiError):
    """Facts: resource, wanted, used, limit."""

    code = "quota_exceeded"


class NoCapacity(KumoiError):
    """No host fits. Facts: wanted_*, dropped (per filter `name:count`), hosts, nearest, would_fit."""

    code = "no_capacity"


class NoAddress(KumoiError):
    """The pool is used up. Facts: kind (address, mac, vni…), pool, size."""

    code = "no_address"


class TooLarge(KumoiError):
    """Facts: what, size, limit."""

    code = "too_large"


class Unsupported(KumoiError):
    """True nowhere in this version. Facts: what."""

    code = "unsupported"


class Unavailable(KumoiError):
    """A part that is needed does not answer now. Facts: what, retry_after_s."""

    code = "unavailable"


BY_CODE: Final = {kind.code: kind for kind in KumoiError.__subclasses__()}
