"""What a provider says of somebody, into whom we take them for: Keystone's mapping rules. Pure.

A rule holds when all of its `remote` do; then its `local` say who it is. `{0}` in them is what the first `remote`
without a condition found. All rules that hold are taken; the first user that one of them names is the user.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

Said = Mapping[str, tuple[str, ...]]
_PLACE: Final = re.compile(r"\{(\d+)\}")  # not str.format: what a provider says must reach nothing else


class _Domain(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""


class _Remote(msgspec.Struct, frozen=True):
    type: str
    any_one_of: tuple[str, ...] | None = None
    not_any_of: tuple[str, ...] | None = None
    whitelist: tuple[str, ...] | None = None
    blacklist: tuple[str, ...] | None = None
    regex: bool = False


class _User(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""
    email: str = ""
    domain: _Domain | None = None
    type: Literal["ephemeral", "local"] = "ephemeral"


class _Group(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""
    domain: _Domain | None = None


class _Role(msgspec.Struct, frozen=True):
    name: str


class _Project(msgspec.Struct, frozen=True):
    name: str
    roles: tuple[_Role, ...] = ()


class _Local(msgspec.Struct, frozen=True):
    user: _User | None = None
    group: _Group | None = None
    groups: str | None = None
    group_ids: str | None = None
    domain: _Domain | None = None
    projects: tuple[_Project, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    local: tuple[_Local, ...]
    remote: tuple[_Remote, ...]


class GroupName(msgspec.Struct, frozen=True, kw_only=True):
    """By id, or by name and domain (id or name; empty: the provider's own)."""

    id: str = ""
    name: str = ""
    domain: str = ""


class ProjectWish(msgspec.Struct, frozen=True, kw_only=True):
    """A project of the provider's domain, and the names of the roles that the user has in it."""

    name: str
    roles: tuple[str, ...]


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """`local`: a user that is here already, of `domain` (id or name); else one that the provider brings."""

    id: str
    name: str
    email: str
    local: bool
    domain: str
    groups: tuple[GroupName, ...]
    projects: tuple[ProjectWish, ...]


def read(text: str) -> tuple[Rule, ...]:
    """Raises msgspec.ValidationError for what are no rules, and re.error for a pattern that is none."""
    rules = msgspec.json.decode(text, type=tuple[Rule, ...])
    for remote in (one for rule in rules for one in rule.remote if one.regex):
        for pattern in _conditions(remote):
            re.compile(pattern)
    return rules


def mapped(rules: tuple[Rule, ...], said: Said) -> Mapped | None:
    """None where no rule that holds names a user."""
    user: Mapped | None = None
    groups: list[GroupName] = []
    projects: list[ProjectWish] = []
    for rule in rules:
        found = _found(rule.remote, said)
        if found is None:
            continue
        for local in rule.local:
            user = user or (_user(local.user, found) if local.user is not None else None)
            groups += _groups(local, found)
            for one in local.projects:
                names = tuple(_first(role.name, found) for role in one.roles)
                projects += [ProjectWish(name=name, roles=names) for name in _filled(one.name, found)]
    if user is None:
        return None
    return msgspec.structs.replace(user, groups=tuple(dict.fromkeys(groups)), projects=tuple(dict.fromkeys(projects)))


def _found(remotes: tuple[_Remote, ...], said: Said) -> list[tuple[str, ...]] | None:
    """What fills the places, in order; None where one does not hold."""
    found: list[tuple[str, ...]] = []
    for remote in remotes:
        values = said.get(remote.type)
        if not values:
            return None
        if remote.any_one_of is not None:
            if not any(_is_among(value, remote.any_one_of, remote) for value in values):
                return None
        elif remote.not_any_of is not None:
            if any(_is_among(value, remote.not_any_of, remote) for value in values):
                return None
        elif remote.whitelist is not None:
            found.append(tuple(v for v in values if _is_among(v, remote.whitelist, remote)))
        elif remote.blacklist is not None:
            found.append(tuple(v for v in values if not _is_among(v, remote.blacklist, remote)))
        else:
            found.append(values)
    return found


def _is_among(value: str, wanted: tuple[str, ...], remote: _Remote) -> bool:
    return any(re.search(one, value) for one in wanted) if remote.regex else value in wanted


def _conditions(remote: _Remote) -> Iterator[str]:
    for some in (remote.any_one_of, remote.not_any_of, remote.whitelist, remote.blacklist):
        yield from some or ()


def _user(user: _User, found: list[tuple[str, ...]]) -> Mapped | None:
    user_id, name = _first(user.id, found), _first(user.name, found)
    if not user_id and not name:
        return None
    domain = _first(user.domain.id or user.domain.name, found) if user.domain is not None else ""
    return Mapped(
        id=user_id,
        name=name or user_id,
        email=_first(user.email, found),
        local=user.type == "local",
        domain=domain,
        groups=(),
        projects=(),
    )


def _groups(local: _Local, found: list[tuple[str, ...]]) -> Iterator[GroupName]:
    domain = _first(local.domain.id or local.domain.name, found) if local.domain is not None else ""
    if local.group is not None:
        home = local.group.domain
        within = _first(home.id or home.name, found) if home is not None else domain
        yield from (GroupName(id=one) for one in _filled(local.group.id, found))
        yield from (GroupName(name=one, domain=within) for one in _filled(local.group.name, found))
    yield from (GroupName(name=one, domain=domain) for one in _filled(local.groups or "", found))
    yield from (GroupName(id=one) for one in _filled(local.group_ids or "", found))


def _first(text: str, found: list[tuple[str, ...]]) -> str:
    return next(iter(_filled(text, found)), "")


def _filled(text: str, found: list[tuple[str, ...]]) -> tuple[str, ...]:
    """A text that is one place stands for each value that was found; in a longer one values are joined by `;`."""
    whole = _PLACE.fullmatch(text)
    if whole is not None:
        return _at(found, int(whole[1]))
    filled = _PLACE.sub(lambda place: ";".join(_at(found, int(place[1]))), text)
    return (filled,) if filled else ()


def _at(found: list[tuple[str, ...]], place: int) -> tuple[str, ...]:
    return found[place] if place < len(found) else ()
