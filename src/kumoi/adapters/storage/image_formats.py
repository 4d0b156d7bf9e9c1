"""Which images we take: the claim and the content must agree, and the format must be one that we run.

Pure. What does not belong here: signatures and headers (image_headers).
"""

from typing import Final, get_args

from kumoi.adapters.storage.image_headers import Detected, ReadAt, detect, virtual_bytes_of_qcow2, virtual_bytes_of_raw
from kumoi.contracts.inspector import Inspected
from kumoi.core.errors import Invalid, Unsupported

OFFERED: Final = ("raw", "qcow2")


def judge(read_at: ReadAt, size: int, claimed: str) -> Inspected:
    """Raises Invalid (layer image), or Unsupported for a format that is honest but not offered."""
    if size == 0:
        raise Invalid("image", field="image", reason="not_an_image")
    if claimed not in get_args(Detected):
        raise _not_offered(claimed)
    detected = detect(read_at, size)
    if detected != claimed:
        # Whoever opens these bytes must not be led to open them as something else.
        raise Invalid("image", field="disk_format", reason="format_mismatch", claimed=claimed, detected=detected)
    if detected == "qcow2":
        virtual_bytes = virtual_bytes_of_qcow2(read_at, size)
        return Inspected(disk_format=detected, virtual_bytes=virtual_bytes, layer_format="qcow2")
    if detected == "raw":
        return Inspected(disk_format=detected, virtual_bytes=virtual_bytes_of_raw(size), layer_format="raw")
    raise _not_offered(detected)


def _not_offered(disk_format: str) -> Unsupported:
    return Unsupported("image", what="disk_format", value=disk_format, offered=list(OFFERED))
