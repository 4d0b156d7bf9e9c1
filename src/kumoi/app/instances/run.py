"""Run instances: choose candidates from a remembered picture, then one transaction that claims, writes and marks."""

from kumoi.app.house import House
from kumoi.app.instances.client_tokens import check_token, earlier, remember
from kumoi.app.instances.making import Maker, Place, wanted_of
from kumoi.app.instances.wish import RunWish, check
from kumoi.app.writing import MARKS_TOPIC
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError, NoCapacity
from kumoi.core.ids import InstanceId, ec2_key
from kumoi.core.instances import Instance
from kumoi.core.policy import allow
from kumoi.planning.scheduling import Room, candidates

FEWER_HELPS = frozenset({"quota_exceeded", "no_capacity", "no_address"})


def run(house: House, call: Call, wish: RunWish) -> list[Instance]:
    """Make `count_max` instances if they all can be made, else as many as can, but at least `count_min`.

    A call with an idempotency key that was used for the same wish before gets what was made then.
    Raises NotFound, Invalid, QuotaExceeded, NoAddress; NoCapacity only with `refuse_full`.
    """
    allow(call, "instance.create")
    check(wish)
    check_token(call)
    if (made := house.store.read(lambda tx: earlier(tx, call, wish))) is not None:
        return made
    count = wish.count_max
    while True:
        try:
            made = _run_exactly(house, call, wish, count)
        except KumoiError as e:
            if count <= wish.count_min or e.code not in FEWER_HELPS:
                raise
            count = max(wish.count_min, count // 2)
        else:
            house.hints.publish(MARKS_TOPIC, "")
            return made


def _run_exactly(house: House, call: Call, wish: RunWish, count: int) -> list[Instance]:
    """All or none; refused for want of room only after a fresh look at the hosts."""
    reservation = "r-" + ec2_key(house.chance.uuid())
    ids = [InstanceId(house.chance.uuid()) for _ in range(count)]
    wanted = house.store.read(lambda tx: wanted_of(tx, wish))

    def attempt(rooms: list[Room], *, last: bool) -> list[Instance]:
        homes = tuple(candidates(rooms, wanted, call.now, house.chance.below))
        place = Place(homes=homes, rooms=tuple(rooms), wanted=wanted, last=last)

        def write(tx: Transaction) -> list[Instance]:
            if (before := earlier(tx, call, wish)) is not None:
                return before
            maker = Maker(tx, house, call, wish, place)
            made = [maker.make(one, reservation, index, count) for index, one in enumerate(ids)]
            remember(tx, call, wish, made)
            return made

        return house.store.write(write)

    try:
        return attempt(house.rooms.look(call.now), last=False)
    except NoCapacity:
        return attempt(house.rooms.look(call.now, afresh=True), last=True)
