"""The image `tiny` in a cloud: looked for, else uploaded. How its file is built is `ops.image`'s business."""

import io
from pathlib import Path
from typing import Any, Final

from kumoi.ops.client import Client

NAME: Final = "tiny"
BLANK_BYTES: Final = 1 << 20  # what a simulated guest boots from
_LEAST_MIB: Final = 96


def find_tiny_image(client: Client) -> dict[str, Any] | None:
    """The whole one, if there is one."""
    found = client.get(f"/image/v2/images?name={NAME}&status=active")["images"]
    return dict(found[0]) if found else None


def ensure_tiny_image(client: Client, disk: Path | None) -> dict[str, Any]:
    """The public image of that name, made of `disk` (qcow2; None: a blank one) unless it is there."""
    there = find_tiny_image(client)
    if there is not None:
        return there
    for half in client.get(f"/image/v2/images?name={NAME}")["images"]:
        client.delete(f"/image/v2/images/{half['id']}")  # what a killed upload left
    wish = {
        "name": NAME,
        "visibility": "public",
        "container_format": "bare",
        "disk_format": "qcow2" if disk else "raw",
        "min_ram": _LEAST_MIB,
    }
    made = client.post("/image/v2/images", wish)
    path = f"/image/v2/images/{made['id']}/file"
    if disk is None:
        client.upload(path, io.BytesIO(bytes(BLANK_BYTES)), BLANK_BYTES)
    else:
        with disk.open("rb") as data:
            client.upload(path, data, disk.stat().st_size)
    return dict(client.get(f"/image/v2/images/{made['id']}"))
