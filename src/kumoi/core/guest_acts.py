"""What is done to a running guest at once, while its caller waits for it. Nothing of it is kept as a wish."""

from typing import Final, Literal

import msgspec

from kumoi.core.conditions import Facts
from kumoi.core.errors import Layer

CAPABILITY: Final = "guest_acts"  # of a host whose agent does them
GuestAct = Literal["interrupt", "set_password"]
PASSWORD_MOST: Final = 255


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What the host says of it: the refusal it met, by code; empty where it is done."""

    code: str = ""
    layer: Layer = "host"
    facts: Facts = {}
