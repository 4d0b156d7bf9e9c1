"""Which endpoints a project's catalog shows: groups of endpoints, and what of them projects were given."""

import msgspec

from kumoi.app.house import House
from kumoi.app.identity.kept import Noun, known, remove_all
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.catalog import EndpointFilter, EndpointGroup
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq

BY = ("service_id", "region_id", "interface")


def _check(_tx: Transaction, group: EndpointGroup) -> None:
    if not group.filters or not group.filters.keys() <= set(BY):
        raise Invalid("identity", field="filters", reason="one_of", names=list(BY))


GROUPS: Noun[EndpointGroup] = Noun(
    kind="endpoint_group",
    rows=lambda tx: tx.endpoint_groups,
    check=_check,
    end=lambda tx, row_id: remove_all(tx.endpoint_filters, "group_id", row_id),
)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a catalog may show of a project's: `endpoints` by id, and whatever is in one of `groups`."""

    endpoints: frozenset[str]
    groups: tuple[EndpointGroup, ...]


def shown_to(tx: Transaction, project_id: str) -> Shown | None:
    """None where nothing was given to the project: its catalog shows everything."""
    given = tx.endpoint_filters.find(Query(filters=(eq("project_id", project_id),)))
    if not given:
        return None
    groups = tx.endpoint_groups.many(tuple(one.group_id for one in given if one.group_id))
    return Shown(endpoints=frozenset(one.endpoint_id for one in given if one.endpoint_id), groups=tuple(groups))


def given(
    house: House, call: Call, *, project_id: str = "", endpoint_id: str = "", group_id: str = ""
) -> list[EndpointFilter]:
    """To a project, or all projects that an endpoint or a group was given to."""
    allow(call, "identity.read")
    named = {"project_id": project_id, "endpoint_id": endpoint_id, "group_id": group_id}
    wanted = Query(filters=tuple(eq(field, value) for field, value in named.items() if value))
    return house.store.read(lambda tx: tx.endpoint_filters.find(wanted))


def give(house: House, call: Call, wish: EndpointFilter) -> None:
    """Twice is harmless. NotFound for a project or a group that is not there."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        if tx.projects.get(wish.project_id) is None:
            raise NotFound("identity", kind="project", id=wish.project_id)
        if wish.group_id:
            known(tx, GROUPS, wish.group_id)
        if tx.endpoint_filters.get(wish.id) is None:
            tx.endpoint_filters.insert(wish)
            record(tx, house, call, "endpoint_filter.create", Thing("endpoint_filter", wish.id, wish.project_id))

    house.store.write(write)


def take(house: House, call: Call, wish: EndpointFilter) -> None:
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        if not tx.endpoint_filters.remove(wish.id):
            raise NotFound("identity", kind="endpoint_filter", id=wish.id)
        record(tx, house, call, "endpoint_filter.delete", Thing("endpoint_filter", wish.id, wish.project_id))

    house.store.write(write)
