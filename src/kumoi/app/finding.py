"""Things by whatever they are called: an id, a name, an EC2 id, an address, or a device's or namespace's name.

Only among those that the caller may ask about.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from kumoi.contracts.store import Transaction
from kumoi.contracts.store.rows import Rows
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import EC2_DIGITS, Ec2Prefix, from_ec2, is_uuid
from kumoi.core.policy import may
from kumoi.core.query import Filter, Query, alive, eq

FOUND_MOST = 3  # by one name in one kind
# What the kernel calls our devices and namespaces leads back to us.
_KERNEL_NAMES = ("tap", "qr-", "qg-", "qrouter-", "qdhcp-")
_DEVICE_DIGITS = 11


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """`named_by`: the fields that hold what people call it."""

    name: str
    rows: Callable[[Transaction], Rows[Any]]
    prefix: Ec2Prefix | None = None
    named_by: tuple[str, ...] = ("name",)
    mortal: bool = True


_KINDS = (
    Kind(name="instance", rows=lambda tx: tx.instances, prefix="i"),
    Kind(name="nic", rows=lambda tx: tx.nics, prefix="eni"),
    Kind(name="network", rows=lambda tx: tx.networks),
    Kind(name="subnet", rows=lambda tx: tx.subnets, prefix="subnet"),
    Kind(name="vpc", rows=lambda tx: tx.vpcs, prefix="vpc"),
    Kind(name="security_group", rows=lambda tx: tx.security_groups, prefix="sg"),
    Kind(name="public_address", rows=lambda tx: tx.public_addresses, prefix="eipalloc", named_by=("address",)),
    Kind(name="subnet_pool", rows=lambda tx: tx.subnet_pools),
    Kind(name="address_scope", rows=lambda tx: tx.address_scopes, mortal=False),
    Kind(name="address_group", rows=lambda tx: tx.address_groups, prefix="pl", mortal=False),
    Kind(name="qos_policy", rows=lambda tx: tx.qos_policies, mortal=False),
    Kind(name="port_forwarding", rows=lambda tx: tx.port_forwardings, named_by=(), mortal=False),
    Kind(name="metering_label", rows=lambda tx: tx.metering_labels, mortal=False),
    Kind(name="trunk", rows=lambda tx: tx.trunks, mortal=False),
    Kind(name="volume", rows=lambda tx: tx.volumes, prefix="vol"),
    Kind(name="volume_snapshot", rows=lambda tx: tx.volume_snapshots, prefix="snap"),
    Kind(name="backup", rows=lambda tx: tx.backups),
    Kind(name="image", rows=lambda tx: tx.images, prefix="ami"),
    Kind(name="host", rows=lambda tx: tx.hosts, mortal=False),
)


def found_one(tx: Transaction, call: Call, called: str) -> tuple[Kind, Any]:
    """A kind and a row of it. NotFound; Invalid (several)."""
    return _one(called, list(_found(tx, call, called)))


def _found(tx: Transaction, call: Call, called: str) -> Iterable[tuple[Kind, Any]]:
    start, prefix = _id_start(called), _prefix(called)
    for kind in _KINDS:
        if prefix not in {None, kind.prefix}:
            continue
        if (whose := _whose(call, kind)) is None:
            continue
        rows = kind.rows(tx)
        found = _by_id(rows, start, whose) if start is not None else _by_name(kind, rows, called, whose)
        yield from ((kind, row) for row in found)


def _by_id(rows: Rows[Any], start: str, whose: Query) -> list[Any]:
    return rows.find(whose.where(Filter("id", "prefix", start)))


def _by_name(kind: Kind, rows: Rows[Any], called: str, whose: Query) -> list[Any]:
    living = (alive(),) if kind.mortal else ()
    return [r for field in kind.named_by for r in rows.find(whose.where(eq(field, called), *living))]


def _one(called: str, found: Sequence[tuple[Kind, Any]]) -> tuple[Kind, Any]:
    if not found:
        raise NotFound("api", kind="thing", id=called)
    if len(found) > 1:
        names = [f"{kind.name} {row.id}" for kind, row in found]
        raise Invalid("api", field="id", reason="several_things", value=called, names=names)
    return found[0]


def _whose(call: Call, kind: Kind) -> Query | None:
    """A few of this kind's rows among those that the caller may ask about; None: not about any. Others' namesakes
    must not use up the few."""
    if kind.name == "host":
        return Query(limit=FOUND_MOST) if may(call, "host.read") else None
    if may(call, "instance.all_projects"):
        return Query(limit=FOUND_MOST)
    return Query(filters=(eq("project_id", call.project_id),), limit=FOUND_MOST)


def _prefix(called: str) -> str | None:
    """EC2's prefix, where the name is an EC2 id."""
    prefixes = (k.prefix for k in _KINDS if k.prefix is not None)
    return next((p for p in prefixes if from_ec2(p, called) is not None), None)


def _id_start(called: str) -> str | None:
    """How the id begins that this name stands for, or None where it is no id."""
    for head in _KERNEL_NAMES:
        rest = called.removeprefix(head)
        if rest != called and (is_uuid(rest) or len(rest) == _DEVICE_DIGITS):
            return rest
    if is_uuid(called):
        return called.lower()
    if _prefix(called) is None:
        return None
    digits = called.rpartition("-")[2]
    groups = (digits[:8], digits[8:12], digits[12:16], digits[16:EC2_DIGITS])
    return "-".join(g for g in groups if g)
