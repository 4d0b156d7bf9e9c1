"""Run instances: choose candidates from a remembered picture, then one transaction that claims, writes and marks."""

from kumoi.app.house import House
from kumoi.app.instances.client_tokens import check_token, earlier, remember
from kumoi.app.instances.disks import allow_disks
from kumoi.app.instances.making import Maker, Place, wanted_of
from kumoi.app.instances.volume_images import unfolded
from kumoi.app.instances.wish import RunWish, check
from kumoi.app.networks.auto_network import ensure_network
from kumoi.app.writing import MARKS_TOPIC
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError, NoCapacity
from kumoi.core.ids import HostId, InstanceId, ec2_key
from kumoi.core.instances import Instance
from kumoi.core.policy import allow
from kumoi.planning.scheduling import Room, candidates

FEWER_HELPS = frozenset({"quota_exceeded", "no_capacity", "no_address"})


def run(house: House, call: Call, wish: RunWish) -> list[Instance]:
    """Make `count_max` instances if they all can be made, else as many as can, but at least `count_min`.

    A call with an idempotency key that was used for the same wish before gets what was made then.
    Raises Forbidden, NotFound, Invalid, QuotaExceeded, NoAddress; NoCapacity only with `refuse_full`.
    """
    allow(call, "instance.create")
    if wish.host_name:
        allow(call, "instance.choose_host")
    check_token(call)
    if (made := house.store.read(lambda tx: earlier(tx, call, wish))) is not None:
        return made
    asked, wish = wish, unfolded(house, call, wish)
    allow_disks(call, wish)
    if any(choice.public for choice in wish.nics or ()):
        allow(call, "public_address.create")
    check(wish)
    if wish.auto_network:
        ensure_network(house, call)
    count = wish.count_max
    while True:
        try:
            made = _run_exactly(house, call, asked, wish, count)
        except _Fewer as fewer:  # nothing was made; so many would fit
            count = fewer.count
        else:
            house.hints.publish(MARKS_TOPIC, "")
            return made


class _Fewer(Exception):
    """All were asked for, `count` fitted, and that is enough."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


def _run_exactly(house: House, call: Call, asked: RunWish, wish: RunWish, count: int) -> list[Instance]:
    """All or none of `wish`, which is what `asked` comes to; refused for want of room only after a fresh look at the
    hosts. Raises _Fewer where fewer will do."""
    reservation = "r-" + ec2_key(house.chance.uuid())
    ids = [InstanceId(house.chance.uuid()) for _ in range(count)]

    def attempt(rooms: list[Room], *, last: bool) -> list[Instance]:
        wanted = house.store.read(lambda tx: wanted_of(tx, call, wish))
        homes = tuple(candidates(rooms, wanted, call.now, house.chance.below))
        place = Place(homes=homes, rooms=tuple(rooms), wanted=wanted, last=last)

        def write(tx: Transaction) -> tuple[list[Instance], list[HostId]]:
            if (before := earlier(tx, call, asked)) is not None:
                return before, []
            maker = Maker(tx, house, call, wish, place)
            made = _make_all(maker, ids, reservation, wish.count_min)
            remember(tx, call, asked, made)
            return made, maker.homes

        made, chosen = house.store.write(write)
        for host_id in chosen:
            house.rooms.took(host_id, wanted.amounts() | wanted.promised)
        return made

    try:
        return attempt(house.rooms.look(call.now), last=False)
    except NoCapacity:
        return attempt(house.rooms.look(call.now, afresh=True), last=True)


def _make_all(maker: Maker, ids: list[InstanceId], reservation: str, enough: int) -> list[Instance]:
    made: list[Instance] = []
    for index, one in enumerate(ids):
        try:
            made.append(maker.make(one, reservation, index, len(ids)))
        except KumoiError as e:
            if len(made) < enough or e.code not in FEWER_HELPS:
                raise
            raise _Fewer(len(made)) from e
    return made
