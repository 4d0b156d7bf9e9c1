"""The inspector contract by a confined child process: it gets the open file and nothing else.

Its answer is believed only as far as its type; a child that dies, hangs or babbles has met bytes that nobody should
open. What does not belong here: what is looked at (image_formats), the child's limits (confinement).
"""

import subprocess
import sys
from typing import Final

import msgspec

from kumoi.adapters.storage.confinement import CPU_S, Accepted, Refused
from kumoi.adapters.storage.os_errors import translated
from kumoi.contracts.inspector import Inspected
from kumoi.core.errors import Invalid, Unsupported

_TIMEOUT_S: Final = 6.0 * CPU_S
_CHILD: Final = ("-s", "-m", "kumoi.adapters.storage.confinement")


class ConfinedInspector:
    """See `contracts.inspector.Inspector`. Safe for many threads; one child process a call (0.04 s)."""

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python

    def inspect(self, path: str, claimed_format: str) -> Inspected:
        with translated("image", "inspect"), open(path, "rb") as file:
            answer = self._ask(file.fileno(), claimed_format)
        match answer:
            case Accepted(inspected=inspected):
                return inspected
            case Refused(code=Unsupported.code, facts=facts):
                raise Unsupported("image", **facts)
            case Refused(facts=facts):
                raise Invalid("image", **facts)

    def _ask(self, fd: int, claimed_format: str) -> Accepted | Refused:
        # The child's modules come from where ours came from, whatever the caller's environment says.
        environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                [self._python, *_CHILD, claimed_format],
                stdin=fd, capture_output=True, env=environment, cwd="/", timeout=_TIMEOUT_S, check=False,
            )  # fmt: skip
            return msgspec.json.decode(done.stdout, type=Accepted | Refused)
        except subprocess.TimeoutExpired as error:
            raise _inconclusive("timeout") from error
        except msgspec.DecodeError as error:
            raise _inconclusive(f"exit {done.returncode}") from error


def _inconclusive(detail: str) -> Invalid:
    return Invalid("image", field="image", reason="inspection_failed", detail=detail)
