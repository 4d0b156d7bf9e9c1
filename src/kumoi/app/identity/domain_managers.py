"""How far the manager of a domain goes: its users, groups and projects, and the lesser roles of them, there only.

Whoever may do more by the policy is not looked at here. Nobody is raised above a manager by one: who is an
administrator anywhere is none of a manager's business.
"""

from typing import Final

from kumoi.app.identity.held import expand, held_by
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, NotFound
from kumoi.core.policy import allow, managed, may
from kumoi.core.query import Query, eq

GIVEN: Final = frozenset({"manager", "member", "reader"})
ADMIN: Final = "admin"


def allow_within(call: Call, action: str) -> None:
    """Refuse who may neither do this anywhere nor manages a domain; `check_home` follows, with the thing at hand."""
    if managed(call) is None:
        allow(call, action)


def check_home(call: Call, action: str, domain_id: str, kind: str, row_id: str) -> None:
    """NotFound for what is in another domain than the manager's."""
    if not may(call, action) and managed(call) != domain_id:
        raise NotFound("identity", kind=kind, id=row_id)


def narrowed(call: Call, action: str, query: Query) -> Query:
    """A list, to what is in the manager's domain."""
    allow_within(call, action)
    return query if may(call, action) else query.where(eq("domain_id", managed(call)))


def check_ordinary(tx: Transaction, call: Call, action: str, *, user_id: str = "", group_id: str = "") -> None:
    """Forbidden to a manager: to touch who is an administrator somewhere, or what makes administrators."""
    if may(call, action):
        return
    by_group = tx.assignments.find(Query(filters=(eq("group_id", group_id),))) if group_id else []
    held = [*by_group, *(held_by(tx, user_id) if user_id else [])]
    if any(role.id == ADMIN for role in expand(tx, {one.role for one in held})):
        raise Forbidden("identity", action=action, needs=[ADMIN])


def check_role(call: Call, action: str, role_id: str) -> None:
    """Forbidden to a manager: to give or take any role but the lesser ones."""
    if not may(call, action) and role_id not in GIVEN:
        raise Forbidden("identity", action=action, needs=[ADMIN])
