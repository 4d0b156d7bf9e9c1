"""JSON lines on stderr for programs that must be small: the same form as `log`, without its library (8 MB a process).

What does not belong here: levels to choose, context, other libraries' messages (`log`).
"""

import os
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

Say = Callable[..., None]


def teller(program: str) -> Say:
    """`say(event, level="info", error=None, **facts)`: one line; of an error also where it came from."""

    def say(event: str, level: str = "info", error: BaseException | None = None, **facts: object) -> None:
        line = {**facts, "program": program, "level": level, "event": event, "at": datetime.now(UTC).isoformat()}
        if error is not None:
            line["error"] = repr(error)
            line["exception"] = "".join(traceback.format_exception(error))
        os.write(2, msgspec.json.encode(line) + b"\n")

    return say
