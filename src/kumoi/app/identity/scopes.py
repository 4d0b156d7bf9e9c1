"""What a caller may choose a scope from: the projects, the domains, and whether the system."""

from kumoi.app.house import House
from kumoi.app.identity.held import held_by, projects_reached
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq, is_in
from kumoi.core.roles import SYSTEM, reaches
from kumoi.core.tenancy import Domain, Project


def own_projects(house: House, call: Call) -> list[Project]:
    """Enabled ones where the caller has a role, by name."""
    allow(call, "identity.read_own")
    reached = house.store.read(lambda tx: projects_reached(tx, held_by(tx, call.actor.user_id)))
    return [project for project in reached if project.enabled]


def own_domains(house: House, call: Call) -> list[Domain]:
    """Enabled ones where the caller has a role, by name."""
    allow(call, "identity.read_own")

    def read(tx: Transaction) -> list[Domain]:
        held = {a.domain_id for a in held_by(tx, call.actor.user_id) if not a.inherited} - {""}
        wanted = (is_in("id", tuple(held)), eq("enabled", value=True))
        return tx.domains.find(Query(filters=wanted, order=(Order("name"),)))

    return house.store.read(read)


def own_system(house: House, call: Call) -> bool:
    """Whether the caller has a role on the system."""
    allow(call, "identity.read_own")
    return any(reaches(a, SYSTEM) for a in house.store.read(lambda tx: held_by(tx, call.actor.user_id)))
