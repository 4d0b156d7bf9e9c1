"""Imports of images: work that takes longer than a request, and what becomes of it."""

from typing import Final, Literal

import msgspec

from kumoi.core.conditions import Facts
from kumoi.core.ids import ImageId, ImageTaskId, ProjectId, UserId

ImportMethod = Literal["glance-direct", "web-download", "copy-image", "glance-download"]
TaskType = Literal["api_image_import", "location_import", "import"]
TaskStatus = Literal["pending", "processing", "success", "failure"]

UNDER_WAY: Final = ("pending", "processing")
KEPT_S: Final = 48 * 3600.0  # after its end
# What goes along when an image is copied from another one.
COPIED_PROPERTIES: Final = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")


class ImageTask(msgspec.Struct, frozen=True, kw_only=True):
    """`url`: of a web-download; `source_id`: the image that is copied, in
    `region`; `sha512`: what the bytes must be, empty: any.

    `request`: what the caller said, JSON text. `code` and `facts` are an error's, once it failed.
    """

    id: ImageTaskId
    project_id: ProjectId
    user_id: UserId
    request_id: str
    image_id: ImageId
    method: ImportMethod
    type: TaskType = "api_image_import"
    url: str = ""
    source_id: str = ""
    region: str = ""
    sha512: str = ""
    request: str = "{}"
    status: TaskStatus = "pending"
    code: str = ""
    facts: Facts = msgspec.field(default_factory=dict)
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def is_copied(name: str) -> bool:
    """Whether a property of this name goes along with a copied image."""
    return name.startswith(COPIED_PROPERTIES)
