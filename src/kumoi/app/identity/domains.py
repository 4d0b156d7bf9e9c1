"""Domains: their doors. A disabled one lets nobody in; only a disabled one can go, and all that is in it goes with
it."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.federations import PROVIDERS
from kumoi.app.identity.groups import end_group
from kumoi.app.identity.kept import remove_all
from kumoi.app.identity.names import check_name
from kumoi.app.identity.people import check_empty, end_project, end_user
from kumoi.app.identity.roles import end_role
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, NotFound, Taken, WrongState
from kumoi.core.ids import DomainId, hex_id
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import DEFAULT_DOMAIN, Domain

NAME_MOST = 64


def find(house: House, call: Call, query: Query) -> list[Domain]:
    allow(call, "identity.read_own")
    return house.store.read(lambda tx: tx.domains.find(query))


def get(house: House, call: Call, domain_id: DomainId) -> Domain:
    allow(call, "identity.read_own")
    return house.store.read(lambda tx: known(tx, domain_id))


def create(house: House, call: Call, wish: Domain) -> Domain:
    """`wish.id` is chosen here."""
    allow(call, "identity.write")
    check_name("name", wish.name, NAME_MOST)
    made = replace(wish, id=DomainId(hex_id(house.chance.uuid())))

    def write(tx: Transaction) -> Domain:
        _check_free(tx, made)
        tx.domains.insert(made)
        record(tx, house, call, "domain.create", Thing("domain", made.id, ""), {"name": made.name})
        return made

    return house.store.write(write)


def update(house: House, call: Call, domain_id: DomainId, changes: dict[str, str | bool]) -> Domain:
    """`changes`: any of name, description, enabled."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> Domain:
        new: Domain = replace(known(tx, domain_id), **changes)
        check_name("name", new.name, NAME_MOST)
        _check_free(tx, new)
        record(tx, house, call, "domain.update", Thing("domain", domain_id, ""))
        return tx.domains.save(new)

    return house.store.write(write)


def delete(house: House, call: Call, domain_id: DomainId) -> None:
    """InUse while anything of its users' making lives in one of its projects."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        old = known(tx, domain_id)
        if domain_id == DEFAULT_DOMAIN:
            raise Forbidden(
                "identity", action="domain.delete", needs=[], reason="immutable", kind="domain", id=domain_id
            )
        if old.enabled:
            raise WrongState("identity", kind="domain", id=domain_id, status="enabled", action="domain.delete")
        within = Query(filters=(eq("domain_id", domain_id),))
        projects = tx.projects.find(within)
        for project in projects:
            check_empty(tx, project.id)
        for project in projects:
            end_project(tx, house, call, project.id)
        for user in tx.users.find(within):
            end_user(tx, house, call, user.id)
        for group in tx.user_groups.find(within):
            end_group(tx, group.id)
        for role in tx.roles.find(within):
            end_role(tx, role.id)
        for held in tx.assignments.find(within):
            tx.assignments.remove(held.id)
        _end_lookups(tx, domain_id)
        tx.domains.remove(domain_id)
        record(tx, house, call, "domain.delete", Thing("domain", domain_id, ""))

    commit(house, write)


def _end_lookups(tx: Transaction, domain_id: DomainId) -> None:
    """Where its users would have come from, and its limits."""
    tx.domain_configs.remove(domain_id)
    remove_all(tx.limits, "domain_id", domain_id)
    for provider in tx.identity_providers.find(Query(filters=(eq("domain_id", domain_id),))):
        PROVIDERS.end(tx, provider.id)
        tx.identity_providers.remove(provider.id)


def known(tx: Transaction, domain_id: str) -> Domain:
    found = tx.domains.get(domain_id)
    if found is None:
        raise NotFound("identity", kind="domain", id=domain_id)
    return found


def _check_free(tx: Transaction, domain: Domain) -> None:
    if any(d.id != domain.id for d in tx.domains.find(Query(filters=(eq("name", domain.name),)))):
        raise Taken("identity", kind="domain", name=domain.name)
