"""Which roles somebody holds, and where: read afresh from the rows at every request. No door, nobody is asked who
may."""

from collections.abc import Iterable

from kumoi.contracts.store import Transaction
from kumoi.core.query import Query, eq, is_in
from kumoi.core.roles import BUILT_IN, Assignment, Place, Role, implied_roles, reaches
from kumoi.core.tenancy import Project, User


def roles_of(tx: Transaction, user_id: str, place: Place) -> tuple[Role, ...]:
    """Of a user in a place, by itself and by its groups, implied ones included, by name."""
    return expand(tx, {a.role for a in held_by(tx, user_id) if reaches(a, place)})


def roles_in(tx: Transaction, user: User, project: Project | None) -> tuple[Role, ...]:
    """Of a user in a project: none where project, user, or a domain of theirs is not there or not enabled."""
    if project is None or not (project.enabled and user.enabled):
        return ()
    homes = {user.domain_id, project.domain_id}
    if sum(domain.enabled for domain in tx.domains.many(tuple(homes))) < len(homes):
        return ()
    return roles_of(tx, user.id, place_of(tx, project))


def held_by(tx: Transaction, user_id: str) -> list[Assignment]:
    """A user's own assignments and those of its groups."""
    found = tx.assignments.find(Query(filters=(eq("user_id", user_id),)))
    groups = tuple(m.group_id for m in tx.memberships.find(Query(filters=(eq("user_id", user_id),))))
    return [*found, *tx.assignments.find(Query(filters=(is_in("group_id", groups),)))] if groups else found


def expand(tx: Transaction, keys: Iterable[str]) -> tuple[Role, ...]:
    """These roles and what they imply, without those that are a domain's own, by name."""
    first = frozenset(keys)
    if not first:
        return ()
    closed = implied_roles(first, tx.implications.find(Query()))
    found = [role for key in closed if (role := BUILT_IN.get(key))]
    found += [role for role in tx.roles.many(tuple(closed - BUILT_IN.keys())) if not role.domain_id]
    return tuple(sorted(found, key=lambda role: role.name))


def place_of(tx: Transaction, project: Project) -> Place:
    return Place(project_id=project.id, domain_id=project.domain_id, above=tuple(p.id for p in above(tx, project)))


def above(tx: Transaction, project: Project) -> list[Project]:
    """The projects that this one is in, the nearest first."""
    found: list[Project] = []
    while project.parent_id != project.domain_id:
        parent = tx.projects.get(project.parent_id)
        if parent is None:
            break
        found.append(parent)
        project = parent
    return found


def below(tx: Transaction, project_ids: Iterable[str]) -> list[Project]:
    """All projects in these, those nearer to them first."""
    found: list[Project] = []
    level = tuple(project_ids)
    while level:
        children = tx.projects.find(Query(filters=(is_in("parent_id", level),)))
        found += children
        level = tuple(child.id for child in children)
    return found


def projects_reached(tx: Transaction, held: Iterable[Assignment]) -> list[Project]:
    """The projects on which at least one of these assignments is held, by name."""
    held = list(held)
    found = {p.id: p for p in tx.projects.many(tuple({a.project_id for a in held if not a.inherited} - {""}))}
    found |= {p.id: p for p in below(tx, {a.project_id for a in held if a.inherited and a.project_id})}
    domains = tuple({a.domain_id for a in held if a.inherited and a.domain_id})
    if domains:
        found |= {p.id: p for p in tx.projects.find(Query(filters=(is_in("domain_id", domains),)))}
    return sorted(found.values(), key=lambda p: p.name)
