"""Doors of shares: give a thing of one's own to another project, see what was given, redirect it, take it back."""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading, sharing
from kumoi.app.networks.address_groups import ADDRESS_GROUPS
from kumoi.app.networks.address_scopes import ADDRESS_SCOPES
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.qos_policies import QOS_POLICIES
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.security_groups import GROUPS
from kumoi.app.networks.sharing import Owned
from kumoi.app.networks.subnet_pools import SUBNET_POOLS
from kumoi.app.writing import Thing, charge, commit, mark_network, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound, Taken
from kumoi.core.ids import ProjectId, ShareId
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.shares import EVERYONE, Share, ShareAction, SharedKind

LONGEST_TARGET = 255
SHARES: Noun[Share, Share] = Noun(
    kind="share",
    action="share",
    rows=lambda tx: tx.shares,
    views=lambda _tx, rows: rows,
    listed=reading.own,
    shown=reading.never,
    mortal=False,
)
_NOUNS: Final[dict[SharedKind, Noun[Any, Any]]] = {
    "network": NETWORKS,
    "subnet_pool": SUBNET_POOLS,
    "address_scope": ADDRESS_SCOPES,
    "qos_policy": QOS_POLICIES,
    "security_group": GROUPS,
    "address_group": ADDRESS_GROUPS,
}


class ShareWish(msgspec.Struct, frozen=True, kw_only=True):
    kind: SharedKind
    object_id: str
    action: ShareAction
    target: str
    project_id: ProjectId | None = None


def create_share(house: House, call: Call, wish: ShareWish) -> Share:
    """Of one's own thing only; with every one by the right to share with every one. Taken when it is given already."""
    allow(call, "share.create")
    _check_target(call, wish.target)
    if wish.action == "lead_out" and wish.kind != "network":
        raise Invalid("network", field="action", reason="not_in_enum", value=wish.action)

    def write(tx: Transaction) -> Share:
        noun = _NOUNS[wish.kind]
        try:
            row = reading.visible(tx, call, noun, wish.object_id)
        except NotFound:
            raise Invalid("network", field="object_id", reason="no_such_thing", value=wish.object_id) from None
        if row.project_id != call.actor.project_id and not reading.sees_all(call):
            raise Invalid("network", field="object_id", reason="other_project", value=wish.object_id)
        share = sharing.give(tx, house, call, _owned(wish.kind, row), wish.action, wish.target)
        charge(tx, share.project_id, share.id, shares=1)
        if wish.project_id is not None:
            share = tx.shares.save(replace(share, project_id=reading.project_for(call, wish.project_id)))
        _touch(tx, noun, share, call.now)
        return share

    return commit(house, write)


def update_share(house: House, call: Call, share_id: ShareId, target: str, if_generation: int | None = None) -> Share:
    """Another target. InUse while the former one depends on it."""
    allow(call, "share.update")
    _check_target(call, target)

    def write(tx: Transaction) -> Share:
        share = reading.owned(tx, call, SHARES, share_id, "update")
        reading.check_generation(SHARES, share, if_generation)
        if target == share.target:
            return share
        of = _of(tx, share)
        others = [s for s in sharing.shares_of(tx, of, share.action) if s.id != share.id]
        if any(s.target == target for s in others):
            raise Taken("network", kind="share", name=share.id)
        # Who uses a thing by the former target is not handed over to another one; who leads out may be named instead.
        counts = share.action == "lead_out" or target == EVERYONE
        left = [s.target for s in others] + ([target] if counts else [])
        sharing.check_unneeded(tx, of, share, left)
        saved = tx.shares.save(replace(share, target=target, updated_at=call.now))
        _touch(tx, _NOUNS[share.kind], saved, call.now)
        record(tx, house, call, "share.update", Thing("share", saved.id, saved.project_id))
        return saved

    return commit(house, write)


def delete_share(house: House, call: Call, share_id: ShareId) -> None:
    """InUse while a project depends on it; the last way out of a network makes it an inner one again."""
    allow(call, "share.delete")

    def write(tx: Transaction) -> None:
        share = reading.owned(tx, call, SHARES, share_id, "delete")
        _check_not_the_default(tx, share)
        sharing.take_back(tx, house, call, _of(tx, share), share)
        _touch(tx, _NOUNS[share.kind], share, call.now)

    commit(house, write)


def _check_target(call: Call, target: str) -> None:
    if target == EVERYONE:
        allow(call, "network.share")
    if not 1 <= len(target) <= LONGEST_TARGET:
        raise Invalid("network", field="target", reason="length", bound=f"from 1 to {LONGEST_TARGET}")


def _check_not_the_default(tx: Transaction, share: Share) -> None:
    """The default outer network leads every project out."""
    if share.action == "lead_out" and share.target == EVERYONE:
        network = tx.networks.get(share.object_id)
        if network is not None and network.is_default:
            raise InUse("network", kind="share", id=share.id, by_kind="default_network", by_id=network.id)


def _of(tx: Transaction, share: Share) -> Owned:
    row = reading.there(_NOUNS[share.kind].rows(tx).get(share.object_id), share.kind, share.object_id)
    return _owned(share.kind, row)


def _owned(kind: SharedKind, row: Any) -> Owned:
    return Owned(kind=kind, id=row.id, project_id=row.project_id)


def _touch(tx: Transaction, noun: Noun[Any, Any], share: Share, now: float) -> None:
    """A thing's generation rises with its shares; a network is external as long as one leads out by it."""
    row = reading.there(noun.rows(tx).get(share.object_id), share.kind, share.object_id)
    changes: dict[str, Any] = {"updated_at": now}
    if share.action == "lead_out":
        left = Query(filters=(eq("object_id", share.object_id), eq("action", "lead_out")))
        changes["external"] = bool(tx.shares.count(left))
    touched = noun.rows(tx).save(replace(row, **changes))
    if share.kind == "network":
        mark_network(tx, touched.id)  # a host draws an outer network otherwise than an inner one
