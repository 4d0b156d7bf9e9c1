"""Who sees an image, and who may change it; the same rule for one image and for a list."""

from typing import Any

import msgspec

from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, NotFound
from kumoi.core.ids import ImageId
from kumoi.core.images import Image, ImageMember, MemberStatus, Visibility, member_id
from kumoi.core.policy import may
from kumoi.core.query import AnyOf, Filter, Query, any_of, eq, is_in

OPEN: tuple[Visibility, ...] = ("public", "community")


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """What a list asks for beside the fields of an image.

    Without a `visibility`: one's own, the public ones and the accepted ones of those that are shared; community ones
    only by name of their visibility, or `all`. `hidden` None: one's own and what nobody hid. `properties` exactly so.
    """

    visibility: Visibility | str | None = None
    member_status: MemberStatus | str = "accepted"
    hidden: bool | None = None
    tags: tuple[str, ...] = ()
    properties: dict[str, str] = {}


ANY = Sought()


def visible(tx: Transaction, call: Call, image_id: ImageId) -> Image:
    found = tx.images.get(image_id)
    if found is None or found.deleted_at is not None or not may_see(tx, call, found):
        raise NotFound("image", kind="image", id=image_id)
    return found


def owned(tx: Transaction, call: Call, image_id: ImageId) -> Image:
    """For changing: one's own project's, or any for administrators."""
    found = visible(tx, call, image_id)
    if found.project_id != call.actor.project_id and not may(call, "image.all_projects"):
        raise Forbidden("image", action="image.update", reason="owner", needs=["admin"])
    return found


def may_see(tx: Transaction, call: Call, image: Image) -> bool:
    own = image.project_id == call.actor.project_id
    return own or image.visibility in OPEN or may(call, "image.all_projects") or _offered(tx, call, image)


def members_of(tx: Transaction, image_id: ImageId) -> list[ImageMember]:
    return tx.image_members.find(Query(filters=(eq("image_id", image_id),)))


def within(tx: Transaction, call: Call, sought: Sought) -> list[Filter | AnyOf] | None:
    """The filters that leave what the caller may see and asks for; None: that is nothing."""
    ways = _ways(tx, call, sought)
    if ways is not None and not ways:
        return None
    found: list[Filter | AnyOf] = [any_of(*ways)] if ways else []
    if sought.visibility not in {None, "all"}:
        found.append(eq("visibility", sought.visibility))
    if sought.hidden is None:
        found.append(any_of(eq("hidden", value=False), *_own(call)))
    else:
        found.append(eq("hidden", value=sought.hidden))
    return found


def _ways(tx: Transaction, call: Call, sought: Sought) -> list[Filter] | None:
    """Any of these makes it one that is shown. None: all are."""
    everything = may(call, "image.all_projects")
    if everything:
        return None if sought.visibility is not None else [Filter("visibility", "ne", "community"), *_own(call)]
    ways = _own(call)
    if sought.visibility in {"public", "community"}:
        return None
    if sought.visibility != "private":
        ways += _accepted(tx, call, sought.member_status)
    if sought.visibility in {None, "all"}:
        ways += [eq("visibility", "public")]
    if sought.visibility == "all":
        ways += [eq("visibility", "community")]
    return ways


def _own(call: Call) -> list[Filter]:
    return [eq("project_id", call.actor.project_id)] if call.actor.project_id else []


def _accepted(tx: Transaction, call: Call, status: Any) -> list[Filter]:
    mine = Query(filters=(eq("project_id", call.actor.project_id),))
    offers = tx.image_members.find(mine if status == "all" else mine.where(eq("status", status)))
    shared = tx.images.many(tuple(offer.image_id for offer in offers))
    ids = tuple(image.id for image in shared if image.visibility == "shared")
    return [is_in("id", ids)] if ids else []


def _offered(tx: Transaction, call: Call, image: Image) -> bool:
    project_id = call.actor.project_id
    if image.visibility != "shared" or project_id is None:
        return False
    return tx.image_members.get(member_id(image.id, project_id)) is not None
