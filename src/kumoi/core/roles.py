"""Roles: those every cloud has and those that were made; what implies what; who was given one, and where it reaches.

A role's key is its name where it is code (`BUILT_IN`: these nobody can change), its id where it is a row. What a role
lets its holder do is not here: that is `core.policy`, which knows the built-in ones only.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from kumoi.core.ids import RoleId

IMPLIED: Final[dict[str, tuple[str, ...]]] = {
    "admin": ("manager",),
    "manager": ("member",),
    "member": ("reader",),
}


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """With a `domain_id` it is that domain's own: it never shows in a token, only what it implies does."""

    id: RoleId
    name: str
    domain_id: str = ""
    description: str = ""
    immutable: bool = False
    created_at: float = 0.0


BUILT_IN: Final[dict[str, Role]] = {
    name: Role(id=RoleId(name), name=name, immutable=True)
    for name in ("admin", "manager", "member", "reader", "service")
}


class Implication(msgspec.Struct, frozen=True, kw_only=True):
    """Who has the role `prior` has `implied` as well. `id` is made of both: see `implication`."""

    id: str
    prior: RoleId
    implied: RoleId


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A role (its key) of a user or a group, on a project, on a domain, or, where both are empty, on the system.

    `inherited`: not there, but on every project below it.
    """

    id: str
    role: str
    user_id: str = ""
    group_id: str = ""
    project_id: str = ""
    domain_id: str = ""
    inherited: bool = False


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a role is asked for: a project (with its domain and the projects above it), a domain, or the system."""

    project_id: str = ""
    domain_id: str = ""
    above: tuple[str, ...] = ()


SYSTEM: Final = Place()


def implication(prior: RoleId, implied: RoleId) -> Implication:
    return Implication(id=f"{prior}/{implied}", prior=prior, implied=implied)


def reaches(assignment: Assignment, place: Place) -> bool:
    """Whether the role is held in that place. `place.domain_id` of a project is the domain that it is in."""
    if place.project_id:
        if not assignment.inherited:
            return assignment.project_id == place.project_id
        if assignment.project_id:
            return assignment.project_id in place.above
        return bool(assignment.domain_id) and assignment.domain_id == place.domain_id
    if assignment.inherited or assignment.project_id:
        return False
    return assignment.domain_id == place.domain_id


def implied_roles(keys: Iterable[str], implications: Iterable[Implication] = ()) -> frozenset[str]:
    """Close a set of roles under implication: admin ⊃ manager ⊃ member ⊃ reader, and what was added to it."""
    more: dict[str, list[str]] = {}
    for one in implications:
        more.setdefault(one.prior, []).append(one.implied)
    found = set(keys)
    todo = list(found)
    while todo:
        prior = todo.pop()
        for lesser in (*IMPLIED.get(prior, ()), *more.get(prior, ())):
            if lesser not in found:
                found.add(lesser)
                todo.append(lesser)
    return frozenset(found)
