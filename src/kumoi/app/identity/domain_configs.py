"""How a domain's users are looked up elsewhere: options in groups, kept for whoever reads them. This cloud looks its
users up in its own database, whatever is kept here."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity import domains
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound
from kumoi.core.ids import DomainId
from kumoi.core.kept import DomainConfig
from kumoi.core.policy import allow

Options = dict[str, dict[str, Any]]

DEFAULTS: Final[Options] = {
    "identity": {"driver": "sql", "list_limit": None},
    "ldap": {
        "url": "ldap://localhost", "user": None, "suffix": "cn=example,cn=com", "query_scope": "one", "page_size": 0,
        "user_tree_dn": None, "user_filter": None, "user_objectclass": "inetOrgPerson", "user_id_attribute": "cn",
        "user_name_attribute": "sn", "user_mail_attribute": "mail", "group_tree_dn": None, "group_filter": None,
        "group_objectclass": "groupOfNames", "group_id_attribute": "cn", "group_name_attribute": "ou", "use_tls": False,
    },
}  # fmt: skip
SECRET: Final = ("ldap", "password")


def defaults(_house: House, call: Call) -> Options:
    allow(call, "identity.read")
    return DEFAULTS


def get(house: House, call: Call, domain_id: DomainId) -> Options:
    """Without the password, which nobody is shown."""
    allow(call, "identity.read")
    return house.store.read(lambda tx: _options(_known(tx, domain_id)))


def put(house: House, call: Call, domain_id: DomainId, wish: Options) -> Options:
    """In place of whatever was there."""
    return _write(house, call, domain_id, wish, lambda _old: wish)


def merge(house: House, call: Call, domain_id: DomainId, wish: Options) -> Options:
    """Options that are not named stay. NotFound for a domain without a configuration."""

    def merged(old: Options | None) -> Options:
        if old is None:
            raise NotFound("identity", kind="domain_config", id=domain_id)
        return {group: {**old.get(group, {}), **wish.get(group, {})} for group in {**old, **wish}}

    return _write(house, call, domain_id, wish, merged)


def drop(house: House, call: Call, domain_id: DomainId, group: str = "", option: str = "") -> None:
    """All of it, a group, or one option."""
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        kept = _known(tx, domain_id)
        options = _options(kept)
        if group and option:
            _one(options, domain_id, group, option)
            del options[group][option]
        elif group:
            _one(options, domain_id, group)
            del options[group]
        record(tx, house, call, "domain_config.delete", Thing("domain_config", domain_id, ""))
        if group and options:
            tx.domain_configs.save(replace(kept, options=_text(options)))
        else:
            tx.domain_configs.remove(domain_id)

    house.store.write(write)


def part(options: Options, domain_id: str, group: str, option: str = "") -> dict[str, Any]:
    """A group, or one option of it, under its own name. NotFound."""
    return {option or group: _one(options, domain_id, group, option)}


def check(wish: Options) -> None:
    """Forbidden for a group or an option that no domain has of its own, Invalid for a password that is no text."""
    for group, options in wish.items():
        for option in options:
            if group not in DEFAULTS or (option not in DEFAULTS[group] and (group, option) != SECRET):
                raise Forbidden("identity", action="domain_config.update", needs=[], reason="no_such_option",
                                name=f"{group}.{option}")  # fmt: skip
    group, option = SECRET
    password = wish.get(group, {}).get(option)
    if not isinstance(password, str | None):
        raise Invalid("identity", field=f"{group}.{option}", reason="wrong_type", expected="str",
                      got=type(password).__name__)  # fmt: skip


def _write(
    house: House, call: Call, domain_id: DomainId, wish: Options, change: Callable[[Options | None], Options]
) -> Options:
    allow(call, "identity.write")
    check(wish)
    group, option = SECRET
    password = wish.get(group, {}).get(option)
    sealed = house.vault.seal(password) if password else ""  # no work for a transaction

    def write(tx: Transaction) -> Options:
        domains.known(tx, domain_id)
        kept = tx.domain_configs.get(domain_id)
        wished = change(_options(kept) if kept is not None else None)
        shown = {g: {k: v for k, v in o.items() if (g, k) != SECRET} for g, o in wished.items()}
        held = sealed or (kept.sealed_passwords if kept is not None else "")
        made = DomainConfig(id=domain_id, options=_text(shown), sealed_passwords=held)
        if kept is None:
            tx.domain_configs.insert(made)
        else:
            tx.domain_configs.save(made)
        record(tx, house, call, "domain_config.update", Thing("domain_config", domain_id, ""))
        return shown

    return house.store.write(write)


def _known(tx: Transaction, domain_id: DomainId) -> DomainConfig:
    domains.known(tx, domain_id)
    found = tx.domain_configs.get(domain_id)
    if found is None:
        raise NotFound("identity", kind="domain_config", id=domain_id)
    return found


def _one(options: Options, domain_id: str, group: str, option: str = "") -> Any:
    held = options.get(group, {})
    if not held or (option and option not in held):
        raise NotFound("identity", kind="domain_config", id=f"{domain_id}/{group}/{option}".rstrip("/"))
    return held[option] if option else held


def _options(kept: DomainConfig) -> Options:
    return msgspec.json.decode(kept.options, type=Options)


def _text(options: Options) -> str:
    return msgspec.json.encode(options).decode()
