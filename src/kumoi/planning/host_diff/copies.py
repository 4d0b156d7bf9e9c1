"""What to do about the copies of one instance's disk: what is wished and what is here in, the next act out."""

from collections.abc import Set
from typing import Literal

import msgspec

from kumoi.core.copies import DiskCopy
from kumoi.core.ids import ImageId


class CopyAct(msgspec.Struct, frozen=True):
    """`make` it of the disk as it is now, `give` it to control, or `drop` it: nobody wants it any more."""

    verb: Literal["make", "give", "drop"]
    image_id: ImageId


def next_act(wished: tuple[DiskCopy, ...], here: Set[ImageId], done: Set[ImageId]) -> CopyAct | None:
    """One at a time, as they were asked for. `done`: given or refused already; the plan will not name it any more."""
    named = [copy.image_id for copy in wished]
    for image_id in sorted(here - set(named)):
        return CopyAct("drop", image_id)
    for image_id in named:
        if image_id not in done:
            return CopyAct("give" if image_id in here else "make", image_id)
    return None
