"""The converter contract by a confined child process: it gets the open file, a pipe, and nothing else."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import msgspec

from kumoi.adapters.storage.confinement import Refused
from kumoi.adapters.storage.os_errors import translated
from kumoi.core.errors import Invalid

PIECE_BYTES: Final = 1 << 20
_CHILD: Final = ("-s", "-m", "kumoi.adapters.storage.conversion")


class ConfinedConverter:
    """See `contracts.converter.Converter`. Safe for many threads; one child process a disk."""

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python

    def expand(self, path: str) -> Iterator[bytes]:
        return self.convert(path, "qcow2")

    def convert(self, path: str, disk_format: str) -> Iterator[bytes]:
        environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
        with translated("image", "convert"), open(path, "rb") as file:
            child = subprocess.Popen(
                [self._python, *_CHILD, disk_format],
                stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd="/",
            )  # fmt: skip
            with child:
                assert child.stdout is not None
                assert child.stderr is not None
                ended = False
                try:
                    while piece := child.stdout.read(PIECE_BYTES):
                        yield piece
                    ended = True
                finally:
                    if not ended:  # nobody reads any more
                        child.kill()
                said = child.stderr.read()  # a line at most: the child may write no file, and a pipe holds a line
            if child.returncode:
                raise _refusal(said, child.returncode)


def _refusal(said: bytes, code: int) -> Invalid:
    try:
        return Invalid("image", **msgspec.json.decode(said, type=Refused).facts)
    except msgspec.DecodeError:
        return Invalid("image", field="image", reason="inspection_failed", detail=f"exit {code}")
