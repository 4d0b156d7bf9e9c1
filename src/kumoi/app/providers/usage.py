"""What a project's consumers hold, by kind of consumer."""

import msgspec

from kumoi.app.house import House
from kumoi.app.providers.holding import INSTANCE
from kumoi.app.providers.sight import HOSTS
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import ProjectId
from kumoi.core.policy import allow, may
from kumoi.core.providers import PROVIDERS
from kumoi.core.resource_classes import class_of


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    consumers: int
    amounts: dict[str, int]


def of_project(house: House, call: Call, project_id: ProjectId, user_id: str | None = None) -> dict[str, Usage]:
    """One's own project, or any for those who may. Consumers whose kind was never told are under an empty one."""
    allow(call, "quota.read")
    if project_id != call.actor.project_id and not may(call, "provider.read"):
        allow(call, "provider.read")

    def read(tx: Transaction) -> dict[str, Usage]:
        held = [*tx.counters.held(HOSTS), *tx.counters.held(PROVIDERS)]
        ids = tuple({one.consumer for one in held})
        consumers: list[tuple[str, str, str, str]] = [
            *((one.id, INSTANCE, one.project_id, one.user_id) for one in tx.instances.many(ids)),
            *((row.id, row.kind, row.project_id, row.user_id) for row in tx.allocation_consumers.many(ids)),
        ]
        kinds = {
            row_id: kind for row_id, kind, owner, user in consumers if owner == project_id and user_id in {None, user}
        }
        sums: dict[str, dict[str, int]] = {}
        for one in held:
            if one.consumer in kinds:
                of_kind = sums.setdefault(kinds[one.consumer], {})
                name = class_of(one.resource)
                of_kind[name] = of_kind.get(name, 0) + one.amount
        counts = {kind: sum(k == kind for k in kinds.values()) for kind in sums}
        return {kind: Usage(consumers=counts[kind], amounts=amounts) for kind, amounts in sums.items()}

    return house.store.read(read)
