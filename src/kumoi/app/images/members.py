"""With whom an image is shared: its owner offers it to projects, each of which says whether its lists show it."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.sight import members_of, owned, visible
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, NotFound, QuotaExceeded, Taken
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.images import Image, ImageMember, MemberStatus, member_id
from kumoi.core.policy import allow, may

MEMBERS_MOST = 128


def find(house: House, call: Call, image_id: ImageId) -> list[ImageMember]:
    """All of them to the image's owner, itself alone to a member. NotFound for an image that is not shared so."""
    allow(call, "image.read")

    def read(tx: Transaction) -> list[ImageMember]:
        image = visible(tx, call, image_id)
        if image.visibility != "shared" and not _rules(call, image):
            raise NotFound("image", kind="image", id=image_id)
        found = members_of(tx, image_id)
        return found if _rules(call, image) else [one for one in found if one.project_id == call.actor.project_id]

    return house.store.read(read)


def get(house: House, call: Call, image_id: ImageId, project_id: str) -> ImageMember:
    allow(call, "image.read")
    return house.store.read(lambda tx: _known(tx, call, visible(tx, call, image_id), project_id))


def add(house: House, call: Call, image_id: ImageId, project_id: ProjectId) -> ImageMember:
    """Offer a shared image to a project. Taken (member) when it was already; QuotaExceeded over MEMBERS_MOST."""
    allow(call, "image.share")
    made = ImageMember(
        id=member_id(image_id, project_id),
        image_id=image_id,
        project_id=project_id,
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> ImageMember:
        image = _shared(tx, call, image_id)
        held = len(members_of(tx, image_id))
        if tx.image_members.get(made.id) is not None:
            raise Taken("image", kind="image_member", name=project_id)
        if held >= MEMBERS_MOST:
            raise QuotaExceeded("image", resource="image_members", wanted=1, used=held, limit=MEMBERS_MOST)
        tx.image_members.insert(made)
        record(tx, house, call, "image.share", Thing("image", image_id, image.project_id), {"project": project_id})
        return made

    return house.store.write(write)


def answer(house: House, call: Call, image_id: ImageId, project_id: str, status: MemberStatus) -> ImageMember:
    """A member says what it makes of the offer; its owner may not say so for it."""
    allow(call, "image.accept")

    def write(tx: Transaction) -> ImageMember:
        image = visible(tx, call, image_id)
        known = _known(tx, call, image, project_id)
        if project_id != call.actor.project_id and not may(call, "image.all_projects"):
            raise Forbidden("image", action="image.accept", reason="not_the_member", needs=["admin"])
        record(tx, house, call, "image.accept", Thing("image", image_id, project_id), {"status": status})
        return tx.image_members.save(replace(known, status=status, updated_at=call.now))

    return house.store.write(write)


def remove(house: House, call: Call, image_id: ImageId, project_id: str) -> None:
    """What it made of the image meanwhile stays."""
    allow(call, "image.share")

    def write(tx: Transaction) -> None:
        image = _shared(tx, call, image_id)
        tx.image_members.remove(_known(tx, call, image, project_id).id)
        record(tx, house, call, "image.unshare", Thing("image", image_id, image.project_id), {"project": project_id})

    house.store.write(write)


def _shared(tx: Transaction, call: Call, image_id: ImageId) -> Image:
    image = owned(tx, call, image_id)
    if image.visibility != "shared":
        raise Forbidden("image", action="image.share", reason="not_shared", visibility=image.visibility, needs=[])
    return image


def _rules(call: Call, image: Image) -> bool:
    return image.project_id == call.actor.project_id or may(call, "image.all_projects")


def _known(tx: Transaction, call: Call, image: Image, project_id: str) -> ImageMember:
    found = tx.image_members.get(member_id(image.id, project_id))
    if found is None or not (_rules(call, image) or project_id == call.actor.project_id):
        raise NotFound("image", kind="image_member", id=project_id)
    return found
