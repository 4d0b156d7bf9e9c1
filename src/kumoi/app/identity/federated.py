"""People whom a provider vouches for: what it says of them becomes a user here, its groups, its projects.

Groups that a mapping named are left again when it names them no more, at the next sign-in; those that an administrator
put somebody into stay. How a provider is asked is not here: `openid`.
"""

import re
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.names import check_name
from kumoi.app.identity.people import USER_NAME_MOST, add_project
from kumoi.app.identity.roles import known as known_role
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Forbidden, NotFound, Unauthenticated
from kumoi.core.federation import FederatedUser, FederationProtocol, IdentityProvider, protocol_id
from kumoi.core.ids import ProjectId, RoleId, UserId, hex_id
from kumoi.core.mapping_rules import GroupName, Mapped, ProjectWish, Said, mapped, read
from kumoi.core.query import Query, eq
from kumoi.core.roles import BUILT_IN, Assignment
from kumoi.core.tenancy import Project, User, membership


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol of a provider that is enabled."""

    provider: IdentityProvider
    protocol: FederationProtocol


def way(house: House, provider_id: str, name: str) -> Way:
    """NotFound for one that is not there; Forbidden where the provider is disabled."""

    def found(tx: Transaction) -> Way:
        provider = tx.identity_providers.get(provider_id)
        protocol = tx.federation_protocols.get(protocol_id(provider_id, name))
        if provider is None:
            raise NotFound("identity", kind="identity_provider", id=provider_id)
        if protocol is None:
            raise NotFound("identity", kind="federation_protocol", id=name)
        if not provider.enabled:
            raise Forbidden("identity", action="token.issue", needs=[], reason="provider_disabled", name=provider_id)
        return Way(provider=provider, protocol=protocol)

    return house.store.read(found)


def known_as(house: House, request_id: str, by: Way, said: Said, unique_id: str) -> User:
    """The user here of whom this was said; made when first seen. Forbidden where the mapping lets nobody in who is
    spoken of so. `request_id` is the HTTP request's."""
    now = house.clock.now()

    def write(tx: Transaction) -> User:
        wish = _mapped(tx, by, said)
        if wish.local:
            return _local(tx, wish)
        user_id = user_key(by.provider.id, by.protocol.name, wish.id or unique_id)
        call = Call(actor=Actor(user_id=user_id, user_name=wish.name, project_id=None), request_id=request_id, now=now)
        user = _brought(tx, house, call, by, wish)
        if not user.enabled:
            raise Unauthenticated("identity", reason="wrong_credentials")
        for project in wish.projects:
            _place(tx, house, call, by.provider, user, project)
        return user

    return house.store.write(write)


def user_key(provider_id: str, protocol: str, unique_id: str) -> UserId:
    """The same id at every sign-in, and in every cloud that trusts the same provider under the same name."""
    return UserId(sha256("\n".join((provider_id, protocol, unique_id)).encode()).hexdigest()[:32])


def _mapped(tx: Transaction, by: Way, said: Said) -> Mapped:
    mapping = tx.mappings.get(by.protocol.mapping_id)
    try:
        found = mapped(read(mapping.rules), said) if mapping is not None else None
    except (msgspec.ValidationError, re.error) as e:
        raise _not_mapped(by, "mapping_broken") from e
    if found is None:
        raise _not_mapped(by, "not_mapped")
    return found


def _not_mapped(by: Way, reason: str) -> Forbidden:
    name = by.protocol.mapping_id
    return Forbidden("identity", action="token.issue", needs=[], reason=reason, name=name, provider=by.provider.id)


def _local(tx: Transaction, wish: Mapped) -> User:
    """One of ours, of whom the provider may speak because a rule says so."""
    user = tx.users.get(wish.id) if wish.id else None
    if user is None and wish.name:
        domain_id = _domain_id(tx, wish.domain)
        named = tx.users.find(Query(filters=(eq("name", wish.name), eq("domain_id", domain_id))))
        user = named[0] if named else None
    home = tx.domains.get(user.domain_id) if user is not None else None
    if user is None or not user.enabled or home is None or not home.enabled:
        raise Unauthenticated("identity", reason="wrong_credentials")
    return user


def _brought(tx: Transaction, house: House, call: Call, by: Way, wish: Mapped) -> User:
    """The caller itself, as a row."""
    check_name("name", wish.name, USER_NAME_MOST)
    user_id = call.actor.user_id
    old, user = tx.federated_users.get(user_id), tx.users.get(user_id)
    same = Query(filters=(eq("name", wish.name), eq("domain_id", by.provider.domain_id)))
    if any(other.id != user_id for other in tx.users.find(same)):
        raise Forbidden("identity", action="token.issue", needs=[], reason="name_of_another", name=wish.name)
    if user is None:
        user = User(
            id=user_id,
            name=wish.name,
            password_hash=house.passwords.dummy,
            domain_id=by.provider.domain_id,
            email=wish.email,
            created_at=call.now,
        )
        tx.users.insert(user)
        thing = Thing("user", user_id, "")
        record(tx, house, call, "user.create", thing, {"name": user.name, "provider": by.provider.id})
    elif (user.name, user.email) != (wish.name, wish.email):
        user = tx.users.save(replace(user, name=wish.name, email=wish.email))
    groups = _join(tx, by.provider, user_id, wish.groups, old.groups if old is not None else ())
    new = FederatedUser(id=user_id, provider_id=by.provider.id, protocol=by.protocol.name, groups=groups)
    if old is None:
        tx.federated_users.insert(new)
    elif old != new:
        tx.federated_users.save(new)
    return user


def _join(
    tx: Transaction, provider: IdentityProvider, user_id: UserId, named: tuple[GroupName, ...], before: tuple[str, ...]
) -> tuple[str, ...]:
    """Into the groups that are named and are there, out of those that were; the ids of the former."""
    wanted: dict[str, None] = {}
    for name in named:
        if name.id:
            found = [group for group in (tx.user_groups.get(name.id),) if group is not None]
        else:
            domain_id = _domain_id(tx, name.domain) if name.domain else provider.domain_id
            found = tx.user_groups.find(Query(filters=(eq("name", name.name), eq("domain_id", domain_id))))
        for group in found:
            member = membership(group.id, user_id)
            is_in = tx.memberships.get(member.id) is not None
            if not is_in:
                tx.memberships.insert(member)
            if not is_in or group.id in before:
                wanted[group.id] = None
    for gone in set(before) - wanted.keys():
        tx.memberships.remove(f"{gone}/{user_id}")
    return tuple(sorted(wanted))


def _place(
    tx: Transaction, house: House, call: Call, provider: IdentityProvider, user: User, wish: ProjectWish
) -> None:
    """A project of the provider's domain, made when it is not there, and the user's roles in it."""
    own = Query(filters=(eq("name", wish.name), eq("domain_id", provider.domain_id)))
    found = tx.projects.find(own)
    made = Project(
        id=ProjectId(hex_id(house.chance.uuid())),
        name=wish.name,
        account="",
        domain_id=provider.domain_id,
        parent_id=provider.domain_id,
        created_at=call.now,
    )
    project = found[0] if found else add_project(tx, house, call, made)
    for name in wish.roles:
        role = _role(tx, name)
        held = (eq("user_id", user.id), eq("project_id", project.id), eq("role", role))
        if not tx.assignments.find(Query(filters=held)):
            given = Assignment(id=house.chance.uuid(), role=role, user_id=user.id, project_id=project.id)
            tx.assignments.insert(given)
            record(tx, house, call, "role.assign", Thing("user", user.id, project.id), {"role": role})


def _role(tx: Transaction, name: str) -> str:
    """The key of a role of the whole cloud, by its name."""
    if name in BUILT_IN:
        return name
    found = tx.roles.find(Query(filters=(eq("name", name), eq("domain_id", ""))))
    return known_role(tx, RoleId(found[0].id if found else name)).id


def _domain_id(tx: Transaction, named: str) -> str:
    if tx.domains.get(named) is not None:
        return named
    found = tx.domains.find(Query(filters=(eq("name", named),)))
    return found[0].id if found else named
