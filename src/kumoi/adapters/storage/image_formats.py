"""Which images we take, and which of them can run here.

Pure. What does not belong here: signatures and headers (image_headers).
"""

from typing import Final, get_args

from kumoi.adapters.storage.image_headers import Detected, ReadAt, detect, virtual_bytes_of_qcow2, virtual_bytes_of_raw
from kumoi.contracts.inspector import Inspected
from kumoi.core.errors import Invalid, Unsupported

KERNELS: Final = ("aki", "ari", "ami")


def judge(read_at: ReadAt, size: int, claimed: str) -> Inspected:
    """Raises Invalid (layer image) for bytes that are of another format than said, or that nobody should open.

    A disk that runs here is raw or a sound qcow2. Anything else, and bytes that are nothing known, are kept as they are
    and never opened: `virtual_bytes` 0, so that no instance is made of them.
    """
    if size == 0:
        raise Invalid("image", field="image", reason="not_an_image")
    if claimed not in (*get_args(Detected), *KERNELS):
        raise Unsupported("image", what="disk_format", reason="disk_format", value=claimed)
    detected = detect(read_at, size)
    if detected not in {claimed, "raw"}:
        # Whoever opens these bytes must not be led to open them as something else.
        raise Invalid("image", field="disk_format", reason="format_mismatch", claimed=claimed, detected=detected)
    if detected == "qcow2":
        virtual_bytes = virtual_bytes_of_qcow2(read_at, size)
        return Inspected(disk_format=claimed, virtual_bytes=virtual_bytes, layer_format="qcow2")
    virtual_bytes = virtual_bytes_of_raw(size) if claimed == "raw" else 0
    return Inspected(disk_format=claimed, virtual_bytes=virtual_bytes, layer_format="raw")
