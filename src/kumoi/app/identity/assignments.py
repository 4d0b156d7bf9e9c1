"""Who was given which role where: the doors that give and take, and the lists of what was given and what follows.

People without the right to read all see their own. What a token holds is read by `held`.
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity import groups, roles
from kumoi.app.identity.domain_managers import allow_within, check_home, check_role
from kumoi.app.identity.held import below, expand
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound
from kumoi.core.ids import RoleId
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, eq
from kumoi.core.roles import Assignment, Role
from kumoi.core.tenancy import Domain, Project, User, UserGroup


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which assignments: None asks for any. `subtree`: with a project, those below it too.

    `effective`: what follows from them, by user, place and role, instead of what was given.
    """

    user_id: str | None = None
    group_id: str | None = None
    role: str | None = None
    project_id: str | None = None
    domain_id: str | None = None
    system: bool = False
    inherited: bool = False
    effective: bool = False
    subtree: bool = False


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """`held`: as it was given, or what follows from `given`, which then has the group, the place, and the role that
    it came by."""

    held: Assignment
    given: Assignment


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Those that assignments speak of, by id."""

    users: dict[str, User]
    groups: dict[str, UserGroup]
    projects: dict[str, Project]
    domains: dict[str, Domain]
    roles: dict[str, Role]


def assign(house: House, call: Call, wish: Assignment) -> None:
    """`wish.id` is chosen here. Twice is harmless."""
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> None:
        _check_target(tx, wish)
        _check_manager(tx, call, wish)
        if _same(tx, wish) is None:
            tx.assignments.insert(replace(wish, id=house.chance.uuid()))
            record(tx, house, call, "role.assign", _thing(wish), {"role": wish.role})

    house.store.write(write)


def unassign(house: House, call: Call, wish: Assignment) -> None:
    """NotFound when it was not given. What followed from it is gone with the next request."""
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> None:
        _check_manager(tx, call, wish)
        found = _same(tx, wish)
        if found is None:
            raise _not_given(wish)
        tx.assignments.remove(found.id)
        record(tx, house, call, "role.unassign", _thing(wish), {"role": wish.role})

    house.store.write(write)


def check(house: House, call: Call, wish: Assignment) -> None:
    """NotFound when it was not given."""
    allow(call, "identity.read")
    if house.store.read(lambda tx: _same(tx, wish)) is None:
        raise _not_given(wish)


def roles_given(house: House, call: Call, wanted: Assignment) -> list[Role]:
    """The roles given to this user or group in this place (`wanted.role` does not count), by name."""
    _own_or_all(call, wanted.user_id)

    def read(tx: Transaction) -> list[Role]:
        _check_holder_and_place(tx, wanted)
        found = tx.assignments.find(_exactly(wanted))
        return sorted((roles.known(tx, RoleId(a.role)) for a in found), key=lambda role: role.name)

    return house.store.read(read)


def find(house: House, call: Call, wanted: Wanted) -> list[Holding]:
    allow(call, "identity.read_own")
    if not may(call, "identity.read"):
        if wanted.group_id is not None or wanted.user_id not in {None, call.actor.user_id}:
            raise Forbidden("identity", action="identity.read", needs=["admin"])
        wanted = replace(wanted, user_id=call.actor.user_id)
    if wanted.effective and wanted.group_id is not None:
        raise Invalid("identity", field="group.id", reason="combination", value="effective")

    def read(tx: Transaction) -> list[Holding]:
        given = tx.assignments.find(_explicit(wanted))
        found = list(_followed(tx, given)) if wanted.effective else [Holding(held=a, given=a) for a in given]
        return [one for one in found if _fits(tx, wanted)(one.held)] if found else []

    return house.store.read(read)


def names(house: House, call: Call, found: Iterable[Holding]) -> Names:
    """Of everything that these speak of."""
    allow(call, "identity.read_own")
    rows = [row for one in found for row in (one.held, one.given)]

    def read(tx: Transaction) -> Names:
        known_users = tx.users.many(tuple({a.user_id for a in rows} - {""}))
        known_groups = tx.user_groups.many(tuple({a.group_id for a in rows} - {""}))
        known_projects = tx.projects.many(tuple({a.project_id for a in rows} - {""}))
        homes = {x.domain_id for xs in (known_users, known_groups, known_projects) for x in xs}
        return Names(
            users={u.id: u for u in known_users},
            groups={g.id: g for g in known_groups},
            projects={p.id: p for p in known_projects},
            domains={d.id: d for d in tx.domains.many(tuple({a.domain_id for a in rows} - {""} | homes))},
            roles={key: roles.known(tx, RoleId(key)) for key in {a.role for a in rows}},
        )

    return house.store.read(read)


def _explicit(wanted: Wanted) -> Query:
    """What can be asked of the rows themselves; of effective ones nothing: they are made of others'."""
    query = Query()
    if not wanted.effective:
        for field, value in (("user_id", wanted.user_id), ("group_id", wanted.group_id), ("role", wanted.role)):
            if value is not None:
                query = query.where(eq(field, value))
    return query


def _fits(tx: Transaction, wanted: Wanted) -> "_Fits":
    projects = None if wanted.project_id is None else {wanted.project_id}
    if projects and wanted.subtree:
        projects |= {p.id for p in below(tx, projects)}
    return _Fits(wanted, projects)


class _Fits:
    def __init__(self, wanted: Wanted, projects: set[str] | None) -> None:
        self._wanted, self._projects = wanted, projects

    def __call__(self, held: Assignment) -> bool:
        wanted = self._wanted
        return (
            wanted.user_id in {None, held.user_id}
            and wanted.group_id in {None, held.group_id}
            and wanted.role in {None, held.role}
            and wanted.domain_id in {None, held.domain_id}
            and (self._projects is None or held.project_id in self._projects)
            and not (wanted.system and (held.project_id or held.domain_id))
            and (held.inherited or wanted.effective or not wanted.inherited)
        )


def _followed(tx: Transaction, given: Iterable[Assignment]) -> Iterator[Holding]:
    """What each of these comes to: for every member, on every project below, with every implied role."""
    seen: set[tuple[str, str, str, str]] = set()
    for one in given:
        members = tx.memberships.find(Query(filters=(eq("group_id", one.group_id),))) if one.group_id else []
        users = [m.user_id for m in members] if one.group_id else [one.user_id]
        for user_id in users:
            for project_id, domain_id in _places(tx, one):
                for role in expand(tx, {one.role}):
                    key = (user_id, project_id, domain_id, role.id)
                    if key not in seen:
                        seen.add(key)
                        held = Assignment(
                            id=one.id, role=role.id, user_id=user_id, project_id=project_id, domain_id=domain_id
                        )
                        yield Holding(held=held, given=one)


def _places(tx: Transaction, one: Assignment) -> list[tuple[str, str]]:
    if not one.inherited:
        return [(one.project_id, one.domain_id)]
    if one.project_id:
        return [(p.id, "") for p in below(tx, (one.project_id,))]
    return [(p.id, "") for p in tx.projects.find(Query(filters=(eq("domain_id", one.domain_id),)))]


def _exactly(wish: Assignment) -> Query:
    fields = ("user_id", "group_id", "project_id", "domain_id", "inherited")
    return Query(filters=tuple(eq(field, getattr(wish, field)) for field in fields))


def _same(tx: Transaction, wish: Assignment) -> Assignment | None:
    found = tx.assignments.find(_exactly(wish).where(eq("role", wish.role)))
    return found[0] if found else None


def _not_given(wish: Assignment) -> NotFound:
    where = wish.project_id or wish.domain_id or "system"
    return NotFound("identity", kind="role_assignment", id=f"{wish.user_id or wish.group_id}/{where}/{wish.role}")


def _thing(wish: Assignment) -> Thing:
    return Thing("user", wish.user_id, wish.project_id) if wish.user_id else Thing("user_group", wish.group_id, "")


def _check_target(tx: Transaction, wish: Assignment) -> None:
    role = roles.known(tx, RoleId(wish.role))
    home = _check_holder_and_place(tx, wish)
    if role.domain_id and role.domain_id != home:
        raise Forbidden("identity", action="role.assign", needs=[], reason="other_domains_role", name=role.name)


def _check_manager(tx: Transaction, call: Call, wish: Assignment) -> None:
    """A manager gives the lesser roles to people of its domain, on the domain and its projects."""
    check_role(call, "identity.write", wish.role)
    holder = groups.known(tx, wish.group_id).domain_id if wish.group_id else groups.user_home(tx, wish.user_id)
    place = _check_holder_and_place(tx, wish)
    for home, kind, row_id in ((holder, "user", wish.user_id), (place, "domain", place)):
        check_home(call, "identity.write", home, kind, row_id)


def _check_holder_and_place(tx: Transaction, wish: Assignment) -> str:
    """The domain of the place."""
    if wish.user_id and tx.users.get(wish.user_id) is None:
        raise NotFound("identity", kind="user", id=wish.user_id)
    if wish.group_id:
        groups.known(tx, wish.group_id)
    if wish.domain_id:
        if tx.domains.get(wish.domain_id) is None:
            raise NotFound("identity", kind="domain", id=wish.domain_id)
        return wish.domain_id
    project = tx.projects.get(wish.project_id) if wish.project_id else None
    if wish.project_id and project is None:
        raise NotFound("identity", kind="project", id=wish.project_id)
    return project.domain_id if project else ""


def _own_or_all(call: Call, user_id: str) -> None:
    allow(call, "identity.read_own")
    if not user_id or (user_id != call.actor.user_id and not may(call, "identity.read")):
        allow(call, "identity.read")
