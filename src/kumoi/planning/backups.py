"""Which backups a newer one leaves no place for."""

from collections.abc import Sequence

from kumoi.core.images import Image


def surplus(backups: Sequence[Image], rotation: int) -> list[Image]:
    """Of one instance's backups of one kind, those beyond the newest `rotation`, the oldest first; protected ones
    stay."""
    newest = sorted(backups, key=lambda image: (image.created_at, image.id), reverse=True)
    return [image for image in newest[rotation:] if not image.protected][::-1]
